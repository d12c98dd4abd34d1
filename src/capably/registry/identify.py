"""What is known of an id: a listed model, one that is retired, one that is no chat model, or nothing. Every function that takes an id asks here."""

from __future__ import annotations

from typing import Literal, NamedTuple

from capably.registry.lookup import listed_model, nearest_ids, overlay, providers, resolve_model, retired_models
from capably.types.errors import UnknownModelError
from capably.types.facts import ModelInfo


class Identity(NamedTuple):
    """What is known of an id. `problem` is what is wrong with one that is not listed: `was retired on 2026-06-01 and ...`."""

    id: str
    status: Literal["listed", "retired", "not_chat", "removed", "unknown"]
    info: ModelInfo | None = None
    problem: str = ""
    ended: str | None = None
    """The day on which a retired model stopped answering."""
    replacement: str | None = None

    @property
    def nearest(self) -> tuple[str, ...]:
        """Listed ids that may be meant, or that take its place."""
        if self.status in ("unknown", "removed"):
            return tuple(nearest_ids(self.id))
        return (self.replacement,) if self.replacement else ()

    @property
    def advice(self) -> str:
        """Return a sentence on what to use instead, or nothing."""
        if self.replacement:
            return f"Its successor is {self.replacement}."
        return f"Nearest: {', '.join(self.nearest)}." if self.status == "unknown" and self.nearest else ""

    def __str__(self) -> str:
        return " ".join(filter(None, (f'"{self.id}" {self.problem}.', self.advice)))


def identify(id: str) -> Identity:
    """Return what is known of an id."""
    info = listed_model(id)
    if info is not None:
        return Identity(id, "listed", info)
    theirs, (retired, not_chat) = overlay(), retired_models()
    if theirs and ({id, id.partition("/")[0]} & theirs.removed):
        return Identity(id, "removed", None, f"was removed by {theirs.data['source']}")
    if id in retired:
        ended = retired[id]["on"]
        problem = f"was retired{f' on {ended}' if ended else ''} and no longer answers"
        return Identity(id, "retired", None, problem, ended, retired[id]["replacement"])
    if id in not_chat:
        return Identity(id, "not_chat", None, f"is a model for {not_chat[id]}, which capably does not call")
    return Identity(id, "unknown", None, _unknown(id))


def _unknown(id: str) -> str:
    provider = id.partition("/")[0]
    if "/" not in id:
        return "names no provider; ids read provider/model"
    if provider not in providers():
        return f'names the provider "{provider}", but there are only {", ".join(providers())}'
    return "is not in the registry"


def find_model(id: str) -> ModelInfo:
    """Return the listed model with this id. Raises `UnknownModelError`, which says what else the id could be."""
    identity = identify(id)
    if identity.info is not None:
        return identity.info
    text = str(identity)
    if identity.status == "unknown" and "/" in id and id.partition("/")[0] in providers():
        text += f' An id that the registry does not know can be used, unchecked, with llm.Model.of("{id}").'
    raise UnknownModelError(text, model=id, nearest=identity.nearest)


def model_of(id: str) -> tuple[ModelInfo | None, str]:
    """Return what is known of an id that is used all the same, and a warning where that is nothing."""
    if "/" not in id:
        return find_model(id), ""
    info = resolve_model(id)
    return info, "" if info is not None or id.startswith("scripted/") else unchecked(id)


def unchecked(id: str) -> str:
    """Return the warning for an id that is used although it is not listed."""
    identity = identify(id)
    if identity.status == "unknown":
        return " ".join(filter(None, (f'"{id}" {identity.problem}, so nothing about it is checked.', identity.advice)))
    return f"{identity} Nothing about it is checked."
