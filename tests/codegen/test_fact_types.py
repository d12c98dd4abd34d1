"""The TypedDicts of facts hold for every table that is generated, and for every model's JSON."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import capably_models
import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from capably import llm
from capably.registry.lookup import OWN_HOST, UNLISTED, listed_models, providers, retired_models
from capably.types import facts as facts_module

PATHS = {
    "capably_models._facts": Path(capably_models.__file__).with_name("_facts.pyi"),
    "facts_for_checkers": Path(facts_module.__file__),
}


@pytest.fixture(scope="module")
def shapes() -> Iterator[dict[str, TypeAdapter[Any]]]:
    """Every TypedDict as a check to the letter: all keys, no others, values of their very types."""
    found: dict[str, TypeAdapter[Any]] = {}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Item.*ReadOnly")
        for name, path in PATHS.items():
            patch.setitem(sys.modules, name, module := ModuleType(name))
            text = path.read_text(encoding="utf-8").replace("if TYPE_CHECKING:", "if True:")
            for word in ("TypedDict", "NotRequired"):  # pydantic reads those of typing from Python 3.12 only
                text = text.replace(f", {word}", "").replace(
                    "\nfrom typing import", f"\nfrom typing_extensions import {word}\nfrom typing import"
                )
            exec(compile(text, path, "exec"), module.__dict__)
            classes = {key: value for key, value in vars(module).items() if hasattr(value, "__required_keys__")}
            for shape in classes.values():
                shape.__pydantic_config__ = ConfigDict(strict=True, extra="forbid")
            found |= {key: TypeAdapter(shape) for key, shape in classes.items()}
        yield found


def test_every_generated_table_has_the_shape_that_its_type_says(shapes: dict[str, TypeAdapter[Any]]) -> None:
    for provider, entry in providers().items():
        shapes["Provider"].validate_python(entry)
        tables = import_module(f"capably_models._{provider}")
        for profile in tables.PROFILES.values():
            shapes["Profile"].validate_python(profile)
        for model in tables.MODELS.values():
            shapes["Model"].validate_python(model)
    for entry in retired_models()[0].values():
        shapes["Retired"].validate_python(entry)


def test_what_the_run_time_makes_up_has_it_too(shapes: dict[str, TypeAdapter[Any]]) -> None:
    shapes["Provider"].validate_python({**OWN_HOST, "api_key": []})
    shapes["Model"].validate_python({**UNLISTED, "prices": []})


def test_every_models_json_has_the_shape_of_its_type(shapes: dict[str, TypeAdapter[Any]]) -> None:
    infos = list(listed_models())
    assert any(info.facts is None for info in infos)
    for info in infos:
        shapes["ModelJson"].validate_python(info.to_json())


@pytest.mark.parametrize(
    ("path", "value"),
    [(("limits", "contxt"), 1), (("tools", "forced"), "unverified"), (("reasoning", "efforts"), ["hihg"])],
)
def test_the_shapes_refuse_what_is_none(shapes: dict[str, TypeAdapter[Any]], path: tuple[str, str], value: Any) -> None:
    wrong: Any = llm.models(provider="anthropic", reasoning="high")[0].to_json()
    wrong[path[0]][path[1]] = value
    with pytest.raises(ValidationError):
        shapes["ModelJson"].validate_python(wrong)


def test_what_is_done_to_a_models_json_does_not_reach_its_facts() -> None:
    info = llm.models(provider="anthropic", reasoning="high")[0]
    before = deepcopy(info.to_json())
    changed: Any = info.to_json()
    changed["reasoning"]["efforts"].clear()
    changed["limits"]["context"] = changed["dates"]["retires"] = None
    changed["prices"][0]["input"] = 0.0
    changed["prices"].clear()
    assert info.to_json() == before
