"""A long conversation: a turn that is added makes one message to encode, and nothing that was kept is ever sent stale."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from cases import WIRES, base_url
from hypothesis import given, settings, strategies as st
from replies import reply
from support.call_cost import calls_by_name
from support.loopback import Canned, Loopback

from capably import llm
from capably.calls.call import prepare
from capably.registry.lookup import listed_model
from capably.types.messages import Source

TARGETS = {
    "anthropic": ["anthropic/claude-sonnet-5-5", "anthropic/claude-haiku-4-5", "bedrock/claude-x", "vertex/claude-x"],
    "responses": ["openai/gpt-6.1-sol", "openai/gpt-4.1", "xai/grok-4.5"],
    "chat": [
        "groq/qwen/qwen3.8-27b",
        "mistral/mistral-medium-2604",
        "openai/gpt-5-search-api",
        "openai/gpt-audio-1.5",
        "openrouter/x",
    ],
    "google": ["google/gemini-3.8-flash", "google/gemini-2.5-flash-lite", "vertex/gemini-2.5-flash"],
}
"""Models, listed and unlisted, for each wire format; the first one is that of most tests."""

CUSTOM = {"vertex/gemini-2.5-flash": llm.Model.custom("vertex/gemini-2.5-flash", like="google/gemini-2.5-flash").info}
EVERYWHERE = [id for ids in TARGETS.values() for id in ids]


def body_of(id: str, messages: Sequence[Any], **params: Any) -> dict[str, Any]:
    """The body of a call."""
    return prepare(id, CUSTOM.get(id) or listed_model(id), list(messages), params).body


def sent(id: str, messages: Sequence[Any], **params: Any) -> bytes | str:
    """The bytes of a call's body; what it is refused with, where it is."""
    try:
        return msgspec.json.encode(body_of(id, messages, **params))
    except (llm.UnsupportedFeatureError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def turns_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return body.get("messages") or body.get("input") or body["contents"]


def encodings(work: Callable[[], object]) -> int:
    """How many messages `work` encodes from their parts."""
    return calls_by_name(work)["_encoded_anew"]


def talk(count: int) -> list[Any]:
    return [llm.user(f"Question {n}") if n % 2 == 0 else llm.assistant(f"Answer {n}") for n in range(count)]


# --- once ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", WIRES)
def test_a_turn_added_to_two_hundred_messages_encodes_one(wire: str) -> None:
    id, history = TARGETS[wire][0], talk(201)
    assert encodings(lambda: body_of(id, history)) == 201
    before = turns_of(body_of(id, history))
    more = [*history, llm.user("And now?")]
    assert encodings(lambda: body_of(id, more)) == 1
    after = turns_of(body_of(id, more))
    assert [new is old for new, old in zip(after, before, strict=False)] == [True] * 201
    assert len(after) == 202


@pytest.mark.parametrize("wire", WIRES)
def test_a_turn_costs_little_however_long_the_history_is(wire: str) -> None:
    id = TARGETS[wire][0]
    history = talk(401)

    def functions(count: int) -> int:
        body_of(id, history[:count])
        return calls_by_name(lambda: body_of(id, history[:count])).total()

    assert (functions(401) - functions(201)) / 200 < 5


@pytest.mark.parametrize("wire", WIRES)
def test_a_loop_of_tools_encodes_what_each_turn_adds(wire: str) -> None:
    @llm.tool
    def get_weather(city: str, unit: str) -> dict[str, str]:
        """Tells the weather."""
        return {"city": city, "sky": f"20 {unit}"}

    provider, _, name = TARGETS[wire][0].partition("/")
    answers = [Canned(reply(wire, "calls")), Canned(reply(wire, "calls")), Canned(reply(wire, "small"))]
    with Loopback(answers) as server:
        llm.configure(provider, api_key="test", base_url=base_url(wire, server.url))
        model = llm.Model.of(f"{provider}/{name}")
        found: list[Any] = []
        assert encodings(lambda: found.append(model.call(talk(199), tools=[get_weather]))) == 199
        for _ in range(2):
            outputs = found[-1].execute_tools()
            assert len(outputs) == 20
            assert encodings(lambda outputs=outputs: found.append(found[-1].resume(outputs))) == 1
        assert encodings(lambda: found.append(found[-1].resume("Thanks."))) == 1
    bodies = [msgspec.json.decode(request.body) for request in server.requests]
    turns = [len(turns_of(body)) for body in bodies]
    assert turns == sorted(set(turns)), "each turn has said more"
    for earlier, later in itertools.pairwise(bodies):
        assert turns_of(later)[: len(turns_of(earlier))] == turns_of(earlier)


@pytest.mark.parametrize("wire", WIRES)
def test_what_was_said_elsewhere_is_encoded_once_too(wire: str) -> None:
    elsewhere = Source("elsewhere", "", "some-model", {"content": []})
    said = llm.AssistantMessage([llm.Thought("Hm."), llm.Text("Ho")], elsewhere)
    history = [llm.user("Hi"), said, llm.user("And now?")]
    assert [encodings(lambda: body_of(TARGETS[wire][0], history)) for _ in range(3)] == [3, 0, 0]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "part",
    [
        llm.Image.from_bytes(b"x" * 100, media_type="image/png"),
        llm.Image.from_url("https://example.com/a.png"),
        llm.ToolOutput("1", "lookup", {"found": 1}),
        llm.ToolOutput("1", "lookup", ["fox", llm.Text("dog")]),
        llm.Unknown("text", {"type": "text", "text": "Hi"}),
    ],
    ids=["bytes", "url", "json", "parts", "own json"],
)
def test_what_is_large_or_can_change_is_not_kept(wire: str, part: llm.Part) -> None:
    id, message = TARGETS[wire][0], llm.user(["Look:", part])
    asked = llm.assistant(llm.ToolCall("1", "lookup", {}))
    history = [asked, message] if isinstance(part, llm.ToolOutput) else [message]
    assert [encodings(lambda: body_of(id, history)) for _ in range(2)] == [len(history)] * 2


