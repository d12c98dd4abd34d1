"""What a call costs, counted: functions called, bodies encoded, schemas built, modules imported. Never the clock.

The ceilings stand a tenth above what was counted, with the SDKs of the lock file; the SDKs' own usual use takes one and a
half to a hundred times as many (`just bench` measures it). A rise above one is a cost that everybody pays in each call:
find out where it comes from before you raise it.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import fast
import pytest
from cases import CASES, EVENTS, MODELS, SHORT, TURNS, WIRES, Case, base_url
from ours import System
from replies import events, reply
from support.call_cost import calls_by_name, fewest_calls
from support.loopback import Canned, Loopback, Received

from capably import llm
from capably.registry.identify import find_model
from capably.types.tools import Tool
from capably.validation.check import check_call
from capably.validation.violations import PendingCall


def answer(wire: str, case: str) -> Callable[[Received], Canned]:
    """A server's answer: the canned reply, or its events in one piece."""
    if case.startswith("stream"):
        return lambda _: Canned([b"".join(events(wire, case))])
    return lambda _: Canned(reply(wire, case))


SYSTEMS = {"httpx2": System, "pyreqwest": fast.System}
"""HTTP library -> the system that sends over it."""


@pytest.fixture
def work() -> Iterator[Callable[..., Callable[[], object]]]:
    """Makes a case of the benchmark ready on a wire format: clients are built, and everything was done once."""
    servers: list[Loopback] = []

    def ready(wire: str, name: str, library: str = "httpx2") -> Callable[[], object]:
        case: Case = CASES[name]
        canned = name if name.startswith(("stream", "calls", "thinking")) else "small"
        servers.append(Loopback([answer(wire, canned)]).__enter__())
        system = SYSTEMS[library](wire, servers[-1].url)
        run: Callable[[Case], object] = getattr(system, case.kind)
        for _ in range(2):
            assert run(case) == case.answer
        return lambda: run(case)

    yield ready
    for server in servers:
        server.__exit__()


CEILINGS = {
    "httpx2": {
        "anthropic": {"small": 1770, "calls": 2220, "tools": 1840, "history": 2110, "stream": 15_600},
        "responses": {"small": 1745, "calls": 2535, "tools": 1805, "history": 2080, "stream": 17_400},
        "chat": {"small": 1745, "calls": 2580, "tools": 1805, "history": 2080, "stream": 31_400},
        "google": {"small": 1765, "calls": 2480, "tools": 1845, "history": 2325, "stream": 36_200},
    },
    "pyreqwest": {
        "anthropic": {"small": 355, "calls": 800, "tools": 420, "history": 690, "stream": 14_400},
        "responses": {"small": 365, "calls": 1155, "tools": 425, "history": 700, "stream": 16_100},
        "chat": {"small": 365, "calls": 1200, "tools": 425, "history": 700, "stream": 30_000},
        "google": {"small": 385, "calls": 1100, "tools": 465, "history": 945, "stream": 34_700},
    },
}
"""HTTP library, wire format and case -> the most functions that a call may call. The work of pyreqwest is no Python."""

CASES_WITH_CEILINGS = [
    (library, wire, case) for library, wires in CEILINGS.items() for wire in wires for case in wires[wire]
]


@pytest.mark.parametrize(("library", "wire", "case"), CASES_WITH_CEILINGS)
def test_a_call_stays_below_its_ceiling(library: str, wire: str, case: str, work: Any) -> None:
    assert fewest_calls(work(wire, case, library)) <= CEILINGS[library][wire][case]


@llm.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


