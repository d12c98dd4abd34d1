"""OpenAI's own objects of a reply, with their types. Hosts of OpenAI's formats have them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capably.raw import raw_of
from capably.responses.base import BaseResponse

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion
    from openai.types.responses import Response


def to_response(response: BaseResponse[object]) -> Response:
    """Return the reply of the Responses API as `openai.types.responses.Response`, built now and without validation.

    Args:
        response: A complete response of `openai/...`; a stream is read to its end.

    Raises:
        TypeError: Another API replied; `to_chat_completion` is for Chat Completions.
        ImportError: The SDK is not installed.
    """
    from openai.types.responses import Response

    return raw_of(response, Response)


def to_chat_completion(response: BaseResponse[object]) -> ChatCompletion:
    """Return the reply of Chat Completions as `openai.types.chat.ChatCompletion`, built now and without validation.

    Args:
        response: A complete response of a host with this API, such as `groq/...`; a stream is read to its end.

    Raises:
        TypeError: Another API replied; `to_response` is for the Responses API.
        ImportError: The SDK is not installed.
    """
    from openai.types.chat import ChatCompletion

    return raw_of(response, ChatCompletion)
