"""The spellings of features: each wire format has one table, feature -> spelling.

A feature is a parameter of a call (`seed`), a kind of content (`input.audio`), a tool that the provider runs
(`builtin_tools.web_search`), a kind of output (`output.image`), or a further meaning of a parameter
(`reasoning.budget_tokens`). The encoder writes features by the table. The check and its errors read from it whether and
where the API has a field. The generator refuses facts without a spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict, Unpack, cast

from capably.modalities import MODALITY_OF
from capably.types import parts as p
from capably.types.reasoning import Reasoning
from capably.types.request import Request
from capably.types.tools import BuiltinTool, Tool

if TYPE_CHECKING:
    from capably.types.messages import Source
    from capably.types.tools import AnyTool

Body: TypeAlias = dict[str, object]
Encoder: TypeAlias = Callable[[Body, Any, Request], None]
"""Writes the value of a feature into the body."""


class Spelling(NamedTuple):
    """The spelling of a feature in one API.

    - `path`: its place in the body, `a.b` for the field `b` of the object `a`. Empty if the API has no field for it.
    - `encode`: the function that writes it. `None` for content, which is written with its message.
    - `words`: the only values that the API takes; empty if it takes any.
    - `plain`: the fields depend on the value alone, so `extra={...}` can carry them.
    - `below`: a parameter whose value a number must stay below.
    - `note`: what the response says of a value that was encoded in a weaker form; `None` if it was not.
    - `why` and `instead`: for a missing field, what the API has in its place, and the advice for the caller.
    """

    path: str
    encode: Encoder | None = None
    words: tuple[object, ...] = ()
    plain: bool = False
    below: str = ""
    note: Callable[[Any], str | None] | None = None
    why: str = ""
    instead: str = ""

    def can_express(self, value: object) -> bool:
        """Return whether the API can express this value."""
        return bool(self.path) and (not self.words or value in self.words)

    def fields(self, value: object) -> Body | None:
        """Return the fields of the value, for `extra=`; `None` if they depend on the rest of the call."""
        if not self.plain or self.encode is None:
            return None
        body: Body = {}
        self.encode(body, value, cast("Request", None))
        return body

    def at(self, value: object) -> str:
        """Return the path of a value: the feature's path, or its first field if that path is another's."""
        written = self.fields(value)
        return next(iter(written)) if written and self.path.partition(".")[0] not in written else self.path


Spellings: TypeAlias = Mapping[str, Spelling]


class NoSpellingError(Exception):
    """The wire format cannot express a part of the call.

    Encoders raise it with the facts and build no error for users: the road of the call decides by the call's policy.
    `path` is that of the feature's spelling: empty where the API has no field for it, `None` where it has one and only this
    value cannot be expressed at this place.
    """

    def __init__(
        self,
        feature: str,
        value: object,
        why: str = "",
        instead: str = "",
        words: Sequence[object] = (),
        path: str | None = None,
    ) -> None:
        super().__init__(" ".join(filter(None, (f"{feature} has no spelling here.", why, instead, *map(str, words)))))
        self.feature = feature
        self.value = value
        self.why = why
        self.instead = instead
        self.words: tuple[object, ...] = tuple(words)
        self.path: str | None = path


class More(TypedDict, total=False):
    """What a field has besides its place: see `Spelling`."""

    words: tuple[object, ...]
    below: str
    note: Callable[[Any], str | None]
    why: str
    instead: str


def field(path: str, form: Callable[[Any], object] | None = None, **more: Unpack[More]) -> Spelling:
    """Return the spelling of a feature whose value is the field at `path`, in the form that `form` gives it."""

    def encode(body: Body, value: object, _: Request) -> None:
        put(body, path, value if form is None else form(value))

    return Spelling(path, encode, plain=True, **more)


def no_field(why: str = "", instead: str = "") -> Spelling:
    """Return the spelling of a feature for which the API has no field."""
    return Spelling("", why=why, instead=instead)


def contents(**paths: str) -> dict[str, Spelling]:
    """Return the spellings of kinds of content that are written with their message: kind -> the word for it."""
    return {f"input.{kind}": Spelling(path) for kind, path in paths.items()}


def put(body: Body, path: str, value: object) -> None:
    """Set a field of the body. Objects on the way are made where they are missing."""
    *outer, last = path.split(".")
    for key in outer:
        body = inner_body(body, key)
    body[last] = value


def inner_body(body: Body, key: str) -> Body:
    """Return the object under a key of the body. It is made where it is missing."""
    return cast("Body", body.setdefault(key, {}))


def each_of(feature: str, spellings: Callable[[], Spellings]) -> Encoder:
    """Return the encoder of a parameter whose value uses features that are each spelled on their own."""

    def encode(body: Body, value: object, request: Request) -> None:
        for name, inner in features_of(feature, value):
            write_feature(spellings(), name, inner, body, request)

    return encode


def nothing(_: Body, __: object, ___: Request) -> None:
    """Write nothing: the API does this by default."""


def write_feature(spellings: Spellings, feature: str, value: object, body: Body, request: Request) -> None:
    """Write one feature into the body. Raise `NoSpellingError` if the API cannot express it."""
    spelling = spellings.get(feature)
    if spelling is None or spelling.encode is None or (spelling.words and value not in spelling.words):
        raise lack(spellings, feature, value)
    spelling.encode(body, value, request)


def lack(spellings: Spellings, feature: str, value: object) -> NoSpellingError:
    """Return the error for a feature that the API cannot express."""
    spelling = spellings.get(feature) or _NOTHING
    words = spelling.words or (named_beside(spellings, feature) if not spelling.path else ())
    return NoSpellingError(feature, value, spelling.why, spelling.instead, words, spelling.path)


_NOTHING = no_field()


def named_beside(spellings: Spellings, feature: str) -> tuple[str, ...]:
    """Return the kinds that the API does have, for a built-in tool or an output that it lacks."""
    group = feature.partition(".")[0]
    if group not in ("builtin_tools", "output"):
        return ()
    return tuple(
        name.partition(".")[2] for name, other in spellings.items() if name.startswith(f"{group}.") and other.path
    )


def unspelled(spellings: Spellings, feature: str, value: object) -> NoSpellingError | None:
    """Return the first thing in a value that the API cannot say; `None` where it can say all of it."""
    for name, inner in features_of(feature, value):
        if name not in spellings or not spellings[name].can_express(inner):
            return lack(spellings, name, inner)
    return None


def spelled_as(spellings: Spellings, feature: str, value: object) -> Spelling | None:
    """Return the spelling of a parameter or part, with the path of the first feature that its value uses."""
    inner = next((spellings[name] for name, _ in features_of(feature, value) if name in spellings), None)
    outer = spellings.get(feature) or inner
    return outer._replace(path=inner.path) if outer and inner else outer


def notes_on(spellings: Spellings, params: Mapping[str, object]) -> list[str]:
    """Return the warnings about parameters that were encoded in a weaker form than their types promise."""
    noted = [(spelling.note, value) for name, value in params.items() if (spelling := spellings.get(name))]
    return [text for note, value in noted if note is not None and (text := note(value)) is not None]


def features_of(feature: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the features that the value of a parameter uses: `reasoning="off"` is `reasoning.off`."""
    if feature == "reasoning":
        yield from _features_of_reasoning(value)
    elif feature == "tools" and isinstance(value, (list, tuple)):
        for tool in cast("Sequence[BuiltinTool | AnyTool]", value):
            yield (f"builtin_tools.{tool.kind}", tool) if isinstance(tool, BuiltinTool) else ("tools", tool)
    elif feature == "tool_choice":
        builtin, forced = isinstance(value, BuiltinTool), value == "required" or isinstance(value, Tool)
        yield "tool_choice.builtin" if builtin else "tool_choice.forced" if forced else "tool_choice", value
    elif feature == "output":
        for kind in (value,) if isinstance(value, str) else cast("Iterable[str]", value):
            yield f"output.{kind}", kind
    elif feature == "cache":
        yield "cache.named" if "cachedContents/" in str(value) else "cache", value
    else:
        yield feature, value


