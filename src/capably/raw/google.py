"""Google's own object of a reply, with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capably.raw import raw_of
from capably.responses.base import BaseResponse

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse


def to_generate_content_response(response: BaseResponse[object]) -> GenerateContentResponse:
    """Return the reply as `google.genai.types.GenerateContentResponse`, built now, without fields that the SDK lacks.

    Args:
        response: A complete response of `google/...`, or of Gemini in a cloud; a stream is read to its end.

    Raises:
        TypeError: Another API replied.
        ImportError: The SDK is not installed.
    """
    from google.genai.types import GenerateContentResponse

    return raw_of(response, GenerateContentResponse)
