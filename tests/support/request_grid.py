"""Requests to hold against the vendors' own descriptions: every feature that a model takes, alone and in random company.

for made in requests():  # Made("anthropic/claude-...", "messages", "cache + tools", b'{"model": ...}')
"""

# Formats and tools are of any type:
# pyright: basic
from __future__ import annotations

import dataclasses
import enum
import random
import warnings
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from capably import llm
from capably.calls.call import prepare
from capably.types.errors import UnsupportedFeatureError
from capably.types.facts import ModelInfo

COMPANIES = 40
"""How many random combinations of features are made for each model."""


class Made(NamedTuple):
    """An encoded request: whose, in which wire format, and of which features."""

    model: str
    endpoint: str
    features: str
    body: bytes


class Feature(NamedTuple):
    """Something to ask for: parts or messages that are added to a question, and parameters."""

    content: list[Any]
    params: dict[str, Any]


class Unit(enum.Enum):
    """An enum among arguments and answers."""

    METRE = "m"
    FOOT = "ft"


@dataclasses.dataclass
class Place:
    """A place, with what is in it."""

    name: Annotated[str, "As on maps."]
    height: float | None = None
    unit: Unit = Unit.METRE
    kind: Literal["town", "hill"] = "town"
    inside: list[Place] = dataclasses.field(default_factory=list)


@llm.tool
def look(place: str, days: Annotated[int, "From today."] = 1, *, unit: Unit = Unit.METRE) -> str:
    """Looks at a place."""
    return f"{place}{days}{unit}"


@llm.tool(strict=True)
def visit(place: Place, also: list[str] | None = None) -> str:
    """Goes there."""
    return f"{place}{also}"


@llm.tool
def now() -> str:
    """The time."""
    return "noon"


PIXEL = bytes.fromhex("89504e470d0a1a0a")
CALLS = llm.assistant(
    [llm.Text("Let me see."), llm.ToolCall("c_1", "look", {"place": "Ur"}), llm.ToolCall("c2", "now", {})]
)
OUTPUTS = [llm.ToolOutput("c_1", "look", "dry"), llm.ToolOutput("c2", "now", {"at": 12}, is_error=True)]
TALK = [llm.user("One."), llm.assistant("Two."), llm.user(["Three.", "Four."])]

FEATURES: dict[str, Feature] = {
    "nothing": Feature([], {}),
    "system": Feature([], {"system": "Be brief."}),
    "talk": Feature(TALK, {}),
    "system in the middle": Feature([*TALK, llm.system("Briefly."), llm.user("Five.")], {}),
    "thought and refusal of another": Feature(
        [llm.assistant([llm.Thought("Hm."), llm.Refusal("No.")]), llm.user("Why?")], {}
    ),
    "calls and outputs": Feature([llm.user("Go."), CALLS, llm.user(OUTPUTS)], {"tools": [look, now]}),
    "outputs and more": Feature([llm.user("Go."), CALLS, llm.user([*OUTPUTS, "Well?"])], {"tools": [look, now]}),
    "output with an image": Feature(
        [
            llm.user("Go."),
            llm.assistant([llm.ToolCall("c1", "look", {"place": "Ur"})]),
            llm.user([llm.ToolOutput("c1", "look", ["Here:", llm.Image.from_bytes(PIXEL, media_type="image/png")])]),
        ],
        {"tools": [look]},
    ),
    "image by url": Feature([llm.Image.from_url("https://x.y/z.png")], {}),
    "image in bytes": Feature([llm.Image.from_bytes(PIXEL, media_type="image/png")], {}),
    "image by id": Feature([llm.Image.from_file_id("file-1", media_type="image/png")], {}),
    "document by url": Feature([llm.Document.from_url("https://x.y/z.pdf")], {}),
    "document in bytes": Feature([llm.Document.from_bytes(b"%PDF", media_type="application/pdf", name="a.pdf")], {}),
    "document by id": Feature([llm.Document.from_file_id("file-1", media_type="application/pdf")], {}),
    "text document": Feature([llm.Document.from_bytes(b"Hi", media_type="text/plain")], {}),
    "audio": Feature([llm.Audio.from_bytes(b"RIFF", media_type="audio/wav")], {}),
    "video": Feature([llm.Video.from_url("https://x.y/z.mp4")], {}),
    "cache point": Feature(["Long.", llm.CachePoint()], {}),
    "cache point of an hour": Feature(["Long.", llm.CachePoint("1h")], {}),
    "cache point of half an hour": Feature(["Long.", llm.CachePoint("30m")], {}),
    **{f"cache={ttl}": Feature([], {"cache": ttl}) for ttl in ("5m", "30m", "1h", "12h", "24h", "cachedContents/a")},
    "tools": Feature([], {"tools": [look, visit, now]}),
    "tool_choice=auto": Feature([], {"tools": [look], "tool_choice": "auto"}),
    "tool_choice=none": Feature([], {"tools": [look], "tool_choice": "none"}),
    "tool_choice=required": Feature([], {"tools": [look], "tool_choice": "required"}),
    "tool_choice=look": Feature([], {"tools": [look, now], "tool_choice": look}),
    "parallel_tools=False": Feature([], {"tools": [look, now], "parallel_tools": False}),
    "parallel_tools=True": Feature([], {"tools": [look, now], "parallel_tools": True}),
    "format=Place": Feature([], {"format": Place}),
    "format=int": Feature([], {"format": int}),
    "format=list": Feature([], {"format": list[Unit]}),
    "format=union": Feature([], {"format": Place | Unit}),
    "format and tools": Feature([], {"format": Place, "tools": [look]}),
    "reasoning=off": Feature([], {"reasoning": "off"}),
    **{f"reasoning={e}": Feature([], {"reasoning": e}) for e in ("minimal", "low", "medium", "high", "xhigh", "max")},
    "reasoning visible": Feature([], {"reasoning": llm.Reasoning(visible=True)}),
    "reasoning hidden": Feature([], {"reasoning": llm.Reasoning(visible=False)}),
    "reasoning high and visible": Feature([], {"reasoning": llm.Reasoning(effort="high", visible=True)}),
    "reasoning level and budget": Feature([], {"reasoning": llm.Reasoning(effort="low", budget_tokens=4000)}),
    "reasoning budget": Feature([], {"reasoning": llm.Reasoning(budget_tokens=4000)}),
    "temperature": Feature([], {"temperature": 0.5}),
    "temperature without reasoning": Feature([], {"temperature": 0, "reasoning": "off"}),
    "top_p": Feature([], {"top_p": 0.5}),
    "top_k": Feature([], {"top_k": 5}),
    "max_tokens": Feature([], {"max_tokens": 9000}),
    "stop": Feature([], {"stop": "END"}),
    "stops": Feature([], {"stop": ["END", "STOP"]}),
    "seed": Feature([], {"seed": 7}),
    "presence_penalty": Feature([], {"presence_penalty": 0.5}),
    "frequency_penalty": Feature([], {"frequency_penalty": -0.5}),
    "logprobs": Feature([], {"logprobs": True}),
    "logprobs=3": Feature([], {"logprobs": 3}),
    "verbosity": Feature([], {"verbosity": "low"}),
    "prefill": Feature([], {"prefill": "The"}),
    "output=text": Feature([], {"output": ("text",)}),
    "output=image": Feature([], {"output": ("text", "image")}),
    "output=audio": Feature([], {"output": ("text", "audio")}),
    **{
        f"{tool!r}": Feature([], {"tools": [tool]})
        for tool in (
            llm.ApplyPatch(),
            llm.Bash(),
            llm.BrowserUse(),
            llm.CodeExecution(),
            llm.ComputerUse(),
            llm.GoogleMaps(),
            llm.ImageGeneration(),
            llm.Memory(),
            llm.Shell(),
            llm.TextEditor(),
            llm.ToolSearch(),
            llm.WebFetch(),
            llm.WebSearch(),
        )
    },
    "own and built-in tools": Feature([], {"tools": [look, llm.WebSearch()]}),
}

