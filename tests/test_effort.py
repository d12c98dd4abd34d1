"""What a call costs, counted: functions called, bodies encoded, schemas built, modules imported. Never the clock.

The ceilings stand a tenth above what was counted, with the SDKs of the lock file; the SDKs' own usual use takes one and a
half to a hundred times as many (`just bench` measures it). A rise above one is a cost that everybody pays in each call:
find out where it comes from before you raise it.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from cases import CASES, EVENTS, MODELS, TURNS, WIRES, Case, base_url
from effort import calls_by_name, calls_made
from loopback import Canned, Loopback, Received
from ours import System
from replies import events, reply

from capably import llm
from capably.types.tools import Tool


def answer(wire: str, case: str) -> Callable[[Received], Canned]:
    """A server's answer: the canned reply, or its events in one piece."""
    if case.startswith("stream"):
        return lambda _: Canned([b"".join(events(wire, case))])
    return lambda _: Canned(reply(wire, case))


@pytest.fixture
def work() -> Iterator[Callable[[str, str], Callable[[], object]]]:
    """Makes a case of the benchmark ready on a wire format: clients are built, and everything was done once."""
    servers: list[Loopback] = []

    def ready(wire: str, name: str) -> Callable[[], object]:
        case: Case = CASES[name]
        canned = name if name.startswith(("stream", "calls", "thinking")) else "small"
        servers.append(Loopback([answer(wire, canned)]).__enter__())
        system = System(wire, servers[-1].url)
        run: Callable[[Case], object] = getattr(system, case.kind)
        for _ in range(2):
            assert run(case) == case.answer
        return lambda: run(case)

    yield ready
    for server in servers:
        server.__exit__()


CEILINGS = {
    "anthropic": {"small": 2550, "calls": 3000, "tools": 2600, "history": 2900, "stream": 15_500},
    "responses": {"small": 2850, "calls": 3300, "tools": 2950, "history": 3250, "stream": 18_000},
    "chat": {"small": 3000, "calls": 3450, "tools": 3050, "history": 3350, "stream": 33_000},
    "google": {"small": 1950, "calls": 2500, "tools": 2050, "history": 2500, "stream": 39_500},
}


@pytest.mark.parametrize(("wire", "case"), [(wire, case) for wire in CEILINGS for case in CEILINGS[wire]])
def test_a_call_stays_below_its_ceiling(wire: str, case: str, work: Any) -> None:
    assert calls_made(work(wire, case)) <= CEILINGS[wire][case]


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


def parses(made: Counter[str]) -> int:
    """JSON documents that were read."""
    return made["load_json"]


@pytest.mark.parametrize("wire", WIRES)
def test_a_message_that_was_sent_before_costs_a_few_functions(wire: str, work: Any) -> None:
    assert (calls_made(work(wire, "history")) - calls_made(work(wire, "small"))) / TURNS < 4


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
        llm.provider(provider, api_key="test", base_url=base_url(wire, server.url))
        model = llm.Model.of(f"{provider}/{MODELS[wire]}")
        model.call("Hi", tools=[tool])
        walked = schema.walks
        assert walked
        for _ in range(3):
            model.call("Hi", tools=[tool])
    assert schema.walks == walked


def test_a_synchronous_call_loads_nothing_of_the_asynchronous_side() -> None:
    code = """
import sys
from capably import llm
assert not {"asyncio", "http.client", "ssl", "httpx2", "urllib.request"} & sys.modules.keys(), "at import"
llm.preload("anthropic")
from capably.providers.http import lean_transport
lean_transport()
assert "capably.providers.aio" not in sys.modules, "at the first call"
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