def _features_of_reasoning(value: object) -> Iterator[tuple[str, object]]:
    if value == "off":
        yield "reasoning.off", value
    elif not isinstance(value, Reasoning):
        yield "reasoning.effort", value
    else:
        settings = cast("Reasoning", value)
        if settings.effort is not None:
            yield "reasoning.effort", settings.effort
        if settings.budget_tokens is not None:
            yield "reasoning.budget_tokens", settings.budget_tokens
        if settings.visible is not None:
            yield "reasoning.visible", settings.visible


def damaged(part: p.Part, source: Source) -> NoSpellingError:
    """Return the error for a part of a stored answer that only the provider's own JSON could say, which is not what it was."""
    named = f'part "{part.kind}"' if isinstance(part, p.Unknown) else type(part).__name__
    why = (
        f"It is a {named} of an answer of {source.provider} whose own JSON was changed since, and cannot be sent back."
    )
    return NoSpellingError(
        feature_of(part), part, why, "Load the answer as it was stored, or leave it out of the history"
    )


def feature_of(part: p.Part) -> str:
    """Return the feature that a part of a message is: `input.audio`, `input.tool_output`, `cache.point`."""
    if isinstance(part, p.CachePoint):
        return "cache.point"
    modality = MODALITY_OF.get(type(part))
    return "input." + (modality or re.sub(r"(?<!^)(?=[A-Z])", "_", type(part).__name__).lower())


def merge_extra(body: Body, extra: Mapping[str, object] | None) -> Body:
    """Return `body` with `extra` laid over it: objects merge key by key, anything else is replaced. Neither is changed."""
    if not extra:
        return body
    merged = dict(body)
    for key, value in extra.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge_extra(cast("Body", below), cast("Body", value)) if both else value
    return merged