BY_PROVIDER: dict[str, dict[str, Feature]] = {
    "openai": {
        "file search": Feature([], {"tools": [llm.FileSearch(vector_store_ids=["vs_1"])]}),
        "mcp": Feature(
            [], {"tools": [llm.MCPServer(server_label="a", server_url="https://x.y", require_approval="never")]}
        ),
    },
    "anthropic": {"mcp": Feature([], {"tools": [llm.MCPServer(name="a", url="https://x.y")]})},
    "google": {
        "file search": Feature([], {"tools": [llm.FileSearch(fileSearchStoreNames=["fileSearchStores/a"])]}),
        "mcp": Feature([], {"tools": [llm.MCPServer(name="a", streamableHttpTransport={"url": "https://x.y"})]}),
    },
}
"""Tools that say nothing without options, which are each provider's own."""


def requests() -> Iterator[Made]:
    """Yield each feature for each listed model of the vendors whose SDKs are installed, and random combinations.

    Other hosts, which speak OpenAI's format in dialects of their own, are nowhere described.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for info in llm.models():
            if info.provider in BY_PROVIDER:
                yield from _of_model(info)


def _of_model(info: ModelInfo) -> Iterator[Made]:
    features = FEATURES | BY_PROVIDER[info.provider]
    taken = [made for name, feature in features.items() if (made := _made(info, name, feature)) is not None]
    yield from taken
    dice = random.Random(info.id)
    names = [made.features for made in taken]
    for _ in range(COMPANIES):
        company = dice.sample(names, min(len(names), dice.randint(2, 5)))
        made = _made(info, " + ".join(company), _together([features[name] for name in company]))
        if made is not None:
            yield made


def _together(features: list[Feature]) -> Feature:
    content: list[Any] = []
    params: dict[str, Any] = {}
    for feature in features:
        content += feature.content
        tools = [
            *params.get("tools", ()),
            *(t for t in feature.params.get("tools", ()) if t not in params.get("tools", ())),
        ]
        params |= feature.params
        params |= {"tools": tools} if tools else {}
    return Feature(content, params)


def _made(info: ModelInfo, name: str, feature: Feature) -> Made | None:
    """Encode the request with the model's adapter; `None` if the model, or the wire format, refuses it."""
    try:
        ready = prepare(info.id, info, [*feature.content, "Well?"], feature.params)
    except UnsupportedFeatureError:
        return None
    return Made(info.id, ready.request.endpoint or "", name, msgspec.json.encode(ready.body))
