"""Media types: as bytes show them, as file names say them, and in one spelling; base64 in any spelling, and URLs that hold it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

_ALIASES: Mapping[str, str] = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (0, b"%PDF-", "application/pdf"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftypM4A ", "audio/mp4"),
    (4, b"ftypisom", "video/mp4"),
    (4, b"ftypmp42", "video/mp4"),
    (4, b"ftypqt  ", "video/quicktime"),
)
"""Where bytes have a mark of their kind, the mark, and the media type. Source: https://mimesniff.spec.whatwg.org and
https://mp4ra.org/registered-types/brands (read 2026-11-29)."""


def media_type_of(data: bytes) -> str | None:
    """Return the media type that bytes show; `None` if they show none."""
    in_riff = data[:4] == b"RIFF"
    return next((kind for at, mark, kind in _MAGIC if data[at : at + len(mark)] == mark and (at != 8 or in_riff)), None)


def agreed_type(data: bytes, named: str | None) -> str | None:
    """Return the media type of bytes whose name or sender says `named`. Bytes of the same kind that show another decide:
    providers refuse a picture that is not what its media type says."""
    shown = media_type_of(data)
    same_kind = shown is None or named is None or shown.partition("/")[0] == named.partition("/")[0]
    return shown if shown is not None and same_kind else named


def in_one_spelling(media_type: str | None) -> str | None:
    """Return a media type in lower case, and `image/jpeg` for `image/jpg`. What is no text, as in a wrong reply, stays."""
    if not isinstance(media_type, str):
        return media_type
    lower = media_type.strip().lower()
    return _ALIASES.get(lower, lower)


def decode_base64(text: str) -> bytes:
    """Return the bytes of base64: of either alphabet, with or without padding, with or without white space.

    Raises `ValueError` for any other character, for a length that no bytes have, and for no bytes at all.
    """
    digits = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    wrong = re.search(r"[^A-Za-z0-9+/]", digits)
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no character of base64")
    if not digits or len(digits) % 4 == 1:
        raise ValueError("it holds no bytes" if not digits else "it was cut: base64 never has this length")
    return base64.b64decode(digits + "=" * (-len(digits) % 4))


def read_data_url(url: str) -> tuple[bytes, str | None]:
    """Return the bytes of `data:image/png;base64,...` and the media type that it names, if it names one.

    Raises `ValueError` for one without base64, and for base64 that cannot be read.
    """
    from urllib.parse import unquote

    head, _, body = url.partition(",")
    kind, _, encoding = head[len("data:") :].partition(";")
    if encoding.split(";")[-1].strip().lower() != "base64":
        raise ValueError("a data: URL must be base64: data:image/png;base64,....")
    try:
        return decode_base64(unquote(body)), kind or None
    except ValueError as error:
        raise ValueError(f"this data: URL cannot be read: {error}") from None