TALK = [llm.system("Be brief."), *[llm.user("a"), llm.assistant("b")] * 3, llm.user("c")]
CHECKED: dict[str, tuple[str, dict[str, Any], list[Any], int]] = {
    "nothing": ("anthropic/claude-sonnet-5-5", {}, [llm.user("Hi")], 8),
    "a limit": ("anthropic/claude-sonnet-5-5", {"max_tokens": 100}, [llm.user("Hi")], 9),
    "five tools": (
        "anthropic/claude-sonnet-5-5",
        {"reasoning": "high", "max_tokens": 100, "tools": [add] * 5},
        [llm.user("Hi")],
        15,
    ),
    "sampling": ("google/gemini-2.5-flash", {"temperature": 0.5, "stop": ["END"]}, TALK[:2], 10),
    "a format": ("openai/gpt-5.6", {"format": int, "tools": [add] * 2}, [llm.user("Hi")], 10),
    "messages": ("openai/gpt-5.6", {}, TALK, 13),
}
"""What is asked of which model, and how many functions are called to find that there is nothing to say."""


@pytest.mark.parametrize("name", CHECKED)
def test_what_a_model_takes_is_looked_up_and_not_worked_out(name: str) -> None:
    id, params, messages, most = CHECKED[name]
    info = find_model(id)
    asked = PendingCall(id, info, str(info.endpoint), params, messages, "raise")
    check: Callable[[], object] = lambda: check_call(asked)  # noqa: E731
    assert check() == []
    made = fewest_calls(check) - len(("<lambda>", "setprofile"))
    assert made <= most, "see `calls_by_name`"


@pytest.mark.parametrize("wire", WIRES)
def test_a_body_is_encoded_once_and_a_reply_is_parsed_once(wire: str, work: Any) -> None:
    made = calls_by_name(work(wire, "small"))
    assert (made["json_encode"], made["decode_reply"], parses(made)) == (1, 1, 1)
    assert not {"dumps", "loads", "model_validate", "validate_python"} & made.keys()


@pytest.mark.parametrize("wire", WIRES)
def test_an_event_of_a_stream_is_parsed_once(wire: str, work: Any) -> None:
    made = calls_by_name(work(wire, "stream"))
    assert EVENTS <= parses(made) <= EVENTS + 15
    assert made["json_encode"] <= 3, "the request, and the whole reply"


def parts_built(work: Callable[[], object]) -> Counter[type[llm.Part]]:
    """How many parts of each class `work` builds in this thread."""
    built: Counter[type[llm.Part]] = Counter()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        made = frame.f_locals.get("self")
        if event == "call" and frame.f_code.co_name == "__init__" and isinstance(made, llm.Part):
            built[type(made)] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return built


def everything(wire: str) -> bytes:
    """A reply with a thought, a text and twenty tool calls."""
    said, called = (json.loads(reply(wire, case)) for case in ("thinking", "calls"))
    if wire == "chat":
        said["choices"][0]["message"]["tool_calls"] = called["choices"][0]["message"]["tool_calls"]
        return json.dumps(said).encode()
    parts_of: dict[str, Callable[[Any], list[Any]]] = {
        "anthropic": lambda body: body["content"],
        "responses": lambda body: body["output"],
        "google": lambda body: body["candidates"][0]["content"]["parts"],
    }
    parts_of[wire](said).extend(parts_of[wire](called))
    return json.dumps(said).encode()


@pytest.mark.parametrize("wire", WIRES)
def test_a_response_whose_text_alone_is_read_builds_no_other_part(wire: str) -> None:
    said: list[llm.Response[Any, Any, Any]] = []
    with Loopback([lambda _: Canned(everything(wire))]) as server:
        model = System(wire, server.url).model
        made = parts_built(lambda: said.append(model.call("Hi")))
    (response,) = said
    made += parts_built(response.text)
    _ = (response.finish_reason, response.usage, response.cost)
    assert response.text() == SHORT
    assert made == {llm.Text: 2}, "the question and the answer"
    calls: Any = response.tool_calls
    assert len(calls) == 20
    assert parts_built(lambda: response.tool_calls) == {}, "a part is built once"
    assert parts_built(lambda: response.content) == {llm.Thought: 1}
    assert [part for part in response.content if isinstance(part, llm.ToolCall)] == list(calls)
    assert all(one is other for one, other in zip(calls, response.content[2:], strict=True))


