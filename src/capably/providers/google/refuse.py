"""What this wire format has no words for is refused with a reason; nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from capably.types.errors import UnsupportedFeatureError
from capably.types.request import Request


def refusal_of(
    request: Request, feature: str, why: str, instead: str, *, value: Any = None, allowed: Sequence[str] = ()
) -> UnsupportedFeatureError:
    """The error for a parameter or part that Google's generateContent cannot carry."""
    model = request.info.id if request.info else f"google/{request.model_id}"
    return UnsupportedFeatureError(
        f'"{model}" does not accept {feature}: {why} Nothing was sent. {instead}',
        model=model,
        feature=feature,
        value=value,
        allowed=allowed,
    )
