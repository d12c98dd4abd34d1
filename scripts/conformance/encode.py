"""Recorded requests against ours: each is read (`asked`), said to our encoders, and compared field by field.

`DIFFERENCES` are the places where ours is meant to differ, each with its reason; both sides are brought to one form
there, and everywhere else they must be equal.
"""

# Recorded JSON may have any shape:
# pyright: basic
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support import request_readers as sent

from capably.calls.call import split_instructions
from capably.providers.spellings import NoSpellingError
from capably.types.request import Request
from conformance.cases import Exchange, name_of
from conformance.differences import DIFFERENCES, Json


def encode(exchange: Exchange, adapter: Any) -> Json:
    """Encode the recorded request with our API; raise `Inexpressible` if our API cannot express it."""
    ask = sent.read(exchange._replace(provider=name_of(exchange.provider)))
    instructions, messages = split_instructions(ask.messages)
    request = Request(
        info=None,
        model_id=str(exchange.sent.get("model") or ""),
        endpoint=exchange.endpoint,
        messages=messages,
        system="\n\n".join(message.text for message in instructions) or None,
        instructions=instructions,
        params=ask.params,
        extra=ask.extra,
    )
    try:
        return json.loads(json.dumps(adapter.encode(request)))
    except NoSpellingError as error:
        raise sent.Inexpressible(f"refused: {error.feature}") from error


def difference(exchange: Exchange, ours: Json) -> str:
    """Return where ours and the recorded request differ unintentionally; empty if they do not."""
    theirs, ours, _ = in_one_form(exchange, ours)
    return next(_unequal(theirs, ours, ""), "")


def in_one_form(exchange: Exchange, ours: Json) -> tuple[Json, Json, set[str]]:
    """Return the recorded request and ours after `DIFFERENCES`, and the reasons of those that changed something."""
    theirs = json.loads(json.dumps(exchange.sent))
    used: set[str] = set()
    for rule in DIFFERENCES:
        if rule.endpoint == exchange.endpoint and rule.provider in ("", exchange.provider):
            before = theirs, ours
            theirs, ours = rule.form(dict(theirs)), rule.form(dict(ours))
            used |= {rule.reason} if before != (theirs, ours) else set()
    return theirs, ours, used


def _unequal(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            if key not in ours or key not in theirs:
                side, value = ("ours lacks", theirs[key]) if key in theirs else ("ours adds", ours[key])
                yield f"{path}.{key}: {side} {json.dumps(value)[:200]}"
            else:
                yield from _unequal(theirs[key], ours[key], f"{path}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{path}: {json.dumps(theirs)[:300]} became {json.dumps(ours)[:300]}"
        for place, pair in enumerate(zip(theirs, ours, strict=False)):
            yield from _unequal(*pair, f"{path}.{place}")
    elif theirs != ours or isinstance(theirs, bool) != isinstance(ours, bool):
        yield f"{path}: {json.dumps(theirs)[:200]} became {json.dumps(ours)[:200]}"
