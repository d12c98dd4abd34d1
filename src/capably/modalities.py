"""Every modality, declared once: a kind of content that a model reads or writes.

`MODALITIES` has one row for each. From it follow the words of the registry, the types of `content`, what a function can
demand, the run-time check and the words of its refusals, the keywords of `llm.models`, the flags of the command line and the
fields of verdicts. What one model reads and writes is a fact of the registry; how one API spells it is a line of its adapter.

Other parts (`llm.ToolCall`, `llm.Thought`) are no modality: no model lacks them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from capably.parameters import Capability
from capably.types import parts as p

Side: TypeAlias = Literal["input", "output"]


class Modality(NamedTuple):
    """The class of its parts, and the docstring of the capability to write it: empty if no listed model does."""

    part: type[p.Part]
    writes: str = ""


MODALITIES: Mapping[str, Modality] = {
    "text": Modality(p.Text),
    "image": Modality(p.Image, 'Makes pictures (`response.images`, `output=("text", "image")`).'),
    "document": Modality(p.Document),
    "audio": Modality(p.Audio, 'Makes sound (`response.audio`, `output=("text", "audio")`).'),
    "video": Modality(p.Video),
}
"""The registry's word -> what it stands for."""

MODALITY_OF: Mapping[type[object], str] = {modality.part: word for word, modality in MODALITIES.items()}
"""The class of a part -> the registry's word."""

INPUTS: tuple[str, ...] = tuple(word for word in MODALITIES if word != "text")
"""What a model may read besides text, which all of them read."""

OUTPUTS: Mapping[str, Capability] = {
    word: Capability(
        f"Has{modality.part.__name__}Output",
        modality.writes,
        f'Literal["text", "{word}"]',
        feature=f"{word}_output",
    )
    for word, modality in MODALITIES.items()
    if modality.writes
}
"""What a model may write besides text -> the capability that a function can demand."""

SELECTORS: Mapping[str, tuple[Side, str]] = {
    **{f"{word}_input": ("input", word) for word in INPUTS},
    **{f"{word}_output": ("output", word) for word in OUTPUTS},
}
"""Keyword of `llm.models` -> side and modality."""
