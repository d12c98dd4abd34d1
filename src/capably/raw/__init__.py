"""The vendor SDK's own object of a reply, with its type: one module per SDK.

`response.raw` is the same object without a type. A type checker reads an SDK only where one of these modules is imported.
"""

from __future__ import annotations

from typing import TypeVar

from capably.responses.base import BaseResponse

RawT = TypeVar("RawT")


def raw_of(response: BaseResponse[object], type: type[RawT]) -> RawT:
    """Return the SDK's own object of a reply. Raise `TypeError` if it is of another API."""
    raw = response.raw
    if not isinstance(raw, type):
        got = raw.__class__
        raise TypeError(
            f"the reply of {response.model.id} is {got.__module__}.{got.__qualname__}, and no {type.__qualname__}"
        )
    return raw
