"""What APIs refuse in a conversation: refused here with what to add, or mended, for each wire format and host."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from cases import base_url
from hypothesis import given, settings, strategies as st
from replies import events, reply
from support.loopback import Canned, Loopback
from support.untyped import untyped

from capably import llm
from capably.calls.call import prepare
from capably.registry.lookup import listed_model
from capably.types.messages import Source

MODELS = {
    "anthropic": ("anthropic", "anthropic/claude-sonnet-5-5"),
    "responses": ("responses", "openai/gpt-6.1-sol"),
    "chat": ("chat", "openai/gpt-audio-1.5"),
    "mistral": ("chat", "mistral/mistral-medium-2604"),
    "groq": ("chat", "groq/qwen/qwen3.8-27b"),
    "deepseek": ("chat", "deepseek/deepseek-flash"),
    "google": ("google", "google/gemini-3.8-flash"),
}
"""API -> its wire format, and a model of it."""

PAIRS = frozenset(MODELS) - {"groq"}
"""APIs that refuse calls without outputs and outputs without calls."""
ADJACENT = PAIRS - {"responses"}
"""Those where the outputs come before the next turn."""

PICTURE = llm.Image.from_bytes(b"\x89PNG", media_type="image/png")
ASK = llm.user("Look it up.")


def call(id: str) -> llm.ToolCall:
    return llm.ToolCall(id, "lookup", {"word": id})


def output(id: str, value: str = "A fox.") -> llm.ToolOutput:
    return llm.ToolOutput(id, "lookup", value)


def calls(*ids: str) -> llm.AssistantMessage:
    return llm.assistant([call(id) for id in ids])


def outputs(*ids: str) -> llm.UserMessage[Any]:
    return llm.user([output(id) for id in ids])


def body_of(api: str, messages: Sequence[Any], **params: Any) -> dict[str, Any]:
    """The body of a call."""
    _, id = MODELS[api]
    ready = prepare(id, listed_model(id), list(messages), params)
    return ready.adapter.encode(ready.request)


def turns_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return body.get("messages") or body.get("input") or body["contents"]


CALL_IDS = {"tool_use": "id", "function_call": "call_id", "function": "id"}
OUTPUT_IDS = {"tool_result": "tool_use_id", "function_call_output": "call_id"}
"""The `type` of a call or an output in its provider's JSON -> the field of the call's id."""


def ids_in(body: Any) -> tuple[list[str], list[str]]:
    """The ids of calls and those of outputs, in order, in any wire format."""
    asked: list[str] = []
    answered: list[str] = []
    for item in objects_in(turns_of(body)):
        kind = item.get("type")
        if kind in CALL_IDS:
            asked.append(item[CALL_IDS[kind]])
        elif kind in OUTPUT_IDS:
            answered.append(item[OUTPUT_IDS[kind]])
        elif "tool_call_id" in item:
            answered.append(item["tool_call_id"])
        asked += [item["functionCall"]["id"]] if "functionCall" in item else []
        answered += [item["functionResponse"]["id"]] if "functionResponse" in item else []
    return asked, answered


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in it, outer ones first."""
    if isinstance(value, dict):
        yield value
    inner: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    for item in inner:
        yield from objects_in(item)


# --- what is refused ----------------------------------------------------------------------------------------------

Refused = tuple[list[Any], frozenset[str], str, tuple[str, ...]]
REFUSED: dict[str, Refused] = {
    "no output": ([ASK, calls("a", "b"), llm.user("Never mind.")], PAIRS, "unanswered_call", ("a", "b")),
    "no output at the end": ([ASK, calls("a")], PAIRS, "unanswered_call", ("a",)),
    "one of two outputs": ([ASK, calls("a", "b"), outputs("a")], PAIRS, "unanswered_call", ("b",)),
    "one of two, long ago": (
        [ASK, calls("a", "b"), outputs("b"), llm.assistant("Well."), llm.user("So?")],
        PAIRS,
        "unanswered_call",
        ("a",),
    ),
    "an output after the next answer": (
        [ASK, calls("a"), llm.user("Well?"), llm.assistant("Wait."), outputs("a")],
        ADJACENT,
        "unanswered_call",
        ("a",),
    ),
    "an output of nothing": ([ASK, outputs("a")], PAIRS, "unasked_output", ("a",)),
    "an output of another id": ([ASK, calls("a"), outputs("a", "z")], PAIRS, "unasked_output", ("z",)),
    "an output before its call": ([outputs("a"), calls("a"), outputs("a")], PAIRS, "unasked_output", ("a",)),
    "an output twice": ([ASK, calls("a"), outputs("a", "a")], PAIRS, "unasked_output", ("a",)),
    "an empty prompt": ([llm.user("")], frozenset({"anthropic"}), "nothing_said", ()),
    "white space": ([ASK, llm.assistant("What?"), llm.user([" \n", ""])], frozenset({"anthropic"}), "nothing_said", ()),
    "instructions alone": ([llm.system("Be brief.")], frozenset({"anthropic", "google"}), "nothing_said", ()),
}
"""A conversation, who refuses it, and what is said of it."""


