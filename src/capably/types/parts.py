"""Content parts: what a message is made of.

Parts are small values: compare them, print them, build them by hand. They cannot be changed. A part that a provider sends
and that has no class of its own arrives as `Unknown`, with its JSON, so that nothing is lost.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from capably.types.media_types import agreed_type, in_one_spelling, read_data_url
from capably.types.values import Value, fields_of, read_only, set_field

if TYPE_CHECKING:
    from typing import Self, TypedDict, Unpack

    class _MediaFields(TypedDict, total=False):
        url: str | None
        data: bytes | None
        file_id: str | None
        media_type: str | None
        name: str | None


class Part(Value):
    """One piece of content. Two parts are equal when their class and all their fields are."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and type(self) is type(other) and fields_of(self) == fields_of(other)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = fields_of(self).items()
        fields = ((name, value) for name, value in shown if not (value is None or value is False or value == ()))
        inside = ", ".join(f"{name}={_short(value)}" for name, value in fields)
        return f"{type(self).__name__}({inside})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


@read_only
class Text(Part):
    """Plain text, with the citations that a provider attached to it."""

    __slots__ = ("citations", "text")
    text: str
    citations: tuple[Citation, ...]

    def __init__(self, text: str, citations: tuple[Citation, ...] = ()) -> None:
        set_field(self, "text", text)
        set_field(self, "citations", citations)


