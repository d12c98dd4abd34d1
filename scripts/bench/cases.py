"""What is measured: the questions, and the answer that every system must give to each. Standard library only.

Every question ends with a mark, `[case NAME]`, by which the server knows what to answer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

WIRES = ("anthropic", "responses", "chat", "google")
"""The four wire formats."""

EVENTS = 500
"""Deltas in a streamed answer."""

TURNS = 200
"""Messages before the question, in the long history."""

AT_ONCE = 200
"""Calls at the same time, in the asynchronous case."""

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "then",
    "sleeps",
    "under",
    "some",
    "old",
    "tree",
]
SHORT = "Read A Wizard of Earthsea, where knowing a thing's true name is the only magic."
LONG = "".join(f"{WORDS[i % len(WORDS)]} " for i in range(EVENTS)).strip()
THOUGHT = "The reader wants one book. Earthsea is short, and its magic is made of names."
BOOK = {"title": "A Wizard of Earthsea", "author": "Ursula K. Le Guin", "year": 1968, "tags": ["fantasy", "classic"]}
CITIES = [f"City {number}" for number in range(20)]
ROWS = [f"row {number}: {WORDS[number % len(WORDS)]}" for number in range(150)]


class Answer(NamedTuple):
    """What a system read: the text, the tool calls as (name, arguments), tokens in and out."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    tokens: tuple[int, int] = (0, 0)


class Case(NamedTuple):
    """One piece of work. `kind`: `call`, `stream`, `first` (a stream up to its first text), or `async` (many calls at once)."""

    title: str
    kind: str
    prompt: str
    answer: Answer
    tools: bool = False
    structured: bool = False
    history: bool = False
    tls: bool = False


_CALLS = tuple(("get_weather", {"city": city, "unit": "celsius"}) for city in CITIES)

CASES: dict[str, Case] = {
    "small": Case("small call", "call", "Name a fantasy book. [case small]", Answer(SHORT, (), (16, 24))),
    "calls": Case(
        "20 tool calls in the reply",
        "call",
        "How is the weather in twenty cities? [case calls]",
        Answer("", _CALLS, (16, 24)),
        tools=True,
    ),
    "tools": Case(
        "request with tools", "call", "Name a fantasy book. [case small]", Answer(SHORT, (), (16, 24)), tools=True
    ),
    "structured": Case(
        "structured output",
        "call",
        "Describe a book. [case structured]",
        Answer(repr(BOOK), (), (16, 24)),
        structured=True,
    ),
    "thinking": Case(
        "thoughts in the reply", "call", "Think, then name a book. [case thinking]", Answer(SHORT, (), (16, 40))
    ),
    "history": Case(
        f"history of {TURNS} messages", "call", "And now? [case small]", Answer(SHORT, (), (16, 24)), history=True
    ),
    "stream": Case(
        f"streamed text, {EVENTS} events", "stream", "Tell a story. [case stream]", Answer(LONG, (), (16, EVENTS))
    ),
    "first": Case("time to the first text", "first", "Tell a story. [case stream]", Answer(LONG)),
    "stream-calls": Case(
        f"streamed arguments, {EVENTS} events",
        "stream",
        "Save these rows. [case stream-calls]",
        Answer("", (("save_rows", {"rows": ROWS}),), (16, EVENTS)),
        tools=True,
    ),
    "stream-thoughts": Case(
        f"streamed thoughts, {EVENTS} events",
        "stream",
        "Think long. [case stream-thoughts]",
        Answer(SHORT, (), (16, EVENTS)),
    ),
    "async": Case(
        f"{AT_ONCE} calls at once", "async", "Name a fantasy book. [case small]", Answer(SHORT, (), (16, 24))
    ),
    "small-tls": Case(
        "small call over TLS", "call", "Name a fantasy book. [case small]", Answer(SHORT, (), (16, 24)), tls=True
    ),
    "stream-tls": Case(
        f"streamed text over TLS, {EVENTS} events",
        "stream",
        "Tell a story. [case stream]",
        Answer(LONG, (), (16, EVENTS)),
        tls=True,
    ),
}

HISTORY = [
    ("user", f"Question {number}: what comes after chapter {number}, and why does it?")
    if number % 2 == 0
    else (
        "assistant",
        f"Chapter {number + 1} comes next, because the story goes on from where {WORDS[number % 16]} was.",
    )
    for number in range(TURNS)
]
"""The long history, as (role, text); it ends with an answer."""


def get_weather(city: str, unit: str = "celsius") -> str:
    """Tells the weather of a city."""
    return f"{city}: 20 {unit}"


def save_rows(rows: list[str]) -> str:
    """Saves rows of text."""
    return f"{len(rows)} rows"


def search_books(query: str, year: int | None = None, limit: int = 10) -> str:
    """Searches a catalogue of books."""
    return f"{query} {year} {limit}"


def send_mail(to: str, subject: str, body: str, copies: list[str]) -> str:
    """Sends a mail."""
    return f"{to} {subject} {body} {copies}"


def set_timer(minutes: int, label: str = "") -> str:
    """Sets a timer."""
    return f"{minutes} {label}"


TOOLS = [get_weather, save_rows, search_books, send_mail, set_timer]
_TEXT = {"type": "string"}
SCHEMAS: dict[str, dict[str, Any]] = {
    "get_weather": {"type": "object", "properties": {"city": _TEXT, "unit": _TEXT}, "required": ["city"]},
    "save_rows": {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": _TEXT}},
        "required": ["rows"],
    },
    "search_books": {
        "type": "object",
        "properties": {
            "query": _TEXT,
            "year": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "limit": {"type": "integer"},
        },
        "required": ["query"],
    },
    "send_mail": {
        "type": "object",
        "properties": {"to": _TEXT, "subject": _TEXT, "body": _TEXT, "copies": {"type": "array", "items": _TEXT}},
        "required": ["to", "subject", "body", "copies"],
    },
    "set_timer": {
        "type": "object",
        "properties": {"minutes": {"type": "integer"}, "label": _TEXT},
        "required": ["minutes"],
    },
}
"""The parameters of each tool, for systems that take schemas rather than functions."""

MODELS = {
    "anthropic": "claude-sonnet-5-5",
    "responses": "gpt-6.1-sol",
    "chat": "gpt-6.1-sol",
    "google": "gemini-3.8-flash",
}
"""The model that is named on each wire; the server answers whatever is asked for."""


def base_url(wire: str, url: str) -> str:
    """Return the base URL of a vendor's SDK for a wire format, on the server at `url`."""
    return f"{url}/v1" if wire in ("responses", "chat") else url
