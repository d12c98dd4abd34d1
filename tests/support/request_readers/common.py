"""What the wire formats have in common: a request in our words, and its pieces."""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from conformance.cases import Exchange

from capably import llm
from capably.types import parts as p, tools as t
from capably.types.format import Format
from capably.types.messages import AssistantMessage, Source

Json = dict[str, Any]
WORDS = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


class Inexpressible(Exception):
    """Our API has no words for something in this request."""


class Ask(NamedTuple):
    """A request in our words; `extra` are fields of the body that are the provider's own."""

    messages: list[Any]
    params: dict[str, Any]
    extra: dict[str, Any]


def only(fields: Mapping[str, Any], what: str, *names: str) -> None:
    """Raise for a field that has a value and no counterpart in our API."""
    for name, value in fields.items():
        if name not in names and value is not None:
            raise Inexpressible(f"{what} with {name}")


def rest(fields: Mapping[str, Any], *names: str) -> Json:
    """Return the fields without a name in our API, which it passes through."""
    return {name: value for name, value in fields.items() if name not in names and value is not None}


def tool(
    name: str, description: str | None, schema: Any, strict: bool | None, extra: Json | None = None
) -> t.Tool[Any]:
    """Build a tool with a description; `extra` are fields that our API leaves to the provider."""
    return t.Tool(
        lambda: None, name=name, description=description or None, parameters=schema, strict=strict, extra=extra
    )


def format(name: str, schema: Json) -> Format:
    return Format(name=name, schema=schema, load=lambda value: value, source=None)


def check_strict(form: Json) -> None:
    if form.get("strict") is not True:
        raise Inexpressible("a format without a guarantee, for which ours always asks")


def media(kind: str, data: str, **fields: Any) -> p.Media:
    """Build the part for bytes of this media type."""
    heads = {"image": p.Image, "audio": p.Audio, "video": p.Video}
    cls = heads.get(kind.partition("/")[0], p.Document)
    try:
        return cls(data=base64.b64decode(data, validate=True), media_type=kind, **fields)
    except ValueError as error:
        raise Inexpressible("bytes that are no base64") from error


def data_url(url: str, cls: type[p.Media], **fields: Any) -> p.Media:
    if not url.startswith("data:"):
        return cls(url=url, **fields)
    head, _, data = url[5:].partition(",")
    if not head.endswith(";base64"):
        raise Inexpressible("a data: URL without base64")
    made = media(head.removesuffix(";base64"), data, **{key: fields[key] for key in fields if key == "name"})
    return cls(**{**fields, "data": made.data, "media_type": made.media_type, "name": made.name})


def thinking(**settings: Any) -> Any:
    """Build a `Reasoning` from words that its constructor's types do not list."""
    made: Any = llm.Reasoning
    return made(**settings)


def choice(choice: Any, words: Mapping[str, str], name: str | None) -> Any:
    """Read `tool_choice`: one of the words, or the name of a function."""
    if name is not None:
        return name
    if not isinstance(choice, str) or choice not in words:
        raise Inexpressible("tool_choice among several tools")
    return words[choice]


def theirs(exchange: Exchange, wire: Any) -> AssistantMessage:
    """Build a turn that goes back as its own JSON."""
    model = str(exchange.sent.get("model") or "some-model").replace(":", "-")
    return AssistantMessage([], Source(exchange.provider, exchange.endpoint, model, wire))