@read_only
class Media(Part):
    """Bytes that are not text: exactly one of `data`, `url` and `file_id` is set. Use its `from_*` constructors."""

    __slots__ = ("data", "file_id", "media_type", "name", "url")
    url: str | None
    data: bytes | None
    file_id: str | None
    media_type: str | None
    name: str | None
    _TYPES: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        *,
        url: str | None = None,
        data: bytes | None = None,
        file_id: str | None = None,
        media_type: str | None = None,
        name: str | None = None,
    ) -> None:
        set_field(self, "url", url)
        set_field(self, "data", data)
        set_field(self, "file_id", file_id)
        set_field(self, "media_type", in_one_spelling(media_type))
        set_field(self, "name", name)

    @classmethod
    def from_url(cls, url: str, *, media_type: str | None = None) -> Self:
        """Reference a file that the provider fetches from `url`; a `data:` URL is decoded here."""
        if url[:5].lower() == "data:":
            data, kind = read_data_url(url)
            return cls.from_bytes(data, media_type=media_type or agreed_type(data, kind) or "text/plain")
        if "://" not in url:
            raise ValueError(f"{url!r} is no URL. A local file is read with llm.{cls.__name__}.from_file(...).")
        path = url.partition("#")[0].partition("?")[0]
        return cls(url=url, media_type=media_type or cls._type_of(path))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, media_type: str | None = None) -> Self:
        """Read a local file now. Its media type is what its bytes show, or else what its suffix says, unless it is given."""
        path = os.fspath(path)
        with open(path, "rb") as file:
            data = file.read()
        named = cls._type_of(path)
        kind = media_type or agreed_type(data, named)
        if kind is None or (media_type is named is None and kind not in cls._TYPES.values()):
            suffixes = ", ".join(sorted(cls._TYPES))
            raise ValueError(f"cannot tell the media type of {path!r}; known endings: {suffixes}. Pass media_type=.")
        return cls.from_bytes(data, media_type=kind, name=os.path.basename(path))

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview, *, media_type: str, name: str | None = None) -> Self:
        """Use bytes in memory with this media type (`image/png`, `application/pdf`, ...)."""
        if not isinstance(data, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
            hint = " base64 text is taken apart with base64.b64decode(...)." if isinstance(data, str) else ""
            raise TypeError(f"llm.{cls.__name__}.from_bytes takes bytes, not a {type(data).__name__}.{hint}")
        return cls(data=bytes(data), media_type=media_type, name=name)

    @classmethod
    def from_file_id(cls, file_id: str, *, media_type: str | None = None) -> Self:
        """Reference a file that was uploaded to the provider before; `file_id` is the provider's own."""
        return cls(file_id=file_id, media_type=media_type)

    @classmethod
    def _type_of(cls, path: str) -> str | None:
        return cls._TYPES.get(os.path.splitext(path)[1].lower())

    def base64(self) -> str:
        """Return `data` as base64 text."""
        if self.data is None:
            raise ValueError(f"this {type(self).__name__} holds no bytes")
        return base64.b64encode(self.data).decode("ascii")


ImageDetail: TypeAlias = Literal["auto", "low", "high", "original"]


@read_only
class Image(Media):
    """A picture. `detail` is the resolution at which the model sees it, where the API lets you choose (OpenAI, Gemini 3)."""

    __slots__ = ("detail",)
    detail: ImageDetail | None
    _TYPES: ClassVar[Mapping[str, str]] = {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".gif": "image/gif",
        ".webp": "image/webp",
        ".heic": "image/heic",
        ".heif": "image/heif",
    }

    def __init__(
        self,
        *,
        url: str | None = None,
        data: bytes | None = None,
        file_id: str | None = None,
        media_type: str | None = None,
        name: str | None = None,
        detail: ImageDetail | None = None,
    ) -> None:
        super().__init__(url=url, data=data, file_id=file_id, media_type=media_type, name=name)
        set_field(self, "detail", detail)

    @classmethod
    def from_url(cls, url: str, *, media_type: str | None = None, detail: ImageDetail | None = None) -> Self:
        """Reference a picture that the provider fetches from `url`; a `data:` URL is decoded here."""
        return super().from_url(url, media_type=media_type).__replace__(detail=detail)

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], *, media_type: str | None = None, detail: ImageDetail | None = None
    ) -> Self:
        """Read a local file now. Its media type is what its bytes show, or else what its suffix says, unless it is given."""
        return super().from_file(path, media_type=media_type).__replace__(detail=detail)

    @classmethod
    def from_bytes(
        cls,
        data: bytes | bytearray | memoryview,
        *,
        media_type: str,
        name: str | None = None,
        detail: ImageDetail | None = None,
    ) -> Self:
        """Use bytes in memory with this media type (`image/png`, ...)."""
        return super().from_bytes(data, media_type=media_type, name=name).__replace__(detail=detail)

    @classmethod
    def from_file_id(cls, file_id: str, *, media_type: str | None = None, detail: ImageDetail | None = None) -> Self:
        """Reference a picture that was uploaded to the provider before; `file_id` is the provider's own."""
        return super().from_file_id(file_id, media_type=media_type).__replace__(detail=detail)


class Document(Media):
    """A PDF or a text file."""

    __slots__ = ()
    _TYPES: ClassVar[Mapping[str, str]] = {
        ".pdf": "application/pdf",
        ".txt": "text/plain",
        ".md": "text/markdown",
        ".html": "text/html",
        ".csv": "text/csv",
        ".json": "application/json",
    }


@read_only
class Audio(Media):
    """Audio. `transcript` is the provider's transcription, if it has one."""

    __slots__ = ("transcript",)
    _TYPES: ClassVar[Mapping[str, str]] = {
        ".wav": "audio/wav",
        ".mp3": "audio/mpeg",
        ".flac": "audio/flac",
        ".ogg": "audio/ogg",
        ".aac": "audio/aac",
        ".m4a": "audio/mp4",
    }
    transcript: str | None

    def __init__(self, *, transcript: str | None = None, **fields: Unpack[_MediaFields]) -> None:
        super().__init__(**fields)
        set_field(self, "transcript", transcript)


class Video(Media):
    """A video."""

    __slots__ = ()
    _TYPES: ClassVar[Mapping[str, str]] = {
        ".mp4": "video/mp4",
        ".mov": "video/quicktime",
        ".webm": "video/webm",
        ".mpeg": "video/mpeg",
    }