def ways(model: Any) -> Iterator[Callable[[list[Any]], str]]:
    """The four ways to call a model, each to its end."""

    async def call_async(messages: list[Any]) -> str:
        return (await model.call_async(messages)).text()

    async def stream_async(messages: list[Any]) -> str:
        async with await model.stream_async(messages) as stream:
            return "".join([text async for text in stream.text_stream()])

    yield lambda messages: model.call(messages).text()
    yield lambda messages: "".join(model.stream(messages).text_stream())
    yield lambda messages: asyncio.run(call_async(messages))
    yield lambda messages: asyncio.run(stream_async(messages))


@pytest.mark.parametrize("api", MODELS)
def test_a_broken_conversation_is_refused_before_it_is_sent_where_the_api_refuses_it(api: str) -> None:
    wire, id = MODELS[api]
    streamed = list(events(wire, "stream"))

    def answer(received: Any) -> Canned:
        asks_for_stream = b'"stream":true' in received.body.replace(b" ", b"") or "stream" in received.path
        return Canned(streamed if asks_for_stream else reply(wire, "small"))

    with Loopback([answer]) as server:
        llm.configure(id.partition("/")[0], api_key="test", base_url=base_url(wire, server.url))
        for name, (messages, by, rule, ids) in REFUSED.items():
            if name == "instructions alone" and api not in by:
                continue  # What other APIs say of no turn at all is not known.
            for number, ask in enumerate(ways(llm.Model.of(id))):
                before = len(server.requests)
                if api not in by:
                    assert ask(messages), name
                    assert len(server.requests) == before + 1, name
                    continue
                with pytest.raises(llm.ConversationError) as caught:
                    ask(messages)
                assert (caught.value.rule, caught.value.ids) == (rule, ids), (name, number)
                assert len(server.requests) == before, name


def test_the_refusal_says_what_to_add() -> None:
    answer = calls("a", "b")
    with pytest.raises(ValueError) as caught:
        body_of("anthropic", [ASK, answer, outputs("a")])
    error: Any = caught.value
    assert isinstance(error, llm.ConversationError)
    assert (error.turn, error.calls) == (answer, (call("b"),))
    assert 'llm.ToolOutput("b", "lookup", ...)' in str(error)
    assert "response.resume([*response.execute_tools(), ...])" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.rule, again.turn, again.calls, again.ids) == (
        str(error), "unanswered_call", answer, (call("b"),), ("b",)
    )  # fmt: skip


@pytest.mark.parametrize("field", ["previous_response_id", "conversation"])
def test_what_the_server_keeps_of_a_conversation_is_not_missed(field: str) -> None:
    body = body_of("responses", [outputs("call_1")], extra={field: "x_1"})
    assert [item["call_id"] for item in body["input"]] == ["call_1"]


def test_calls_of_the_providers_own_kinds_are_answered_in_its_own_json() -> None:
    asked = {"type": "computer_call", "id": "cu_1", "call_id": "call_1", "action": {"type": "screenshot"}}
    answered = {"type": "computer_call_output", "call_id": "call_1", "output": {"type": "computer_screenshot"}}
    source = Source("openai", "responses", "gpt-6.1-sol", [asked])
    answer = llm.AssistantMessage([llm.Unknown("computer_call", asked)], source)
    body = body_of("responses", [ASK, answer, llm.user([llm.Unknown("computer_call_output", answered)])])
    assert body["input"][1:] == [asked, answered]
    result = {"type": "tool_result", "tool_use_id": "a", "content": "A fox."}
    body = body_of("anthropic", [ASK, calls("a"), llm.user([llm.Unknown("tool_result", result)])])
    assert body["messages"][-1]["content"] == [result]


