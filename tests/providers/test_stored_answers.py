"""Stored answers whose own JSON was changed since: they are sent from their parts, and what no part can say is named."""

from __future__ import annotations

from typing import Any

import pytest

from capably import llm
from capably.calls.call import prepare
from capably.registry.lookup import listed_model
from capably.types.messages import Source

ENDPOINTS = {
    "anthropic/claude-sonnet-5-5": ("messages", {"content": "damaged"}),
    "openai/gpt-6.1-sol": ("responses", ["damaged"]),
    "mistral/mistral-medium-2604": ("chat_completions", "damaged"),
    "google/gemini-3.8-flash": ("generate_content", {"parts": ["damaged"]}),
}
"""A model -> its endpoint, and JSON that it did not write."""


def history(id: str, part: Any) -> list[Any]:
    endpoint, wire = ENDPOINTS[id]
    provider, _, name = id.partition("/")
    return [llm.user("Hi"), llm.AssistantMessage([part], Source(provider, endpoint, name, wire)), llm.user("And?")]


@pytest.mark.parametrize("id", ENDPOINTS)
def test_a_damaged_answer_of_words_is_sent_from_its_parts(id: str) -> None:
    body = prepare(id, listed_model(id), history(id, llm.Text("A fox.")), {}).body
    assert "A fox." in str(body)
    assert "damaged" not in str(body)


@pytest.mark.parametrize("id", ENDPOINTS)
def test_a_part_of_a_damaged_answer_that_only_its_json_says_is_refused_as_that(id: str) -> None:
    messages = history(id, llm.Unknown("web_search_call", {"type": "web_search_call"}))
    with pytest.raises(llm.UnsupportedFeatureError, match="whose own JSON was changed since") as raised:
        prepare(id, listed_model(id), messages, {})
    assert f"an answer of {id.partition('/')[0]} " in str(raised.value)
    assert "Load the answer as it was stored" in str(raised.value)
    assert "another" not in str(raised.value)