@pytest.mark.parametrize("wire", WIRES)
def test_each_kind_of_part_is_built_by_itself(wire: str) -> None:
    with Loopback([lambda _: Canned(everything(wire))]) as server:
        response = System(wire, server.url).model.call("Hi")
    assert parts_built(lambda: response.tool_calls) == {llm.ToolCall: 20}
    assert parts_built(lambda: response.thoughts) == {llm.Thought: 1}
    assert parts_built(lambda: (response.content, response.messages, response.to_json())) == {}


@pytest.mark.parametrize("wire", WIRES)
def test_copies_and_threads_get_equal_parts_of_a_reply_that_nobody_has_read(wire: str) -> None:
    with Loopback([lambda _: Canned(everything(wire))] * 4) as server:
        model = System(wire, server.url).model
        whole = model.call("Hi").content
        assert copy.deepcopy(model.call("Hi")).content == whole
        assert pickle.loads(pickle.dumps(model.call("Hi"))).content == whole
        response = model.call("Hi")
    with ThreadPoolExecutor(8) as pool:
        assert all(read == whole for read in pool.map(lambda _: response.content, range(64)))


def parses(made: Counter[str]) -> int:
    """JSON documents that were read."""
    return made["load_json"] + made["load_body"]


@pytest.mark.parametrize("wire", WIRES)
def test_a_message_that_was_sent_before_costs_a_few_functions(wire: str, work: Any) -> None:
    assert (fewest_calls(work(wire, "history")) - fewest_calls(work(wire, "small"))) / TURNS < 4


class Watched(Mapping[str, Any]):
    """A schema that counts how often somebody walks over it."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        self.walks = 0

    def __getitem__(self, key: str) -> Any:
        return self.schema[key]

    def __len__(self) -> int:
        return len(self.schema)

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return iter(self.schema)


@pytest.mark.parametrize("wire", ["anthropic", "responses", "google"])
def test_a_tool_is_put_into_the_providers_form_once(wire: str) -> None:
    schema = Watched({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
    tool = Tool(lambda city: city, name="weather", description="Weather.", parameters=schema, strict=True)
    with Loopback([answer(wire, "small")]) as server:
        provider = "openai" if wire == "responses" else wire
        llm.configure(provider, api_key="test", base_url=base_url(wire, server.url))
        model = llm.Model.of(f"{provider}/{MODELS[wire]}")
        model.call("Hi", tools=[tool])
        walked = schema.walks
        assert walked
        for _ in range(3):
            model.call("Hi", tools=[tool])
    assert schema.walks == walked


@pytest.mark.parametrize("library", ["httpx2", "pyreqwest"])
def test_http_is_loaded_at_the_first_call_and_no_sdk_ever(library: str) -> None:
    code = f"""
import sys
from capably import llm
assert not {{"asyncio", "ssl", "httpx2", "pyreqwest", "urllib.request"}} & sys.modules.keys(), "at import"
from support.loopback import Canned, Loopback
from support.vendor_replies import vendor_reply
for name, id in (("anthropic", "claude-sonnet-5-5"), ("openai", "gpt-6.1-sol"), ("google", "gemini-3.8-flash")):
    with Loopback([lambda received, name=name: vendor_reply(name, received, ["Hi"])]) as server:
        llm.configure(name, api_key="test", base_url=server.url, http="{library}")
        assert llm.Model.of(f"{{name}}/{{id}}").call("Hi").text() == "Hi"
llm.close()
assert not {{"anthropic", "openai", "google.genai", "pydantic", "aiohttp"}} & sys.modules.keys(), "at the first call"
assert {library == "httpx2"} or "asyncio" not in sys.modules, "httpx2 loads it, pyreqwest only for asynchronous calls"
print(*({{"httpx2", "pyreqwest"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env=WITH_SUPPORT)
    assert (done.stdout, done.stderr) == (f"{library}\n", "")


WITH_SUPPORT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)}