def test_a_call_that_was_answered_within_the_answer_waits_for_nothing() -> None:
    wire = [
        {"type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "A fox."},
    ]
    parts = [llm.ToolCall("call_1", "lookup", {}), llm.Unknown("function_call_output", wire[1])]
    answer = llm.AssistantMessage(parts, Source("openai", "responses", "gpt-6.1-sol", wire))
    assert body_of("responses", [ASK, answer, llm.user("And?")])["input"][1:3] == wire


# --- an assistant message at the end ------------------------------------------------------------------------------

ENDING = [llm.user("Count."), llm.assistant("One, two,")]


def test_an_assistant_message_at_the_end_is_a_prefill_where_the_api_takes_it_as_one() -> None:
    for api in MODELS:
        wire, id = MODELS[api]
        takes = listed_model(id).facts["prefill"] is True  # type: ignore[index, union-attr]
        if api in ("anthropic", "google") and not takes:
            with pytest.raises(llm.UnsupportedFeatureError) as caught:
                body_of(api, ENDING)
            assert (caught.value.feature, caught.value.value) == ("prefill", "One, two,"), wire
        else:
            assert turns_of(body_of(api, ENDING))[-1]["role"] == "assistant"
    assert body_of("mistral", ENDING)["messages"][-1] == {"role": "assistant", "content": "One, two,", "prefix": True}
    ready = prepare("anthropic/claude-haiku-4-5", listed_model("anthropic/claude-haiku-4-5"), ENDING, {})
    assert untyped(ready.adapter.encode(ready.request))["messages"][-1]["role"] == "assistant"


def test_a_last_assistant_message_follows_on_unsupported() -> None:
    with pytest.warns(llm.UnsupportedFeatureWarning, match="prefill"):
        body = body_of("anthropic", ENDING, on_unsupported="warn")
    assert body["messages"][-1]["role"] == "assistant"
    with pytest.warns(llm.UnsupportedFeatureWarning, match="dropped"):
        body = body_of("anthropic", ENDING, on_unsupported="drop")
    assert [message["role"] for message in body["messages"]] == ["user"]


def test_an_answer_in_the_middle_of_a_tool_of_the_provider_goes_on() -> None:
    block = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    for content in ([llm.Unknown("server_tool_use", block)], [llm.Text("Well")]):
        wire = {"content": [{"type": "text", "text": "Well"}], "model": "claude-sonnet-5-5", "paused": True}
        answer = llm.AssistantMessage(content, Source("anthropic", "messages", "claude-sonnet-5-5", wire))
        assert body_of("anthropic", [ASK, answer])["messages"][-1]["content"] == wire["content"]


# --- what is mended -----------------------------------------------------------------------------------------------


def test_texts_without_a_letter_are_left_out_where_they_are_refused() -> None:
    said: dict[str, Any] = {
        "content": [{"type": "text", "text": "\n\n"}, {"type": "text", "text": "Yes."}],
        "model": "claude-x",
    }
    own = llm.AssistantMessage([llm.Text("\n\n"), llm.Text("Yes.")], Source("anthropic", "messages", "claude-x", said))
    talk = [
        llm.system(" "),
        llm.user(["", PICTURE]),
        llm.assistant(""),
        llm.user("  "),
        own,
        llm.system(""),
        llm.user([" ", llm.CachePoint(), "Go on."]),
    ]
    body = body_of("anthropic", talk)
    assert "system" not in body
    kinds = [(message["role"], [block["type"] for block in message["content"]]) for message in body["messages"]]
    assert kinds == [("user", ["image"]), ("assistant", ["text"]), ("user", ["text"])]
    assert said["content"][0]["text"] == "\n\n", "the answer itself is as it came"


@pytest.mark.parametrize("api", ["chat", "groq", "deepseek", "mistral"])
def test_an_answer_that_says_nothing_is_left_out_where_it_is_refused(api: str) -> None:
    roles = [message["role"] for message in body_of(api, [ASK, llm.assistant(""), llm.user("So?")])["messages"]]
    assert roles == (["user", "user"] if api == "mistral" else ["user", "assistant", "user"])


@pytest.mark.parametrize("api", sorted(ADJACENT))
def test_outputs_that_come_late_in_their_turn_are_put_in_front(api: str) -> None:
    talk = [ASK, calls("aaaaaaaaa", "bbbbbbbbb"), llm.user([output("aaaaaaaaa"), "Wait."]), outputs("bbbbbbbbb")]
    in_order = [*talk[:2], outputs("aaaaaaaaa", "bbbbbbbbb"), llm.user("Wait.")]
    assert body_of(api, talk) == body_of(api, in_order)


def test_all_outputs_of_a_turn_go_to_anthropic_in_one_message() -> None:
    body = body_of("anthropic", [ASK, calls("a", "b"), outputs("a"), outputs("b")])
    assert body == body_of("anthropic", [ASK, calls("a", "b"), outputs("a", "b")])


VALID = {
    "anthropic": "[a-zA-Z0-9_-]+",
    "responses": ".{1,64}",
    "chat": ".{1,40}",
    "mistral": "[a-zA-Z0-9]{9}",
    "groq": ".+",
    "deepseek": ".+",
    "google": ".+",
}
ids = st.sampled_from(["functions.add:0", "call_" + "x" * 80, "call_0", "call_1", "a.b", "a:b", "abcDEF123", "toolu_é"])
tool_turns = st.lists(st.lists(ids, min_size=1, max_size=3), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(tool_turns, st.sampled_from(sorted(MODELS)))
def test_ids_that_are_issued_anew_pair_up_and_stay(turns: list[list[str]], api: str) -> None:
    talk: list[Any] = [ASK]
    bodies: list[list[Any]] = []
    for number, turn in enumerate(turns):
        talk += [calls(*turn), outputs(*turn)]
        body = body_of(api, talk)
        asked, answered = ids_in(body)
        assert asked == answered
        assert len(set(asked)) == len(asked) == sum(map(len, turns[: number + 1]))
        assert all(re.fullmatch(VALID[api], id) for id in asked)
        bodies.append(turns_of(body))
    for before, after in itertools.pairwise(bodies):
        assert after[: len(before)] == before, "a turn that is added changes nothing of those before it"


def test_a_valid_id_is_sent_as_it_is() -> None:
    for api in MODELS:
        assert ids_in(body_of(api, [ASK, calls("abcDEF123"), outputs("abcDEF123")])) == (["abcDEF123"], ["abcDEF123"])


def test_an_answer_goes_back_with_the_ids_that_its_host_gave_it_whatever_they_are() -> None:
    function = {"name": "lookup", "arguments": "{}"}
    wire = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "odd id", "type": "function", "function": function}],
    }
    own = llm.AssistantMessage([call("odd id")], Source("mistral", "chat_completions", "x", wire))
    body = body_of("mistral", [ASK, own, outputs("odd id"), own, outputs("odd id")])
    assert body["messages"][1] == body["messages"][3] == wire
    assert body["messages"][2]["tool_call_id"] == "odd id"


