"""capably over pyreqwest, as `pip install "capably[fast]"` has it."""

from __future__ import annotations

import ours


class System(ours.System):
    """What the worker drives."""

    http = "pyreqwest"
