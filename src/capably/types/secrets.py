"""Names of values that may hold a credential: a pickle leaves them out, and a repr shows no value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

_SECRET = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)


def is_secret(name: object) -> bool:
    """Return whether the value of this name may hold a credential."""
    return _SECRET.search(str(name)) is not None


def repr_without_secrets(name: str, value: object) -> str:
    """Return the repr of a value, with "..." in the place of one that may hold a credential, also inside a mapping. A number holds none."""
    if is_secret(name) and not isinstance(value, int | float | None):
        return repr("...")
    if not isinstance(value, Mapping):
        return repr(value)
    inside = cast("Mapping[object, object]", value).items()
    return f"{{{', '.join(f'{key!r}: {repr_without_secrets(str(key), item)}' for key, item in inside)}}}"
