"""Sources that Gemini names for its answer -> citations of the text they belong to.

The lists below are Google's; the JSON of each statement and its source stands in `Citation.raw`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from capably.providers.counts import NOTHING, details_of
from capably.providers.json import is_object, objects_among, text_of
from capably.types import parts as p
from capably.types.values import set_field

if TYPE_CHECKING:
    from capably.types.json_types import JsonObject
    from capably.types.response_data import LazyPart

SOURCES = frozenset({"groundingMetadata", "citationMetadata"})
"""Where a candidate names its sources."""


def cite(candidate: JsonObject, parts: Sequence[p.Part | LazyPart], owners: Sequence[int]) -> None:
    """Set the citations of the texts among `parts`, also of texts that a stream announced before it received them.
    `owners` maps each wire part to the index of its part."""
    found = {place: part for place, part in enumerate(parts) if isinstance(part, p.Text)}
    if not found:
        return
    texts, last = {place: part.text for place, part in found.items()}, max(found)
    by_place: defaultdict[int, list[p.Citation]] = defaultdict(list)
    for index, citation in (*_grounding(candidate), *_quotations(candidate)):
        by_place[_cited(index, citation.cited_text, texts, owners, last)].append(citation)
    for place, citations in by_place.items():
        set_field(found[place], "citations", (*found[place].citations, *citations))


def _cited(index: int | None, words: str | None, texts: Mapping[int, str], owners: Sequence[int], last: int) -> int:
    """Return the index of the cited text: the one that contains the words, else the one that Google numbers, else
    the last."""
    holding = next((place for place, text in texts.items() if words in text), None) if words else None
    if holding is not None:
        return holding
    numbered = owners[index] if index is not None and 0 <= index < len(owners) else -1
    return numbered if numbered in texts else last


def _grounding(candidate: JsonObject) -> Iterator[tuple[int | None, p.Citation]]:
    """Read `groundingMetadata`: one citation per source of each statement; without statements, one per source."""
    metadata = details_of(candidate, "groundingMetadata")
    listed = metadata.get("groundingChunks")
    chunks = [chunk if is_object(chunk) else {} for chunk in listed] if isinstance(listed, list) else []
    supports = objects_among(metadata.get("groundingSupports"))
    for support in supports:
        segment = details_of(support, "segment")
        place, words, indices = segment.get("partIndex", 0), segment.get("text"), support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else ():
            if isinstance(index, int) and 0 <= index < len(chunks) and chunks[index]:
                raw = {"segment": segment, "groundingChunk": chunks[index]}
                cited = _citation(chunks[index], words if isinstance(words, str) else None, raw)
                yield place if isinstance(place, int) else None, cited
    if not supports:
        for chunk in filter(None, chunks):
            yield None, _citation(chunk, None, {"groundingChunk": chunk})


def _citation(chunk: JsonObject, cited_text: str | None, raw: Mapping[str, object]) -> p.Citation:
    """Build a citation from a `groundingChunk`, which has one source under `web`, `image`, `retrievedContext` or `maps`."""
    source = next(filter(is_object, chunk.values()), NOTHING)
    url = text_of(source, "uri") or text_of(source, "sourceUri")
    return p.Citation(url=url, title=text_of(source, "title"), cited_text=cited_text, raw=raw)


def _quotations(candidate: JsonObject) -> Iterator[tuple[int | None, p.Citation]]:
    """Read `citationMetadata`: works that the answer quotes. Entries without URL and title are skipped."""
    metadata = details_of(candidate, "citationMetadata")
    for work in (*objects_among(metadata.get("citations")), *objects_among(metadata.get("citationSources"))):
        if work.get("uri") or work.get("title"):
            yield None, p.Citation(url=text_of(work, "uri"), title=text_of(work, "title"), raw=work)
