"""Sources that Gemini names for its answer -> citations of the text they belong to.

The lists below are Google's; the JSON of each statement and its source stands in `Citation.raw`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from capably.providers.google.parts import Object, objects_of, read_object
from capably.types import parts as p
from capably.types.values import set_field

NOTHING: Object = {}


def cite(candidate: Object, parts: Sequence[p.Part], owners: Sequence[int]) -> None:
    """Gives the texts among `parts` their citations, also those that a stream has announced before it knew of any.
    `owners` says into which part each wire part went."""
    if "groundingMetadata" not in candidate and "citationMetadata" not in candidate:
        return
    texts = [part for part in parts if isinstance(part, p.Text)]
    if not texts:
        return
    for index, citation in (*_grounding(candidate), *_quotations(candidate)):
        text = _cited(index, citation, parts, owners) or texts[-1]
        set_field(text, "citations", (*text.citations, citation))


def _cited(index: int | None, citation: p.Citation, parts: Sequence[p.Part], owners: Sequence[int]) -> p.Text | None:
    """The text that a statement stands in: the one that holds its words, else the one that Google numbers."""
    words = citation.cited_text
    holding = next((part for part in parts if words and isinstance(part, p.Text) and words in part.text), None)
    if holding is None and index is not None and 0 <= index < len(owners) and owners[index] >= 0:
        numbered = parts[owners[index]]
        return numbered if isinstance(numbered, p.Text) else None
    return holding


def _grounding(candidate: Object) -> Iterator[tuple[int | None, p.Citation]]:
    """`groundingMetadata`: a citation for each source of each statement; where none is named, for each source."""
    found = read_object(candidate.get("groundingMetadata") or {}, "groundingMetadata")
    chunks = objects_of(found, "groundingChunks")
    supports = objects_of(found, "groundingSupports")
    for support in supports:
        segment = read_object(support.get("segment") or {}, "segment")
        place, words, indices = segment.get("partIndex", 0), segment.get("text"), support.get("groundingChunkIndices")
        for index in cast("list[Any]", indices) if isinstance(indices, list) else ():
            if isinstance(index, int) and 0 <= index < len(chunks):
                raw = {"segment": segment, "groundingChunk": chunks[index]}
                cited = _citation(chunks[index], words if isinstance(words, str) else None, raw)
                yield place if isinstance(place, int) else None, cited
    if not supports:
        for chunk in chunks:
            yield None, _citation(chunk, None, {"groundingChunk": chunk})


def _citation(chunk: Object, cited_text: str | None, raw: Object) -> p.Citation:
    """A `groundingChunk` holds one source, under `web`, `retrievedContext` or `maps`."""
    source: Object = next((cast("Object", value) for value in chunk.values() if isinstance(value, Mapping)), NOTHING)
    return p.Citation(url=source.get("uri"), title=source.get("title"), cited_text=cited_text, raw=raw)


def _quotations(candidate: Object) -> Iterator[tuple[int | None, p.Citation]]:
    """`citationMetadata`: works that the answer quotes. Entries without address and title say nothing."""
    found = read_object(candidate.get("citationMetadata") or {}, "citationMetadata")
    for work in (*objects_of(found, "citations"), *objects_of(found, "citationSources")):
        if work.get("uri") or work.get("title"):
            yield None, p.Citation(url=work.get("uri"), title=work.get("title"), raw=work)
