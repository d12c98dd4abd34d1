"""The SDKs' own objects of replies, with their types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import pytest
from anthropic.types import Message
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from support.loopback import Canned, Loopback
from support.vendor_replies import vendor_reply

from capably import llm, raw
from capably.raw.anthropic import to_message
from capably.raw.google import to_generate_content_response
from capably.raw.openai import to_chat_completion, to_response

COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Tigana."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
}
MODELS = {
    "anthropic": "anthropic/claude-sonnet-5-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
    "groq": "groq/openai/gpt-oss-120b",
}


@pytest.fixture
def server() -> Iterator[Loopback]:
    def reply(request: Any) -> Canned:
        provider = request.path.split("/")[1]
        return Canned(COMPLETION) if provider == "groq" else vendor_reply(provider, request, ["Tigana."])

    with Loopback([reply]) as server:
        for provider in MODELS:
            llm.configure(provider, api_key="test", base_url=f"{server.url}/{provider}", max_retries=0)
        yield server


def call(provider: str) -> Any:
    return llm.Model.of(MODELS[provider]).call("Name a book.")


@pytest.mark.usefixtures("server")
def test_the_object_of_the_sdk_has_its_type() -> None:
    message = to_message(call("anthropic"))
    response = to_response(call("openai"))
    completion = to_chat_completion(call("groq"))
    content = to_generate_content_response(call("google"))
    assert_type(message, Message)
    assert_type(response, Response)
    assert_type(completion, ChatCompletion)
    assert_type(content, GenerateContentResponse)
    texts = [message.content[0].model_dump()["text"], response.output_text, completion.choices[0].message.content]
    assert [*texts, content.text] == ["Tigana."] * 4


@pytest.mark.usefixtures("server")
def test_a_stream_is_read_to_its_end() -> None:
    stream = llm.anthropic.claude_sonnet_5_5.stream("Name a book.")
    assert to_message(stream).stop_reason == "end_turn"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("read", "provider", "message"),
    [
        (to_message, "openai", r"gpt-6.1-sol is openai\.types\.responses\.\w+\.Response, and no Message"),
        (to_response, "groq", "and no Response"),
        (to_chat_completion, "anthropic", "and no ChatCompletion"),
        (to_generate_content_response, "anthropic", "and no GenerateContentResponse"),
    ],
)
def test_the_reply_of_another_api_is_refused(read: Any, provider: str, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        read(call(provider))


def test_nothing_else_of_the_library_reads_these_modules() -> None:
    folder = Path(raw.__file__).parent
    sources = [path for path in folder.parent.rglob("*.py") if folder not in path.parents]
    assert [path.name for path in sources if "capably.raw" in path.read_text(encoding="utf-8")] == []
