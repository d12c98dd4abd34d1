"""The typed lists of gateways are drafted from what one project says of each: nothing is added, nothing assumed."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from registry_sync.gateways import main

DAY = "2026-11-22"
DEV = {
    "name": "It's One",
    "release_date": "2026-01-02",
    "max_input_tokens": 1000,
    "max_output_tokens": 100,
    **dict.fromkeys(("image_inputs", "audio_inputs", "video_inputs", "image_outputs", "audio_outputs"), False),
    **dict.fromkeys(("pdf_inputs", "tool_calling", "structured_output", "reasoning_output"), False),
    "temperature": True,
}
ABLE = {**DEV, **dict.fromkeys(("image_inputs", "pdf_inputs", "tool_calling", "structured_output"), True)}
SLEEK = {**ABLE, "reasoning_output": True, "temperature": False, "image_outputs": True}
TOGETHER: dict[str, Any] = {"litellm_provider": "together_ai", "mode": "chat", "input_cost_per_token": 1e-06}


class Packages:
    """Sources in the shape of the real ones, with one gateway's models in each."""

    def __init__(self, sources: Any, folder: Path) -> None:
        self.sources, self.into = sources, folder / "hosts"
        self.into.mkdir()
        sources.facts |= {"openrouter": {"maker/plain": dict(DEV)}, "fireworks": {}}
        sources.versions |= {"langchain_openrouter": "1.0", "langchain_fireworks": "1.0"}
        gateways = "Provider(id='openrouter', models=[ModelInfo(match=ClauseEquals(equals='maker/plain'), prices=ModelPrice(input_mtok=Decimal('3')))])"
        sources.texts[sources.prices] = sources.texts[sources.prices].replace(
            "Provider(id='openai', models=[]),", f"Provider(id='openai', models=[]), {gateways},"
        )

    def draft(self, host: str, code: int = 0, day: str = DAY) -> dict[str, Any]:
        place = ["--sources", str(self.sources.write()), "--into", str(self.into), "--day", day]
        assert main([host, *place]) == code
        file = self.into / f"{host}.yaml"
        return yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}


@pytest.fixture
def packages(sources: Any, tmp_path: Path) -> Packages:
    return Packages(sources, tmp_path)


def test_what_models_dev_does_not_flag_a_model_does_not_have(packages: Packages) -> None:
    drafted = packages.draft("openrouter")
    assert drafted["models"]["openrouter/maker/plain"]["profile"] == "openrouter/text"
    told = drafted["profiles"]["openrouter/text"]
    assert {key: told[key] for key in ("input", "tools", "structured_output", "reasoning", "builtin_tools")} == {
        "input": ["text"],
        "tools": None,
        "structured_output": "never",
        "reasoning": None,
        "builtin_tools": [],
    }


def test_what_it_flags_is_what_the_gateway_can_carry(packages: Packages) -> None:
    packages.sources.facts["openrouter"] |= {"maker/able": ABLE, "maker/sleek": SLEEK}
    profiles = packages.draft("openrouter")["profiles"]
    assert profiles["openrouter/text-image-document-tools-schema"].keys() == {
        *("extends", "verified", "sources", "input", "output", "reasoning")
    }
    sleek = profiles["openrouter/text-image-document-to-text-image-tools-schema-reasoning-no-sampling"]
    assert sleek["output"] == ["text", "image"]
    assert sleek["sampling"] == {}


def test_a_price_a_limit_a_name_and_a_day_come_with_a_model(packages: Packages) -> None:
    assert packages.draft("openrouter")["models"]["openrouter/maker/plain"] == {
        "profile": "openrouter/text",
        "name": "It's One",
        "limits": {"context": 1000, "output": 100},
        "prices": [{"input": 3}],
        "dates": {"released": datetime.date(2026, 1, 2)},
    }


def test_a_release_of_which_only_the_month_is_known_has_no_day(packages: Packages) -> None:
    packages.sources.facts["openrouter"]["maker/plain"]["release_date"] = "2026-01"
    assert "dates" not in packages.draft("openrouter")["models"]["openrouter/maker/plain"]


def test_what_litellm_does_not_flag_is_unknown(packages: Packages) -> None:
    packages.sources.models["together_ai/maker/tools"] = {**TOGETHER, "supports_function_calling": True}
    drafted = packages.draft("together")
    told = drafted["profiles"][drafted["models"]["together/maker/tools"]["profile"]]
    assert "tools" not in told
    assert (told["structured_output"], told["reasoning"]) == ("unverified", "unverified")
    assert told["unverified_input"] == ["image", "audio", "video"]


def test_a_model_of_which_litellm_has_a_price_alone_has_what_the_gateway_can_carry(packages: Packages) -> None:
    packages.sources.models["together_ai/maker/bare"] = TOGETHER
    assert packages.draft("together")["models"] == {
        "together/maker/bare": {"profile": "together/any", "prices": [{"input": 1}]}
    }


def test_models_that_have_ended_are_left_out_and_those_that_will_say_when(packages: Packages) -> None:
    for name, end in (("gone", DAY), ("going", "2026-12-24")):
        packages.sources.models[f"together_ai/maker/{name}"] = {**TOGETHER, "deprecation_date": end}
    ((id, going),) = packages.draft("together")["models"].items()
    assert (id, going["status"], str(going["dates"]["retires"])) == ("together/maker/going", "deprecated", "2026-12-24")


def test_a_list_that_says_what_it_said_keeps_its_day(packages: Packages) -> None:
    first = packages.draft("openrouter")
    assert packages.draft("openrouter", day="2026-12-01") == first
    packages.sources.facts["openrouter"]["maker/more"] = DEV
    later = packages.draft("openrouter", day="2026-12-01")
    assert str(later["profiles"]["openrouter/text"]["verified"]) == "2026-12-01"


def test_a_list_that_cannot_be_read_is_told_and_nothing_is_written(
    packages: Packages, capsys: pytest.CaptureFixture[str]
) -> None:
    assert packages.draft("together", code=2) == {}
    assert "litellm has no model of together_ai any more\nNothing was written." in capsys.readouterr().err
