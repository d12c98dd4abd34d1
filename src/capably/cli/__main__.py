import sys

from capably.cli import main

sys.exit(main())
