"""Merge a user's own registry file with capably's, for the generator and for run time.

Both work on plain data in sections (`providers`, `profiles`, `models`, `retired`, `not_chat`): the generator on the files,
run time on the generated tables. Entries are merged field by field; a field in the user's file replaces ours completely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

SECTIONS = ("providers", "profiles", "models", "retired", "not_chat")
LIKE = ("profile", "limits", "prices", "api_version")
"""Fields that a model copies from the one that it is `like`."""

_LISTS = ("models", "retired", "not_chat")
"""An id is in one of these. If the user's file has it in another, ours is removed."""

Ours: TypeAlias = Callable[[str, str], object]
"""Section and name -> our own entry, or `None`."""


class Overlay:
    """A user's registry file as plain data.

    A profile with `extends: <profile>` and a model with `like: <model>` start from that entry, not from ours of the same
    name. `remove` removes our models and providers before anything is added.
    """

    __slots__ = ("data", "ours", "removed")

    def __init__(self, data: Mapping[str, object], ours: Ours) -> None:
        self.data: Mapping[str, object] = data
        self.ours: Ours = ours
        self.removed: frozenset[str] = frozenset[str](cast("Iterable[str]", data.get("remove") or ()))

    def section(self, name: str) -> Mapping[str, Any]:
        """Return the user's entries of a section."""
        return cast("Mapping[str, Any]", self.data.get(name) or {})

    def stands(self, section: str, name: str) -> bool:
        """Return whether our entry with this name is still present."""
        if name.partition("/")[0] in self.removed or (section == "models" and name in self.removed):
            return False
        return section not in _LISTS or not any(name in self.section(other) for other in _LISTS if other != section)

    def entry(self, section: str, name: str) -> Any:
        """Return the entry in force: ours with the user's fields on top; `None` if neither has it."""
        theirs = self.section(section).get(name)
        if theirs is None or not isinstance(theirs, Mapping):
            return theirs if theirs is not None else self._own(section, name)
        given = dict(cast("Mapping[str, object]", theirs))
        start: Mapping[str, object] | None
        if section == "profiles" and "extends" in given:
            start = self.entry(section, str(given.pop("extends")))
        elif section == "models" and "like" in given:
            like: Mapping[str, object] = self.entry(section, str(given.pop("like"))) or {}
            start = {field: like[field] for field in LIKE if field in like}
        else:
            start = cast("Mapping[str, object] | None", self._own(section, name))
        return {**(start or {}), **given}

    def entries(self, section: str, our_names: Iterable[str]) -> dict[str, Any]:
        """Return a complete section: our remaining entries, then those of the user."""
        theirs = self.section(section)
        remaining = [name for name in our_names if name not in theirs and self.stands(section, name)]
        return {name: self.entry(section, name) for name in (*remaining, *theirs)}

    def _own(self, section: str, name: str) -> object:
        return self.ours(section, name) if self.stands(section, name) else None


def digest(text: str) -> str:
    """Return a hash of a file's text, to detect whether a compiled file is current."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