def test_an_id_that_stands_in_a_conversation_twice_is_issued_anew_for_anthropic_in_its_own_json_too() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {}}
    wire = {"content": [{"type": "thinking", "thinking": "Hm.", "signature": "S"}, block], "model": "claude-sonnet-5-5"}
    parts = [llm.Thought("Hm."), llm.ToolCall("toolu_1", "lookup", {})]
    own = llm.AssistantMessage(parts, Source("anthropic", "messages", "claude-sonnet-5-5", wire))
    body = body_of("anthropic", [ASK, own, outputs("toolu_1"), own, outputs("toolu_1")])
    first, second = body["messages"][1]["content"], body["messages"][3]["content"]
    assert first == wire["content"]
    assert second == [first[0], {**block, "id": second[1]["id"]}]
    asked, answered = ids_in(body)
    assert asked == answered
    assert len(set(asked)) == 2
    assert block["id"] == "toolu_1"


def test_a_renamed_message_is_made_once() -> None:
    talk = [ASK, calls("a.b"), outputs("a.b")]
    body, again = body_of("anthropic", talk), body_of("anthropic", talk)
    assert body["messages"][2] is again["messages"][2]


def test_ids_that_are_made_up_for_a_host_differ_from_turn_to_turn() -> None:
    function = {"name": "lookup", "arguments": '{"word": "fox"}'}
    message = {"role": "assistant", "content": None, "tool_calls": [{"type": "function", "function": function}] * 2}
    asked = {"id": "1", "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}

    @llm.tool
    def lookup(word: str) -> str:
        """Look a word up."""
        return word

    with Loopback([Canned(asked), Canned(asked), Canned(reply("chat", "small"))]) as server:
        llm.configure("groq", api_key="test", base_url=base_url("chat", server.url))
        response = llm.Model.of("groq/qwen/qwen3.8-27b").call("Hi", tools=[lookup])
        for _ in range(2):
            response = response.resume(response.execute_tools())
    names, answered = ids_in(server.requests[-1].json())
    assert names == answered == ["call_1", "call_2", "call_3", "call_4"]
