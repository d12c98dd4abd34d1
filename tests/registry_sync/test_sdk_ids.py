"""Every id that an installed SDK names is in the registry: as a model, as retired, or as no chat model."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.load import load_registry
from registry_sync.claims import SourceError
from registry_sync.sdks import SDKS, Sdk, ids, read_sdk

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
EVERYWHERE = {*REGISTRY.models, *REGISTRY.retired, *REGISTRY.not_chat}


def unlisted(sdk: Sdk, folder: Path | None = None) -> list[str]:
    """What to do about each id that the registry does not know."""
    return [
        f"{id} is new in {sdk.distribution}: read the vendor's page and add it to model_registry.yaml, under `models` "
        "(`profile: unverified` while nobody knows what it takes), `retired` or `not_chat`"
        for id in ids(sdk, folder)
        if id not in EVERYWHERE
    ]


@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.distribution)
def test_every_id_of_the_installed_sdk_is_listed_retired_or_out(sdk: Sdk) -> None:
    assert len(ids(sdk)) > 20
    assert unlisted(sdk) == []


@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.distribution)
def test_a_model_that_the_sdk_says_is_shut_down_has_that_date(sdk: Sdk) -> None:
    """The SDK is the vendor's own word; where the registry knows better, `verdicts.yaml` says why."""
    told = {id: fields["dates.retires"] for id, fields in read_sdk(sdk).claims.items()}
    ours = {id: model.dates.retires for id, model in REGISTRY.models.items()}
    ours |= {id: gone.on for id, gone in REGISTRY.retired.items()}
    wrong = {id: (day, str(ours.get(id))) for id, day in told.items() if str(ours.get(id)) != day}
    assert wrong == {}, "the SDK's date, ours"


def test_an_id_that_an_upgrade_brings_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "model.py").write_text(
        'from typing import Literal, Union\nModel = Union[Literal["claude-opus-5", "claude-opus-9"], str]\n',
        encoding="utf-8",
    )
    [told] = unlisted(SDKS[0], tmp_path)
    assert told.startswith("anthropic/claude-opus-9 is new in anthropic: read the vendor's page and add it")


def test_an_alias_that_was_renamed_is_told(tmp_path: Path) -> None:
    (tmp_path / "types").mkdir()
    (tmp_path / "types" / "model.py").write_text('ModelName = Literal["claude-opus-9"]\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"model\.py has no `Model` any more"):
        ids(SDKS[0], tmp_path)
