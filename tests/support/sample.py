"""How much is tried: samples in `just test`, all that they are drawn from in `just test-all`."""

from __future__ import annotations

import os

EVERYTHING = os.environ.get("CAPABLY_TESTS") == "all"