# --- never stale --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [id for id in EVERYWHERE if id != "openai/gpt-5-search-api"])  # which takes no tools
def test_what_changes_inside_a_part_is_sent_as_it_is_now(id: str) -> None:
    args: dict[str, Any] = {"word": "fox"}
    value: dict[str, Any] = {"found": ["fox"]}
    values: list[Any] = ["fox"]
    raw: dict[str, Any] = {"type": "text", "text": "fox"}
    history = [
        llm.user("Look them up."),
        llm.assistant(["Gladly.", llm.ToolCall("call_a", "lookup", args), llm.ToolCall("call_b", "lookup", {})]),
        llm.user([llm.ToolOutput("call_a", "lookup", value), llm.ToolOutput("call_b", "lookup", values)]),
        llm.user([llm.Unknown("text", raw)]),
    ]
    assert (dogs(id, history), sent(id, history)) == (0, sent(id, copy.deepcopy(history)))
    args.update(word="dog")
    assert dogs(id, history) == 1
    value["found"].append("dog")
    assert dogs(id, history) == 2
    values.append("dog")
    assert dogs(id, history) == 3
    raw.update(text="dog")
    assert dogs(id, history) == 4


def dogs(id: str, history: Sequence[Any]) -> int:
    return msgspec.json.encode(body_of(id, history)).count(b"dog")


