"""The resolution of a picture, on every wire format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capably import llm
from capably.calls.call import prepare

CLAUDE, OLD, GEMINI = "anthropic/claude-sonnet-5-5", "google/gemini-2.5-flash", "google/gemini-3.8-flash"
GPT, CHAT = "openai/gpt-6.1-sol", "openrouter/x/y"
URL = "https://example.com/cat.png"


def body_of(id: str, content: Any, **params: Any) -> str:
    return json.dumps(prepare(id, llm.Model.of(id).info, content, params).body)


@pytest.mark.parametrize(
    ("id", "detail", "wire"),
    [
        (GPT, None, '"detail": "auto"'),
        (GPT, "original", '"detail": "original"'),
        (CHAT, "low", f'{{"url": "{URL}", "detail": "low"}}'),
        (CHAT, None, f'{{"url": "{URL}"}}'),
        (GEMINI, "high", '"mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"}'),
        (CLAUDE, "auto", f'{{"type": "url", "url": "{URL}"}}'),
    ],
)
def test_the_detail_of_an_image_is_sent_where_the_api_has_it(id: str, detail: Any, wire: str) -> None:
    assert wire in body_of(id, ["What?", llm.Image.from_url(URL, detail=detail)])


@pytest.mark.parametrize(("id", "detail"), [(CLAUDE, "high"), (OLD, "high"), (GEMINI, "original")])
def test_a_detail_that_the_api_lacks_is_refused_or_dropped_without_the_picture(id: str, detail: Any) -> None:
    image = llm.Image.from_url(URL, detail=detail)
    for content in (["What?", image], turns(image)):
        with pytest.raises(
            llm.UnsupportedFeatureError, match=rf'does not accept this `llm.Image\(detail="{detail}"\)`'
        ):
            body_of(id, content)
        with pytest.warns(llm.UnsupportedFeatureWarning):
            body = body_of(id, content, on_unsupported="drop")
        assert URL in body
        assert detail.upper() not in body


def turns(image: llm.Image) -> list[Any]:
    call, output = llm.ToolCall("c1", "look", {}), llm.ToolOutput("c1", "look", ["seen", image])
    return [llm.user("Look."), llm.assistant([call]), llm.user([output])]


def test_every_constructor_takes_a_detail(tmp_path: Any) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    made = [
        llm.Image.from_url(URL, detail="low"),
        llm.Image.from_url("data:image/png;base64,eA==", detail="low"),
        llm.Image.from_file(tmp_path / "a.png", detail="low"),
        llm.Image.from_bytes(b"x", media_type="image/png", detail="low"),
        llm.Image.from_file_id("file_1", detail="low"),
    ]
    assert [image.detail for image in made] == ["low"] * 5
    assert llm.Image.from_url(URL).detail is None
