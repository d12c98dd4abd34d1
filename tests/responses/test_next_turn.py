"""What a further turn of a conversation repeats, and what it leaves out, in the bytes that are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.loopback import Canned, Loopback, Received
from support.vendor_replies import Turn, vendor_reply

from capably import llm

FORMS = ["call", "stream", "call_async", "stream_async"]
MODELS = {
    "anthropic": "anthropic/claude-opus-4-5",
    "openai": "openai/gpt-6.1-sol",
    "google": "google/gemini-3.8-flash",
}
CHOICE: dict[str, Callable[[Any], Any]] = {
    "anthropic": lambda body: body.get("tool_choice", {}).get("type") in ("any", "tool"),
    "openai": lambda body: body.get("tool_choice") not in (None, "auto", "none"),
    "google": lambda body: body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode") == "ANY",
}
"""Whether a request forces a call."""

resolve_model: Any = llm.Model.of
LUNA, SOL = "openai/gpt-5.6-luna", "openai/gpt-6.1-sol"


@llm.tool
def weather(city: str) -> str:
    """Look up the weather."""
    return "dry"


@dataclass
class Report:
    sky: str


class Server:
    """A provider that obeys: it calls the tool for as long as it is forced to, and then answers."""

    def __init__(self, provider: str, last: Turn = ("Dry.",)) -> None:
        self.provider = provider
        self.last = last
        self.loopback = Loopback([self._answer])

    def _answer(self, request: Received) -> Canned:
        forced = CHOICE[self.provider](request.json())
        turn = [("weather", {"city": "Ur"})] if forced else self.last
        return vendor_reply(self.provider, request, turn, len(self.loopback.requests))

    @property
    def bodies(self) -> list[Any]:
        return [request.json() for request in self.loopback.requests]

    @property
    def forced(self) -> list[bool]:
        return [CHOICE[self.provider](body) for body in self.bodies]


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    running: list[Loopback] = []

    def start(provider: str, last: Turn = ("Dry.",)) -> Server:
        server = Server(provider, last)
        running.append(server.loopback.__enter__())
        llm.configure(provider, api_key="test", base_url=server.loopback.url)
        return server

    yield start
    for loopback in running:
        loopback.__exit__()
    for provider in MODELS:
        llm.configure(provider)


def ask(model: Any, form: str, content: str, *turns: dict[str, Any] | None, **params: Any) -> Any:
    """Asks, and then resumes with what the tools say, or with a text, once for each of `turns`."""

    async def in_turn() -> Any:
        response = await getattr(model, form)(content, **params)
        for more in turns:
            response = await response.resume(await response.execute_tools() or "And?", **(more or {}))
        await response._complete()
        return response

    if "async" in form:
        return asyncio.run(in_turn())
    response = getattr(model, form)(content, **params)
    for more in turns:
        response = response.resume(response.execute_tools() or "And?", **(more or {}))
    response.text()
    return response


def in_the_call(model: Any, form: str, choice: Any, *turns: Any) -> Any:
    return ask(model, form, "Weather?", *turns, tools=[weather], tool_choice=choice)


def of_the_model(model: Any, form: str, choice: Any, *turns: Any) -> Any:
    return ask(model.with_(tools=[weather], tool_choice=choice), form, "Weather?", *turns)


def of_a_block(model: Any, form: str, choice: Any, *turns: Any) -> Any:
    with llm.override(tool_choice=choice):
        return ask(model, form, "Weather?", *turns, tools=[weather])


PLACES = [in_the_call, of_the_model, of_a_block]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("choice", ["required", weather], ids=["required", "a_tool"])
@pytest.mark.parametrize("provider", MODELS)
def test_a_forced_choice_is_for_one_turn_wherever_it_stands(
    serve: Callable[..., Server], provider: str, choice: Any, form: str, place: Callable[..., Any]
) -> None:
    server = serve(provider)
    last = place(resolve_model(MODELS[provider]), form, choice, None, None)
    assert (last.text(), last.tool_calls) == ("Dry.", ())
    assert server.forced == [True, False, False]
    assert all(body.get("tools") for body in server.bodies)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("choice", ["auto", "none"])
def test_a_choice_that_forces_nothing_is_repeated(
    serve: Callable[..., Server], choice: str, place: Callable[..., Any]
) -> None:
    server = serve("openai")
    place(resolve_model(SOL), "call", choice, None)
    assert [body["tool_choice"] for body in server.bodies] == [choice, choice]


def test_a_block_around_a_further_turn_forbids_tools_but_forces_none(serve: Callable[..., Server]) -> None:
    server = serve("openai")
    response = llm.Model(SOL).call("Hi", tools=[weather])
    for choice in ("none", "required"):
        with llm.override(tool_choice=choice):
            response.resume("And?")
    assert [body.get("tool_choice") for body in server.bodies] == [None, "none", None]


@pytest.mark.parametrize("form", FORMS)
def test_resume_takes_parameters_for_the_next_turns(serve: Callable[..., Server], form: str) -> None:
    server = serve("openai")
    model = resolve_model(LUNA, system="Be kind.", reasoning="low")
    ask(
        model,
        form,
        "Hi",
        {"tools": [weather], "tool_choice": "required", "max_tokens": 20},
        {"reasoning": "high", "system": "Be brief."},
        max_tokens=10,
    )
    first, second, third = server.bodies
    assert [body["max_output_tokens"] for body in server.bodies] == [10, 20, 20]
    assert [body["reasoning"]["effort"] for body in server.bodies] == ["low", "low", "high"]
    assert ("tools" in first, second["tool_choice"], "tool_choice" in third) == (False, "required", False)
    assert second["tools"] == third["tools"]
    systems = [body["instructions"] for body in server.bodies]
    assert systems == ["Be kind.", "Be kind.", "Be brief.\n\nBe kind."]


@pytest.mark.parametrize("form", FORMS)
def test_a_format_that_resume_is_given_is_parsed(serve: Callable[..., Server], form: str) -> None:
    server = serve("openai", ['{"sky": "dry"}'])
    last = ask(resolve_model(SOL), form, "Hi", {"format": Report}, None)
    assert last.parse() == Report("dry")
    assert ["format" in body.get("text", {}) for body in server.bodies] == [False, True, True]


@pytest.mark.parametrize("form", FORMS)
def test_resume_is_checked_like_a_call(serve: Callable[..., Server], form: str) -> None:
    server = serve("openai")
    with pytest.raises(llm.UnsupportedFeatureError, match="does not accept `temperature`"):
        ask(resolve_model(SOL), form, "Hi", {"temperature": 0.2})
    with pytest.raises(TypeError, match="there is no parameter 'temprature'"):
        ask(resolve_model(SOL), form, "Hi", {"temprature": 0.2})
    assert len(server.bodies) == 2


@pytest.mark.filterwarnings("ignore::capably.llm.UnsupportedFeatureWarning")
def test_resume_drops_what_it_is_told_to_drop(serve: Callable[..., Server]) -> None:
    server = serve("openai")
    last = ask(resolve_model(SOL), "call", "Hi", {"temperature": 0.2, "on_unsupported": "drop"})
    assert ("temperature" in server.bodies[-1], len(last.warnings)) == (False, 1)


def test_a_response_that_was_loaded_forces_nothing_either(serve: Callable[..., Server]) -> None:
    server = serve("openai")
    first = llm.Model(SOL).call("Weather?", tools=[weather], tool_choice="required")
    again = llm.Response.from_json(first.to_json(), tools=[weather])
    again.resume(again.execute_tools())
    assert server.forced == [True, False]


def test_validate_asks_for_an_answer_and_forces_no_call() -> None:
    model: Any = llm.scripted("Hm.", '{"sky": "dry"}')
    response = model.call("Weather?", tools=[weather], tool_choice="required", format=Report)
    answer = response.validate()
    assert answer.parse() == Report("dry")
    assert ("tool_choice" in response.request, "tool_choice" in answer.request) == (True, False)


def cut(turn: str) -> dict[str, Any]:
    """A reply of Chat Completions that stopped at its limit."""
    return _completion({"role": "assistant", "content": turn}, "length")


def _completion(message: dict[str, Any], reason: str) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": reason, "message": message}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def test_an_answer_that_goes_on_is_the_same_turn_and_still_forced() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ur"}'}}
    made = _completion({"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls")
    done = _completion({"role": "assistant", "content": "Dry."}, "stop")
    with Loopback([Canned(cut("Let me")), Canned(made), Canned(done)]) as server:
        llm.configure("groq", api_key="test", base_url=server.url)
        model = llm.Model("groq/openai/gpt-oss-120b")
        response = model.call("Weather?", tools=[weather], tool_choice="required").continue_()
        assert response.resume(response.execute_tools()).text() == "Dry."
        sent = [request.json().get("tool_choice") for request in server.requests]
    llm.configure("groq")
    assert sent == ["required", "required", None]


GIVEN: dict[str, Any] = {"system": "Be kind.", "max_tokens": 10, "temperature": 0.5, "stop": "END", "timeout": 5}


@pytest.mark.parametrize("name", GIVEN)
def test_none_means_not_given_in_every_place(name: str) -> None:
    override: Any = llm.override
    scripted: Any = llm.scripted("one")
    model: Any = scripted.with_(**GIVEN)

    def sent(response: Any) -> Any:
        return response.request

    plain = sent(model.call("Hi"))
    assert sent(model.call("Hi", **{name: None})) == plain
    assert sent(model.with_(**{name: None}).call("Hi")) == plain
    assert model.with_(**{name: None}) == model
    assert sent(model.call("Hi").resume("And?", **{name: None})) == sent(model.call("Hi").resume("And?"))
    with override(max_tokens=20), override(**{name: None}):
        assert sent(model.call("Hi")) == {**plain, "max_tokens": "20"}


def test_none_is_no_default_of_a_model() -> None:
    assert resolve_model(SOL, max_tokens=None) == resolve_model(SOL)
    with pytest.raises(TypeError, match="there is no parameter 'max_token'"):
        resolve_model(SOL).with_(max_token=None)