def test_a_cache_point_that_leads_a_turn_marks_nothing_for_good() -> None:
    id, said = "anthropic/claude-sonnet-5-5", [llm.user("Hi"), llm.assistant("Ho")]
    plain = sent(id, [*said, llm.user("And now?")])
    marked = body_of(id, [*said, llm.user([llm.CachePoint(), "And now?"])])
    assert marked["messages"][1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert sent(id, [*said, llm.user("And now?")]) == plain
    assert b"cache_control" not in plain  # type: ignore[operator]


def test_instructions_in_mid_conversation_have_the_role_that_each_model_wants() -> None:
    history = [llm.user("Hi"), llm.system("Be brief."), llm.user("Ho")]
    models = ["openai/gpt-audio-1.5", "openai/gpt-5-search-api", "openai/gpt-audio-1.5"]
    assert [body_of(id, history)["messages"][1]["role"] for id in models] == ["system", "developer", "system"]


def test_the_same_call_has_the_id_that_each_host_takes() -> None:
    asked = llm.assistant(llm.ToolCall("call_with_a_long_id", "lookup", {}))
    output = llm.user([llm.ToolOutput("call_with_a_long_id", "lookup", "A fox.")])
    ids = [
        body_of(id, [asked, output])["messages"][1]["tool_call_id"]
        for id in ("groq/qwen/qwen3.8-27b", "mistral/mistral-medium-2604") * 2
    ]
    assert ids[:2] == ids[2:]
    assert ids[0] == "call_with_a_long_id"
    assert len(ids[1]) == 9


OWN = {
    "bedrock/claude-x": ("anthropic/claude-sonnet-5-5", "messages", {"content": [{"type": "text", "text": "own"}]}),
    "xai/grok-4.5": ("openai/gpt-4.1", "responses", [{"type": "message", "role": "assistant", "content": "own"}]),
    "mistral/mistral-medium-2604": (
        "groq/qwen/qwen3.8-27b",
        "chat_completions",
        {"role": "assistant", "content": "own"},
    ),
    "vertex/gemini-2.5-flash": ("google/gemini-3.8-flash", "generate_content", {"parts": [{"text": "own"}]}),
}
"""A model -> another provider's one of the same wire format, and the model's own JSON for an answer."""


@pytest.mark.parametrize("id", OWN)
def test_an_answer_that_was_encoded_for_another_provider_still_goes_back_as_it_came(id: str) -> None:
    other, endpoint, wire = OWN[id]
    provider, _, name = id.partition("/")
    said = llm.AssistantMessage([llm.Text("said")], Source(provider, endpoint, name, wire))
    history = [llm.user("Hi"), said, llm.user("And now?")]
    bodies = [msgspec.json.encode(body_of(model, history)) for model in (other, id, other)]
    assert [(body.count(b"said"), body.count(b"own")) for body in bodies] == [(1, 0), (0, 1), (1, 0)]


def test_ids_that_gemini_did_not_give_stay_here_though_the_results_are_kept() -> None:
    wire = {"role": "model", "parts": [{"functionCall": {"name": "lookup", "args": {}}}]}
    source = Source("google", "generate_content", "gemini-2.5-flash-lite", wire)
    asked = llm.AssistantMessage([llm.ToolCall("call_1", "lookup", {})], source)
    result = llm.user([llm.ToolOutput("call_1", "lookup", "A fox.")])
    id = "google/gemini-2.5-flash-lite"
    foreign = llm.assistant(llm.ToolCall("call_1", "lookup", {}))
    for history, expected in [([foreign, result], "call_1"), ([asked, result], None), ([foreign, result], "call_1")]:
        assert turns_of(body_of(id, history))[-1]["parts"][0]["functionResponse"].get("id") == expected


texts = st.sampled_from(["", "Hi", "A fox. 🦊"])
ids = st.sampled_from(["call_1", "toolu/01.x", "abcdefghi"])
user_parts = st.one_of(
    st.builds(llm.Text, texts),
    st.builds(llm.Refusal, texts),
    st.builds(
        llm.ToolOutput,
        ids,
        st.just("lookup"),
        st.sampled_from(["", "A fox.", {"a": 1}, ["a", llm.Text("b")]]),
        st.booleans(),
    ),
    st.builds(llm.CachePoint, st.sampled_from([None, "5m", "30m"])),
    st.just(llm.Image.from_bytes(b"x", media_type="image/png")),
    st.just(llm.Document.from_url("https://example.com/a.pdf")),
    st.just(llm.Unknown("text", {"type": "text", "text": "own"})),
)
said_parts = st.one_of(
    st.builds(llm.Text, texts),
    st.builds(llm.Refusal, texts),
    st.builds(llm.Thought, texts),
    st.builds(llm.ToolCall, ids, st.just("lookup"), st.just({"a": 1}), st.sampled_from([None, '{"a":1}'])),
)
anthropic_said = {
    "model": "claude-x",
    "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "own"}],
}
sources = st.sampled_from([
    None,
    Source("anthropic", "messages", "claude-sonnet-5-5", anthropic_said),
    Source("bedrock", "messages", "claude-x", anthropic_said),
    Source("openai", "responses", "gpt-6.1-sol", [{"type": "reasoning", "id": "1"}, {"type": "message", "id": "2", "content": []}]),
    Source("mistral", "chat_completions", "mistral-medium-2604", {"role": "assistant", "content": "own"}),
    Source("google", "generate_content", "gemini-3.8-flash", {"role": "model", "parts": [{"functionCall": {"name": "lookup"}}]}),
    Source("google", "generate_content", "gemini-3.8-flash", {"parts": [{"text": "own"}]}),
])  # fmt: skip
messages = st.one_of(
    st.builds(llm.user, st.one_of(texts, st.lists(user_parts, min_size=1, max_size=3))),
    st.builds(llm.AssistantMessage, st.lists(said_parts, max_size=3), sources),
    st.builds(llm.system, texts),
)


calls = st.tuples(
    st.sampled_from(EVERYWHERE),
    st.sampled_from(
        [{}, {}, {"system": "Be kind."}, {"prefill": "A"}, {"cache": "5m"}, {"cache": "30m"}, {"format": list[int]}]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(messages, min_size=1, max_size=5), st.lists(calls, min_size=2, max_size=6))
def test_a_history_that_was_sent_anywhere_is_sent_like_a_fresh_one(
    history: list[Any], calls: list[tuple[str, dict[str, Any]]]
) -> None:
    for id, params in calls:
        assert sent(id, history, **params) == sent(id, copy.deepcopy(history), **params), id


@settings(max_examples=50, deadline=None)
@given(st.lists(messages, min_size=1, max_size=4), st.sampled_from(EVERYWHERE))
def test_what_is_kept_is_no_part_of_a_message(history: list[Any], id: str) -> None:
    fresh = copy.deepcopy(history)
    shown, written, pickled = repr(history), llm.dump_messages(history), pickle.dumps(history)
    sent(id, history)
    assert history == fresh
    assert (repr(history), llm.dump_messages(history), pickle.dumps(history)) == (shown, written, pickled)
    assert sent(id, copy.deepcopy(history)) == sent(id, history)
