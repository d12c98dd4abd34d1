"""What Google's generateContent is sent of answers, its own and those of others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.vendors.google import MODEL, PNG, SIGNATURE, body, decode, encode, parts_of, request

from capably.providers.google.decode import decode_reply
from capably.providers.spellings import NoSpellingError
from capably.types import parts as p
from capably.types.messages import AssistantMessage, Source, assistant, user
from capably.types.response_data import ResponseData


def said(reply: ResponseData, provider: str = "google", endpoint: str = "generate_content") -> AssistantMessage:
    return AssistantMessage(reply.content, Source(provider, endpoint, MODEL, reply.wire))


def test_an_answer_goes_back_exactly_as_it_came() -> None:
    wire_parts = [
        {"text": "thinking", "thought": True},
        {
            "functionCall": {"name": "weather", "args": {"city": "Köln", "n": 1.0}, "id": "x1"},
            "thoughtSignature": SIGNATURE,
        },
        {"text": "", "thoughtSignature": SIGNATURE},
        {"newKind": {"a": [1, None]}},
    ]
    came = json.dumps(body(*wire_parts), ensure_ascii=False).encode()
    reply = decode_reply(came, request())
    content = encode(user("a"), said(reply), user("b"), undescribed="a part is of a new kind")["contents"][1]
    assert json.dumps(content) == json.dumps({"parts": wire_parts, "role": "model"})


@pytest.mark.parametrize("endpoint", ["generate_content", ""])
def test_calls_without_ids_get_ids_of_ours_that_are_not_sent_back(endpoint: str) -> None:
    call = {"functionCall": {"name": "weather", "args": {"city": "Köln"}}}
    reply = decode(body(call, call))
    ids = [part.id for part in reply.content if isinstance(part, p.ToolCall)]
    assert ids == ["call_1", "call_2"]
    outputs = [p.ToolOutput(id, "weather", "rain") for id in ids]
    sent = encode(user("a"), said(reply, endpoint=endpoint), user(outputs))["contents"]
    assert "id" not in json.dumps(sent)


def test_ids_of_ours_stay_distinct_in_the_whole_conversation() -> None:
    call = {"functionCall": {"name": "weather", "args": {}}}
    first = decode(body(call))
    second = decode_reply(json.dumps(body(call)).encode(), request(user("a"), said(first), user("b")))
    assert [part.id for part in (*first.content, *second.content) if isinstance(part, p.ToolCall)] == [
        "call_1",
        "call_2",
    ]


def test_ids_of_the_provider_are_sent_back() -> None:
    reply = decode(body({"functionCall": {"name": "weather", "args": {}, "id": "g7"}}))
    sent = encode(user("a"), said(reply), user([p.ToolOutput("g7", "weather", "rain")]))["contents"][-1]
    assert sent["parts"][0]["functionResponse"] == {"id": "g7", "name": "weather", "response": {"output": "rain"}}


@pytest.mark.parametrize(
    ("output", "response"),
    [
        (p.ToolOutput("", "f", "x"), {"output": "x"}),
        (p.ToolOutput("", "f", "x", is_error=True), {"error": "x"}),
        (p.ToolOutput("", "f", [p.Text("a"), "b"]), {"output": "ab"}),
        (p.ToolOutput("", "f", {"n": 1}), {"output": {"n": 1}}),
        (p.ToolOutput("", "f", [1, 2]), {"output": [1, 2]}),
    ],
)
def test_tool_outputs_say_whether_they_are_errors(output: p.ToolOutput, response: Any) -> None:
    assert parts_of(user([output])) == [[{"functionResponse": {"name": "f", "response": response}}]]


def test_a_tool_result_that_mixes_media_with_other_parts_is_refused() -> None:
    with pytest.raises(NoSpellingError, match=r"input\.tool_call"):
        encode(
            user([p.ToolOutput("", "f", [p.Image.from_bytes(PNG, media_type="image/png"), p.ToolCall("", "g", {})])])
        )


def test_a_single_part_is_a_tool_result_too() -> None:
    assert parts_of(user([p.ToolOutput("", "f", p.Text("x"))]))[0][0]["functionResponse"]["response"] == {"output": "x"}


def test_media_of_a_tool_travel_inside_its_result_since_gemini_3_and_after_it_before() -> None:
    output = p.ToolOutput("", "f", ["seen", p.Image.from_bytes(PNG, media_type="image/png")])
    image = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
    response = {"name": "f", "response": {"output": "seen"}}
    assert parts_of(user([output])) == [[{"functionResponse": {**response, "parts": [image]}}]]
    before = parts_of(user([output]), model="gemini-2.5-flash")
    assert before == [[{"functionResponse": response}, {"text": "Returned by f:"}, image]]


def test_results_of_parallel_calls_share_one_content() -> None:
    contents = encode(*(user([p.ToolOutput(str(n), "f", "x")]) for n in range(3)), user("go on"))["contents"]
    assert [len(content["parts"]) for content in contents] == [3, 1]


def test_the_answer_of_another_provider_loses_its_thoughts_and_its_calls_need_no_signature() -> None:
    foreign = AssistantMessage(
        [p.Thought("hm"), p.Text("a"), p.Text(""), p.ToolCall("t1", "f", {}), p.ToolCall("t2", "f", {})],
        Source("anthropic", "messages", "m", {"content": []}),
    )
    first, second = {"id": "t1", "name": "f", "args": {}}, {"id": "t2", "name": "f", "args": {}}
    signed = {"functionCall": first, "thoughtSignature": "skip_thought_signature_validator"}
    assert parts_of(foreign) == [[{"text": "a"}, signed, {"functionCall": second}]]
    assert parts_of(foreign, model="gemini-2.5-pro") == [
        [{"text": "a"}, {"functionCall": first}, {"functionCall": second}]
    ]


def test_a_part_in_another_providers_json_is_refused() -> None:
    foreign = AssistantMessage([p.Unknown("server_tool_use", {})], Source("anthropic", "messages", "m", {}))
    with pytest.raises(NoSpellingError, match="anthropic"):
        encode(foreign)


@pytest.mark.parametrize("wire", [["x"], "x", 5])
def test_a_stored_answer_whose_json_is_no_object_is_encoded_anew(wire: Any) -> None:
    call = p.ToolCall("c1", "f", {"a": 1})
    stored = AssistantMessage([call], Source("google", "generate_content", MODEL, wire))
    assert encode(user("a"), stored, user([p.ToolOutput("c1", "f", "x")])) == encode(
        user("a"), AssistantMessage([call]), user([p.ToolOutput("c1", "f", "x")])
    )


@pytest.mark.parametrize(
    "wire",
    [
        {"parts": [{"functionCall": "x"}, {"functionCall": {"id": []}}]},
        {"parts": [{"functionResponse": 5}, {"functionResponse": {"id": {}}}]},
    ],
)
def test_what_is_odd_in_a_stored_answer_is_sent_as_it_is(wire: Any) -> None:
    call = p.ToolCall("call_1", "f", {})
    stored = AssistantMessage([call], Source("google", "generate_content", MODEL, wire))
    odd = "the JSON of a stored answer was changed by hand"
    sent = encode(user("a"), stored, user([p.ToolOutput("call_1", "f", "x")]), undescribed=odd)["contents"]
    assert sent[1] == {"role": "model", **wire}
    assert sent[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "x"}}}]


@pytest.mark.parametrize("parts", [5, "text", {"text": "a"}, [5, None, {"text": "a"}]])
def test_parts_that_google_did_not_write_are_not_sent_back(parts: Any) -> None:
    stored = AssistantMessage([p.Text("a")], Source("google", "generate_content", MODEL, {"parts": parts}))
    assert encode(user("a"), stored, user("b"))["contents"][1] == {"role": "model", "parts": [{"text": "a"}]}


def test_an_answer_of_the_callers_own_is_sent_as_the_models() -> None:
    assert encode(assistant("Yes."))["contents"] == [{"role": "model", "parts": [{"text": "Yes."}]}]


def test_an_empty_answer_is_not_sent_back() -> None:
    reply = decode({"promptFeedback": {"blockReason": "SAFETY"}})
    assert len(encode(user("a"), said(reply), user("b"))["contents"]) == 2


def test_an_answer_that_google_broke_off_goes_on_by_its_token() -> None:
    reply = decode(body({"text": "half"}, finish="CONTINUATION", continuationToken="tok"))
    wire: Any = reply.wire
    assert (reply.finish_reason, reply.stop_detail, wire["continuationToken"]) == ("continuation", "tok", "tok")
    later = decode(body({"text": "more"}, finish="CONTINUATION", continuationToken="tok2"))
    resumed = encode(user("a"), said(reply), said(later))
    assert (len(resumed["contents"]), resumed["continuationToken"]) == (1, "tok2")
    went_on = encode(user("a"), said(reply), user("b"))
    assert "continuationToken" not in json.dumps(went_on)
    assert went_on["contents"][1] == {"role": "model", "parts": [{"text": "half"}]}
