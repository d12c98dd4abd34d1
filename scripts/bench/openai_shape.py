"""Reading answers in OpenAI's shape, which several peers give for every provider. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cases import HISTORY, SCHEMAS, TOOLS, Answer, Case

FUNCTIONS = [
    {
        "type": "function",
        "function": {"name": tool.__name__, "description": tool.__doc__, "parameters": SCHEMAS[tool.__name__]},
    }
    for tool in TOOLS
]


def messages(case: Case) -> list[dict[str, str]]:
    """Return the conversation of a case."""
    history = [{"role": role, "content": text} for role, text in HISTORY] if case.history else []
    return [*history, {"role": "user", "content": case.prompt}]


def answer(completion: Any, text: str | None = None) -> Answer:
    """Read the answer of a complete completion."""
    message = completion.choices[0].message
    calls = tuple((call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or ())
    tokens = (completion.usage.prompt_tokens, completion.usage.completion_tokens)
    return Answer((message.content or "") if text is None else text, calls, tokens)


def streamed(chunks: Iterable[Any]) -> Answer:
    """Read the answer of a completion in chunks."""
    text: list[str] = []
    name, arguments, tokens = "", list[str](), (0, 0)
    for chunk in chunks:
        usage = getattr(chunk, "usage", None)
        if usage:
            tokens = (usage.prompt_tokens, usage.completion_tokens)
        if not chunk.choices:
            continue
        delta = chunk.choices[0].delta
        if delta.content:
            text.append(delta.content)
        for call in delta.tool_calls or ():
            name = call.function.name or name
            arguments.append(call.function.arguments or "")
    return Answer("".join(text), ((name, json.loads("".join(arguments))),) if name else (), tokens)
