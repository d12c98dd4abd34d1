"""What the wire says of an answer beside its text: commentary, other candidates, log probabilities, the stop sequence."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.wire_answers import FORMATS, WAYS, answer_to, ask, responses

from capably import llm

MODEL = FORMATS["responses"][0]


def message(text: str, phase: str | None, id: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item: dict[str, Any] = {"type": "message", "id": id, "role": "assistant", "content": content}
    return {**item, "phase": phase} if phase else item


def answer(way: str, *items: dict[str, Any]) -> Any:
    whole = {**responses(""), "output": list(items)}
    if way.startswith("call"):
        return whole
    events: list[Any] = []
    for index, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": index, "item": {**item, "content": []}})
        for place, part in enumerate(item["content"]):
            where = {"output_index": index, "content_index": place}
            events += [{"type": "response.output_text.delta", **where, "delta": letter} for letter in part["text"]]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    return [*events, {"type": "response.completed", "response": whole}]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("note", ["Let me look.", '{"value": [0]}'])
def test_commentary_is_not_the_answer(note: str, way: str) -> None:
    said = answer(way, message(note, "commentary", "m1"), message('{"value": [1]}', "final_answer", "m2"))
    response, sent = ask(way, MODEL, [said, said], lambda r: _with_next(r), format=list[int])
    first, _ = response
    assert (first.text(), first.parse()) == ('{"value": [1]}', [1])
    assert first.content == (llm.Commentary(note), llm.Text('{"value": [1]}'))
    assert [item.get("phase") for item in sent[1]["input"]] == [None, "commentary", "final_answer", None]
    again = pickle.loads(pickle.dumps(first))
    assert again.content == first.content


def _with_next(response: Any) -> Any:
    following = response.resume("Go on")

    async def read() -> Any:
        return response, await following

    return read() if hasattr(following, "__await__") else (response, following)


def test_commentary_has_a_stream_of_its_own() -> None:
    said = answer("stream", message("Hm.", "commentary", "m1"), message("[1]", "final_answer", "m2"))

    def use(response: Any) -> Any:
        streams = [(s.content_type, "".join(s), s.collect()) for s in response.streams()]
        return streams, "".join(response.text_stream()), list(response.structured_stream())[-1]

    (streams, text, value), _ = ask("stream", MODEL, [said], use, format=dict[str, int])
    assert streams == [("commentary", "Hm.", llm.Commentary("Hm.")), ("text", "[1]", llm.Text("[1]"))]
    assert (text, value) == ("[1]", [1])


def test_commentary_has_an_asynchronous_stream_of_its_own() -> None:
    said = answer("stream", message("Hm.", "commentary", "m1"), message("Yes.", "final_answer", "m2"))

    async def use(response: Any) -> Any:
        return [(s.content_type, await s.collect()) async for s in response.streams()]

    streams, _ = ask("stream_async", MODEL, [said], use)
    assert streams == [("commentary", llm.Commentary("Hm.")), ("text", llm.Text("Yes."))]


@pytest.mark.parametrize("wire", ["anthropic", "chat", "google"])
def test_commentary_goes_to_another_provider_as_text(wire: str) -> None:

    history = [llm.user("Hi"), llm.assistant([llm.Commentary("Let me look."), llm.Text("It is 4.")]), llm.user("So?")]
    llm_id, _, _ = FORMATS[wire]

    with Loopback([Canned(answer_to("call", wire, ["ok"]))]) as server:
        llm.configure(llm_id.partition("/")[0], api_key="k", base_url=server.url)
        llm.Model.of(llm_id).call(history)
        sent = server.requests[-1].body.decode()
    assert "Let me look." in sent
    assert "It is 4." in sent
    assert "look.It" not in sent


def test_answers_without_phases_are_all_answer() -> None:
    response, _ = ask("call", MODEL, [answer("call", message("a", None, "m1"), message("b", None, "m2"))])
    assert response.text() == "ab"


# Candidates, log probabilities, stop sequences


def chat(way: str, *choices: dict[str, Any]) -> Any:
    if way.startswith("call"):
        return {
            "id": "c",
            "choices": [{"index": i, "finish_reason": "stop", **choice} for i, choice in enumerate(choices)],
        }
    events: list[Any] = []
    for index, choice in enumerate(choices):
        delta = {**{k: v for k, v in choice.items() if k != "message"}, "delta": choice["message"]}
        events.append({"id": "c", "choices": [{"index": index, "finish_reason": "stop", **delta}]})
    return events


def said(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}}


@pytest.mark.parametrize("way", WAYS)
def test_all_candidates_can_be_read(way: str) -> None:
    response, _ = ask(way, "groq/openai/gpt-oss-120b", [chat(way, said("A"), said("B"))], extra={"n": 2})
    assert response.text() == "A"
    assert [candidate.text() for candidate in response.candidates] == ["A", "B"]
    assert llm.Response.from_json(response.to_json()).candidates == response.candidates
    one, _ = ask(way, "groq/openai/gpt-oss-120b", [chat(way, said("A"))])
    assert one.candidates == (llm.Candidate([llm.Text("A")]),)


@pytest.mark.parametrize("way", WAYS)
def test_log_probabilities_can_be_read(way: str) -> None:
    entries = [
        {"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": [{"token": "B", "logprob": -1.0, "bytes": None}]}
    ]
    choice = {**said("A"), "logprobs": {"content": entries}}
    response, _ = ask(way, "groq/openai/gpt-oss-120b", [chat(way, choice)])
    expected = llm.TokenLogprob("A", -0.5, bytes=b"A", alternatives=[llm.TokenLogprob("B", -1.0)])
    assert response.logprobs == (expected,)
    assert llm.Response.from_json(response.to_json()).logprobs == (expected,)
    item = message("A", None, "m1")
    item["content"][0]["logprobs"] = entries
    response, _ = ask(way, MODEL, [answer(way, item)])
    assert response.logprobs == (expected,)
    response, _ = ask(way, MODEL, [answer(way, message("A", None, "m1"))])
    assert response.logprobs == ()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fields", [{"stop_reason": "END"}, {"matched_stop": "END"}])
def test_the_stop_sequence_that_a_host_names_can_be_read(fields: Any, way: str) -> None:
    response, _ = ask(way, "groq/openai/gpt-oss-120b", [chat(way, {**said("A"), **fields})])
    assert (response.stop_sequence, response.finish_reason) == ("END", "stop")
    assert llm.Response.from_json(response.to_json()).stop_sequence == "END"


@pytest.mark.parametrize("way", WAYS)
def test_the_stop_sequence_of_anthropic_can_be_read(way: str) -> None:

    said = answer_to(way, "anthropic", ["A"], finish="stop_sequence")
    (said[-2]["delta"] if isinstance(said, list) else said)["stop_sequence"] = "END"
    response, _ = ask(way, FORMATS["anthropic"][0], [said])
    assert (response.stop_sequence, response.finish_reason) == ("END", "stop")


@pytest.mark.parametrize("way", WAYS)
def test_continue_joins_log_probabilities_and_counts_both_calls(way: str) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}

    def piece(text: str, finish: str) -> Any:
        logprobs = {"content": [{"token": text, "logprob": -0.5}]}
        made = chat(way, {**said(text), "finish_reason": finish, "logprobs": logprobs})
        (made if isinstance(made, dict) else made[-1])["usage"] = usage
        return made

    def use(response: Any) -> Any:
        following = response.continue_()

        async def read() -> Any:
            return await (await following)._complete()

        if hasattr(following, "__await__"):
            return read()
        following.text()  # Now, while the server is there.
        return following

    response, _ = ask(way, "groq/openai/gpt-oss-120b", [piece("A", "length"), piece("B", "stop")], use)
    assert (response.text(), response.usage) == ("AB", llm.Usage(20, 10))
    assert [token.token for token in response.logprobs] == ["A", "B"]


def test_a_script_can_comment() -> None:
    stream = llm.scripted([llm.Commentary("Let me look."), llm.Text("It is 4.")]).stream("2 + 2?")
    assert [(part.content_type, "".join(part)) for part in stream.streams()] == [
        ("commentary", "Let me look."),
        ("text", "It is 4."),
    ]
    assert stream.text() == "It is 4."
