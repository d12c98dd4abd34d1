"""Stories at a pace: one that holds at a slower pace holds, one that is wrong is wrong."""

from __future__ import annotations

import pytest
from support.patience import PACES, at_some_pace


def test_a_story_is_tried_at_slower_paces_until_it_holds() -> None:
    tried: list[float] = []

    def story(pace: float) -> str:
        tried.append(pace)
        with pytest.raises(ValueError):
            float("no" if pace > 1 else "1")
        return "held"

    assert at_some_pace(story) == "held"
    assert tried == list(PACES[:2])


def test_what_is_wrong_at_every_pace_is_wrong() -> None:
    tried: list[float] = []

    def story(pace: float) -> None:
        tried.append(pace)
        raise AssertionError("wrong")

    with pytest.raises(AssertionError, match="wrong"):
        at_some_pace(story)
    assert tried == list(PACES)
