"""Anthropic's own object of a reply, with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capably.raw import raw_of
from capably.responses.base import BaseResponse

if TYPE_CHECKING:
    from anthropic.types import Message


def to_message(response: BaseResponse[object]) -> Message:
    """Return the reply as `anthropic.types.Message`, built now and without validation.

    Args:
        response: A complete response of `anthropic/...`, or of Claude in a cloud; a stream is read to its end.

    Raises:
        TypeError: Another API replied.
        ImportError: The SDK is not installed.
    """
    from anthropic.types import Message

    return raw_of(response, Message)
