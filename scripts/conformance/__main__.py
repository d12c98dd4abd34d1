"""`python -m conformance`."""

import sys

from conformance.checks.checks.checks.checks.checks.checks.checks.checks.checks.checks import main

sys.exit(main())
