"""What an editor shows of a model when its constant is hovered over."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from capably_codegen.registry.schema import Model
from capably_codegen.stubs.model_doc import end_of_life, model_doc

DAY = datetime.date(2026, 11, 22)


def model(**said: Any) -> Model:
    return Model.model_validate({"profile": "acme/thinker", **said})


def test_it_says_name_limits_prices_life_and_the_date_of_the_facts() -> None:
    thinker = model(
        name="Thinker 2",
        limits={"context": 400_000, "output": 128_000},
        prices=[{"input": 1, "output": 4.5, "until": "2026-12-31"}, {"input": 2, "output": 9}],
        dates={"released": "2026-09-01", "retires": "2027-03-01"},
        status="deprecated",
        replacement="acme/thinker-3",
    )
    assert model_doc("acme/thinker-2", thinker, DAY) == (
        "Thinker 2 (`acme/thinker-2`).\n\n"
        "400,000 tokens of context, 128,000 of output. "
        "$1 in and $4.5 out per million tokens until 2026-12-31; $2 in and $9 out per million tokens. "
        "Released 2026-09-01.\n\n"
        "This model is deprecated: it shuts down on 2027-03-01; use acme/thinker-3.\n\n"
        "Facts of 2026-11-22."
    )


def test_what_is_not_known_is_not_said() -> None:
    assert model_doc("acme/new", model(), DAY) == "new (`acme/new`).\n\nFacts of 2026-11-22."
    assert model_doc("acme/new", model(), None) == (
        "new (`acme/new`).\n\nIts capabilities are unverified, so nothing about them is checked."
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"status": "active"}, None, id="active"),
        pytest.param({"status": "preview"}, None, id="preview"),
        pytest.param({"status": "active", "dates": {"retires": "2027-03-01"}}, None, id="active-until-a-far-day"),
        pytest.param({"status": "deprecated"}, "it has an end", id="no-date"),
        pytest.param({"status": "deprecated", "dates": {"deprecated": "2026-10-08"}}, "since 2026-10-08", id="since"),
        pytest.param(
            {"status": "deprecated", "dates": {"deprecated": "2026-10-08", "retires": "2027-03-01"}},
            "it shuts down on 2027-03-01",
            id="both-dates",
        ),
        pytest.param(
            {"status": "deprecated", "replacement": "acme/thinker-3"},
            "it has an end; use acme/thinker-3",
            id="successor",
        ),
    ],
)
def test_the_end_of_life_is_told_of_deprecated_models_only(said: dict[str, Any], expected: str | None) -> None:
    assert end_of_life(model(**said)) == expected
