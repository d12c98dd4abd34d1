"""Sources that Gemini names for its answer -> citations of the text they belong to.

The lists below are Google's; the JSON of each statement and its source stands in `Citation.raw`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from capably.providers.google.parts import Object, objects_of, read_object
from capably.providers.json import text_of
from capably.types import parts as p
from capably.types.values import set_field

NOTHING: Object = {}

SOURCES = frozenset({"groundingMetadata", "citationMetadata"})
"""Where a candidate names its sources."""


def cite(candidate: Object, parts: Sequence[p.Part], owners: Sequence[int]) -> None:
    """Set the citations of the texts among `parts`, also of texts that a stream announced before it received them.
    `owners` maps each wire part to the index of its part."""
    if SOURCES.isdisjoint(candidate):
        return
    texts = {place: part for place, part in enumerate(parts) if isinstance(part, p.Text)}
    for place, citations in citations_of(candidate, {i: text.text for i, text in texts.items()}, owners).items():
        set_field(texts[place], "citations", (*texts[place].citations, *citations))


def citations_of(
    candidate: Object, texts: Mapping[int, str], owners: Sequence[int]
) -> Mapping[int, tuple[p.Citation, ...]]:
    """Return the citations of each text. `texts` maps a part's index in the answer to its text."""
    if not texts:
        return {}
    by_place: defaultdict[int, list[p.Citation]] = defaultdict(list)
    last = max(texts)
    for index, citation in (*_grounding(candidate), *_quotations(candidate)):
        by_place[_cited(index, citation.cited_text, texts, owners, last)].append(citation)
    return {place: tuple(citations) for place, citations in by_place.items()}


def _cited(index: int | None, words: str | None, texts: Mapping[int, str], owners: Sequence[int], last: int) -> int:
    """Return the index of the cited text: the one that contains the words, else the one that Google numbers, else
    the last."""
    holding = next((place for place, text in texts.items() if words in text), None) if words else None
    if holding is not None:
        return holding
    numbered = owners[index] if index is not None and 0 <= index < len(owners) else -1
    return numbered if numbered in texts else last


def _grounding(candidate: Object) -> Iterator[tuple[int | None, p.Citation]]:
    """Read `groundingMetadata`: one citation per source of each statement; without statements, one per source."""
    metadata = read_object(candidate.get("groundingMetadata") or {}, "groundingMetadata")
    chunks = objects_of(metadata, "groundingChunks")
    supports = objects_of(metadata, "groundingSupports")
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
    """Build a citation from a `groundingChunk`, which has one source under `web`, `retrievedContext` or `maps`."""
    source: Object = next((cast("Object", value) for value in chunk.values() if isinstance(value, Mapping)), NOTHING)
    return p.Citation(url=text_of(source, "uri"), title=text_of(source, "title"), cited_text=cited_text, raw=raw)


def _quotations(candidate: Object) -> Iterator[tuple[int | None, p.Citation]]:
    """Read `citationMetadata`: works that the answer quotes. Entries without URL and title are skipped."""
    metadata = read_object(candidate.get("citationMetadata") or {}, "citationMetadata")
    for work in (*objects_of(metadata, "citations"), *objects_of(metadata, "citationSources")):
        if work.get("uri") or work.get("title"):
            yield None, p.Citation(url=text_of(work, "uri"), title=text_of(work, "title"), raw=work)