@read_only
class Thought(Part):
    """The visible reasoning of the model; the text is empty if it shows none."""

    __slots__ = ("redacted", "text")
    text: str
    redacted: bool

    def __init__(self, text: str, redacted: bool = False) -> None:
        set_field(self, "text", text)
        set_field(self, "redacted", redacted)


@read_only
class Commentary(Part):
    """What the model says on the way to its answer ("Let me look."), before tools or between them. It is no part of
    `text()`."""

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        set_field(self, "text", text)


@read_only
class ToolCall(Part):
    """A tool call by the model. `args` are the parsed arguments, `raw_args` their unchanged text.

    Check `args_error` before you run a function with `args`, as `execute_tools()` does: arguments that cannot be read
    leave `args` empty, and the function would run with its defaults.
    """

    __slots__ = ("args", "id", "name", "raw_args")
    id: str
    name: str
    args: dict[str, Any]
    raw_args: str | None

    def __init__(self, id: str, name: str, args: dict[str, Any], raw_args: str | None = None) -> None:
        set_field(self, "id", id)
        set_field(self, "name", name)
        set_field(self, "args", args)
        set_field(self, "raw_args", raw_args)

    @property
    def args_error(self) -> str | None:
        """Return why the arguments cannot be read, such as JSON that was cut or is a list; `None` if they can.

        The text is in `raw_args`. To fix a call, build one with `raw_args=None` and your own `args`.
        """
        from capably.types.arguments import error_in

        return error_in(self.args, self.raw_args)


@read_only
class ToolOutput(Part):
    """The result of a tool call, to be sent back: text, a list of parts, or plain JSON."""

    __slots__ = ("_exception", "id", "is_error", "name", "value")
    id: str
    name: str
    value: Any
    is_error: bool
    _exception: Exception | None

    def __init__(self, id: str, name: str, value: object, is_error: bool = False) -> None:
        set_field(self, "id", id)
        set_field(self, "name", name)
        set_field(self, "value", value)
        set_field(self, "is_error", is_error)
        set_field(self, "_exception", None)

    @property
    def exception(self) -> Exception | None:
        """Return what the tool raised, with its traceback; `None` in a copy, and in an output that was stored."""
        return self._exception


@read_only
class Citation(Part):
    """The source of a statement. `raw` is the provider's own JSON, with further fields."""

    __slots__ = ("cited_text", "raw", "title", "url")
    url: str | None
    title: str | None
    cited_text: str | None
    raw: Mapping[str, Any] | None

    def __init__(
        self,
        *,
        url: str | None = None,
        title: str | None = None,
        cited_text: str | None = None,
        raw: Mapping[str, object] | None = None,
    ) -> None:
        set_field(self, "url", url)
        set_field(self, "title", title)
        set_field(self, "cited_text", cited_text)
        set_field(self, "raw", raw)


@read_only
class Refusal(Part):
    """The model declined to answer, in its own words."""

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        set_field(self, "text", text)


@read_only
class CachePoint(Part):
    """A cache point: the provider may cache everything before it for `ttl` (`"5m"`, `"1h"`, ...; unset, its shortest)."""

    __slots__ = ("ttl",)
    ttl: str | None

    def __init__(self, ttl: str | None = None) -> None:
        set_field(self, "ttl", ttl)


@read_only
class Unknown(Part):
    """A part that has no class here: its kind as the provider names it, and its JSON."""

    __slots__ = ("kind", "raw")
    kind: str
    raw: Any

    def __init__(self, kind: str, raw: object) -> None:
        set_field(self, "kind", kind)
        set_field(self, "raw", raw)


PARTS: tuple[type[Part], ...] = tuple(
    kind
    for kind in (*globals().values(),)
    if isinstance(kind, type) and issubclass(kind, Part) and kind not in (Part, Media)
)
"""The classes above whose parts stand in messages, in this order."""

ResponsePart: TypeAlias = Text | Commentary | Thought | ToolCall | Image | Audio | Refusal | Unknown
"""What the content of a response is made of."""
