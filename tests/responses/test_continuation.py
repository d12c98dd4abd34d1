"""Going on where an answer broke off."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from support.loopback import Canned, Loopback, Received

from capably import llm

SONNET = "anthropic/claude-sonnet-5-5"


@dataclass
class Book:
    title: str


def message(said: str, reason: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": said}, *more.get("content", [])]
    usage = {"input_tokens": 3, "output_tokens": 2}
    return {
        "type": "message",
        "id": f"msg_{said}",
        "model": "m",
        "content": content,
        "stop_reason": reason,
        "usage": usage,
    }


def events(body: dict[str, Any]) -> str:
    steps: list[Any] = [{"type": "message_start", "message": {**body, "content": [], "stop_reason": None}}]
    for index, block in enumerate(body["content"]):
        steps.append({"type": "content_block_start", "index": index, "content_block": {**block, "text": ""}})
        for word in block["text"].split(" "):
            delta = {"type": "text_delta", "text": word if block["text"].endswith(word) else f"{word} "}
            steps.append({"type": "content_block_delta", "index": index, "delta": delta})
        steps.append({"type": "content_block_stop", "index": index})
    steps += [{"type": "message_delta", "delta": {"stop_reason": body["stop_reason"]}, "usage": body["usage"]}]
    return "".join(f"data: {json.dumps(step)}\n\n" for step in [*steps, {"type": "message_stop"}])


def server_of(*bodies: dict[str, Any]) -> Loopback:
    """Answers each request with the next body, as events where a stream is asked for."""
    left = list(bodies)

    def answer(request: Received) -> Canned:
        body = left.pop(0)
        return Canned(events(body)) if request.json().get("stream") else Canned(body)

    return Loopback([answer])


@pytest.fixture(autouse=True)
def _fresh_provider() -> Any:
    yield
    for name in ("anthropic", "google"):
        llm.configure(name)


@pytest.mark.parametrize("form", ["call", "stream"])
def test_a_new_word_for_the_end_is_other_and_stands_in_the_detail(form: str) -> None:
    with server_of(message("Good night.", "nap"), message("Good day.", "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        first: Any = getattr(llm.Model(SONNET), form)("Tell.")
        assert (first.finish_reason, first.stop_detail) == ("other", "nap")
        loaded = llm.Response.from_json(first.to_json())
        assert (loaded.finish_reason, loaded.stop_detail) == ("other", "nap")
        second: Any = getattr(llm.Model(SONNET), form)("Tell.")
        assert (second.finish_reason, second.stop_detail) == ("stop", None)


@pytest.mark.parametrize("form", ["call", "stream"])
def test_a_paused_turn_goes_on_and_is_joined(form: str) -> None:
    with server_of(message("Once upon ", "pause_turn"), message("a time.", "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        first: Any = getattr(llm.Model(SONNET), form)("Tell.")
        assert first.finish_reason == "pause"
        whole = first.continue_()
        assert (whole.text(), whole.finish_reason) == ("Once upon a time.", "stop")
        assert whole.content == (llm.Text("Once upon a time."),)
        assert whole.usage == llm.Usage(6, 4)
        assert first.text() == "Once upon "
        sent = server.requests[-1].json()["messages"]
        assert [turn["role"] for turn in sent] == ["user", "assistant"]
        assert sent[-1]["content"][0]["text"] == "Once upon "
        if form == "stream":
            assert "".join(whole.text_stream()) == whole.text()
            assert len({chunk.index for chunk in whole.chunks()}) == 1


def test_the_joined_conversation_holds_each_turn_once() -> None:
    with server_of(message("a ", "pause_turn"), message("b ", "pause_turn"), message("c", "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        whole = llm.Model(SONNET).call("Tell.").continue_().continue_()
        assert whole.text() == "a b c"
        said: list[Any] = [m for m in whole.messages if isinstance(m, llm.AssistantMessage)]
        assert ["".join(part.text for part in m.content) for m in said] == ["a ", "b ", "c"]
        assert llm.Response.from_json(whole.to_json()).messages == whole.messages
        assert whole.usage == llm.Usage(9, 6)


def test_an_answer_at_its_limit_is_asked_to_go_on() -> None:
    with server_of(message("Once ", "max_tokens"), message("upon.", "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        whole = llm.Model(SONNET).call("Tell.", max_tokens=5).continue_()
        assert whole.text() == "Once upon."
        sent = server.requests[-1].json()
        assert [turn["role"] for turn in sent["messages"]] == ["user", "assistant", "user"]
        assert sent["max_tokens"] == 5


def test_a_cut_structured_answer_goes_on_without_the_format_and_is_parsed_whole() -> None:
    with server_of(message('{"title": "Du', "max_tokens"), message('ne"}', "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        first = llm.Model(SONNET).call("Tell.", format=Book)
        with pytest.raises(llm.ParseError):
            first.parse()
        whole = first.continue_()
        assert "output_config" not in server.requests[-1].json()
        assert whole.parse() == Book("Dune")


def test_an_answer_that_ended_by_itself_stays_as_it_is() -> None:
    response = llm.scripted("Done.").call("Hi")
    assert response.continue_() is response
    stream = llm.scripted("Done.").stream("Hi")
    assert stream.continue_() is stream


def test_a_tool_call_that_was_cut_is_told() -> None:
    call = {"type": "tool_use", "id": "1", "name": "look", "input": {}}
    with server_of(message("Let me", "max_tokens", content=[call])) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        with pytest.raises(llm.CapablyError, match=r"the call of look.* higher max_tokens"):
            llm.Model(SONNET).call("Tell.").continue_()


def cut_stream() -> str:
    steps: list[Any] = [
        {"type": "message_start", "message": {**message("", "max_tokens"), "content": [], "stop_reason": None}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "1", "name": "look", "input": {}},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"at": "i'}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    return "".join(f"data: {json.dumps(step)}\n\n" for step in steps)


@pytest.mark.parametrize("form", ["call", "stream", "call_async", "stream_async"])
def test_a_call_that_was_cut_is_not_run_and_the_model_may_call_again(form: str) -> None:
    ran: list[str] = []

    @llm.tool
    def look(at: str = "everything") -> str:
        ran.append(at)
        return "seen"

    call = {"type": "tool_use", "id": "1", "name": "look", "input": {}}
    first = Canned(cut_stream()) if "stream" in form else Canned({**message("", "max_tokens"), "content": [call]})
    last = message("Done.", "end_turn")
    second = Canned(events(last)) if "stream" in form else Canned(last)

    async def ask_async(model: Any) -> Any:
        response = await getattr(model, form)("Look!", tools=[look])
        return await response.resume(await response.execute_tools())

    with Loopback([first, second]) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        model: Any = llm.Model(SONNET)
        if "async" in form:
            asyncio.run(ask_async(model))
        else:
            response = getattr(model, form)("Look!", tools=[look])
            response.resume(response.execute_tools())
        _, turn, told = server.requests[-1].json()["messages"]
    assert ran == []
    sent = {"INVALID_JSON": '{"at": "i'} if "stream" in form else {}
    assert turn["content"][-1] == {**call, "input": sent}
    assert (told["content"][0]["is_error"], "cut off" in told["content"][0]["content"]) == (True, True)


def test_gemini_goes_on_by_its_token() -> None:
    def body(said: str, **more: Any) -> dict[str, Any]:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": said}]}, **more}]}

    replies = [body("Once ", finishReason="CONTINUATION", continuationToken="t1"), body("upon.", finishReason="STOP")]
    with Loopback([Canned(reply) for reply in replies]) as server:
        llm.configure("google", api_key="test", base_url=server.url)
        whole = llm.Model("google/gemini-3.8-flash").call("Tell.").continue_()
        assert (whole.text(), whole.finish_reason) == ("Once upon.", "stop")
        sent = server.requests[-1].json()
        assert (sent["continuationToken"], len(sent["contents"])) == ("t1", 1)


@pytest.mark.parametrize("form", ["call_async", "stream_async"])
def test_the_asynchronous_forms_do_the_same(form: str) -> None:
    async def story(model: Any) -> None:
        whole = await (await getattr(model, form)("Tell.")).continue_()
        if form == "stream_async":
            assert "".join([text async for text in whole.text_stream()]) == "Once upon a time."
        assert (whole.text(), whole.finish_reason) == ("Once upon a time.", "stop")

    with server_of(message("Once upon ", "pause_turn"), message("a time.", "end_turn")) as server:
        llm.configure("anthropic", api_key="test", base_url=server.url)
        asyncio.run(story(llm.Model(SONNET)))
