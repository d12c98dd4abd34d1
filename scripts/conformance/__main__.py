"""`python -m conformance`."""

import sys

from conformance.checks import main

sys.exit(main())
