"""A small registry, and small sources for the sync in the shape of the real ones, all made up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from registry_sync.__main__ import main

REGISTRY = """\
# Kept: a head.
providers:
  anthropic: {name: Anthropic, adapter: anthropic, api_key: [A_KEY], docs: "https://example.com/a"}
  google: {name: Google, adapter: google, api_key: [G_KEY], docs: "https://example.com/g"}
  openai: {name: OpenAI, adapter: openai, api_key: [O_KEY], docs: "https://example.com/o"}

profiles:
  anthropic/old:
    verified: 2026-01-01
    sources: [somebody]
    endpoints: {messages: {}}
    input: [text, image]
    output: [text]
    tools: {forced: always}
    reasoning: {style: adaptive, efforts: [low, medium, high], off: disabled}
    prefill: true
  google/old:
    verified: 2026-01-01
    sources: [somebody]
    endpoints: {generate_content: {}}
    input: [text]
    output: [text]
    sampling: {temperature: always}
  openai/old:
    verified: 2026-01-01
    sources: [somebody]
    endpoints: {responses: {}}
    input: [text]
    output: [text]
    tools: {}
    reasoning: {style: effort, efforts: [low, high], off: never}

models:
  anthropic/claude-old:
    # Kept: a comment on the model.
    profile: anthropic/old
    limits: {input: 1000, output: 100}
    prices: [{input: 3, output: 15}]
    dates: {released: 2025-01-01}
  google/gemini-old:
    profile: google/old
    limits: {input: 1000, output: 100}
    prices: [{input: 1, output: 2}]
  openai/gpt-old:
    profile: openai/old
    limits: {input: 1000, output: 100}

# Kept: a comment between sections.
retired:
  openai/gpt-gone: {on: 2024-01-01}
"""

CLAUDE: dict[str, Any] = {
    "litellm_provider": "anthropic",
    "mode": "chat",
    "max_input_tokens": 1000,
    "max_output_tokens": 100,
    "prompt_cache_min_tokens": 512,
    "input_cost_per_token": 3e-06,
    "input_cost_per_token_batches": 1.5e-06,
    "output_cost_per_token": 1.5e-05,
    "cache_read_input_token_cost": 3e-07,
    "cache_creation_input_token_cost": 3.75e-06,
    "cache_creation_input_token_cost_above_1hr": 6e-06,
    "cache_read_input_token_cost_batches": 1.5e-07,
    "cache_creation_input_token_cost_batches": 1.875e-06,
    "cache_creation_input_token_cost_above_1hr_batches": 3e-06,
    "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": 0.01},
    "supports_vision": True,
    "supports_pdf_input": False,
    "supports_function_calling": True,
    "supports_forced_tool_use": True,
    "supports_reasoning": True,
    "thinking_always_on": False,
    "supports_sampling_params": False,
    "supports_assistant_prefill": True,
    "supports_mid_conversation_system": False,
    "supports_native_structured_output": False,
}
GEMINI: dict[str, Any] = {
    "litellm_provider": "gemini",
    "mode": "chat",
    "max_input_tokens": 1000,
    "max_output_tokens": 100,
    "input_cost_per_token": 1e-06,
    "output_cost_per_token": 2e-06,
    "input_cost_per_token_flex": 5e-07,
    "output_cost_per_token_flex": 1e-06,
    "input_cost_per_token_priority": 1.8e-06,
    "input_cost_per_audio_token": 1e-06,
    "cache_read_input_audio_token_cost": 4e-07,
    "output_cost_per_audio_token": 2e-06,
    "output_cost_per_image_token": 3e-06,
    "supports_audio_input": False,
    "supports_audio_output": False,
    "supports_video_input": False,
    "supports_response_schema": False,
}
GPT: dict[str, Any] = {
    "litellm_provider": "openai",
    "mode": "chat",
    "max_input_tokens": 1000,
    "max_output_tokens": 100,
    "deprecation_date": "2027-05-05",
}
FACTS = {
    "release_date": "2025-01-01",
    "max_input_tokens": 1000,
    "max_output_tokens": 100,
    **dict.fromkeys(("image_inputs", "audio_inputs", "video_inputs", "image_outputs", "audio_outputs"), False),
    "reasoning_output": True,
    "tool_calling": True,
    "temperature": False,
}
PRICES = """\
import datetime
from decimal import Decimal
from .types import *
providers: list[Provider] = [
    Provider(
        id='anthropic',
        models=[
            ModelInfo(
                id='claude-old',
                match=ClauseOr(or_=[ClauseEquals(equals='claude-old'), ClauseRegex(regex='^claude-old-\\\\d{8}$')]),
                prices=ModelPrice(
                    input_mtok=TieredPrices(base=Decimal('3'), tiers=[Tier(start=200000, price=Decimal('6'))]),
                    output_mtok=Decimal('15'), cache_read_mtok=Decimal('0.3'), cache_write_mtok=Decimal('3.75'),
                    cache_write_1h_mtok=Decimal('6'), web_searches_kcount=Decimal('10'),
                ),
                price_variants=[PriceVariant(when={'processing': 'batch'}, prices=ModelPrice(input_mtok=Decimal('1.5')))],
            ),
        ],
    ),
    Provider(id='elsewhere', models=[unreadable(x for x in y)]),
    Provider(
        id='google',
        models=[
            ModelInfo(
                id='gemini-old',
                match=ClauseAnd(and_=[ClauseStartsWith(starts_with='gemini'), ClauseContains(contains='old')]),
                prices=[
                    ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('2'))),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)),
                        prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('4')),
                    ),
                    ConditionalPrice(
                        constraint=TimeOfDateConstraint(start_time=datetime.time(1, 0)),
                        prices=ModelPrice(input_mtok=Decimal('99')),
                    ),
                ],
            ),
            ModelInfo(id='gemini-heard', match=ClauseEquals(equals='gemini-heard'), prices=ModelPrice(
                cache_audio_read_mtok=Decimal('1'), web_searches_kcount=Decimal('14'),
                input_audio_mtok=Decimal('1'), output_audio_mtok=Decimal('1'), output_image_mtok=Decimal('1'))),
        ],
    ),
    Provider(id='openai', models=[]),
]
"""
PROFILES = {
    "anthropic": """\
def anthropic_model_profile(name):
    return {
        "supports_thinking": True, "thinking_always_enabled": False, "supports_forced_tool_choice": True,
        "anthropic_supports_effort": True, "anthropic_disallows_sampling_settings": True,
    }
""",
    "google": """\
def google_model_profile(name):
    return {"supports_tools": False, "google_thinking_levels": frozenset({"LOW"}) if "x" in name else None}
""",
    "openai": """\
def openai_model_profile(name):
    return {"supports_thinking": True, "thinking_always_enabled": True, "openai_reasoning_efforts": ("low", "high")}
""",
}
SDKS = {
    "anthropic/types/model.py": "Model: TypeAlias = Union[Literal['claude-old'], str]\n",
    "anthropic/_data/deprecated_models.py": "DEPRECATED_MODELS: Dict[str, str] = {}\n",
    "google/genai/_gaos/types/interactions/model.py": "Model = Union[Literal['gemini-old'], UnrecognizedStr]\n",
    "openai/types/shared/chat_model.py": 'ChatModel: TypeAlias = Literal["gpt-old", "gpt-gone"]\n"""Deprecated values:\n\n'
    '- "gpt-gone":\n  Announced shutdown date: 2024-01-01. See the page.\n"""\n',
    "openai/types/shared/responses_model.py": 'ResponsesModel: TypeAlias = Union[str, ChatModel, Literal["gpt-old"]]\n',
}
VERSIONS = {
    "anthropic": "2.0",
    "google_genai": "3.0",
    "openai": "3.0",
    "litellm": "1.0",
    "genai_prices": "0.1",
    "langchain_anthropic": "1.0",
    "langchain_google_genai": "1.0",
    "langchain_openai": "1.0",
    "pydantic_ai_slim": "2.0",
}
DAY = "2026-11-22"


class Sources:
    """A registry and a folder of unpacked packages, which a test may change before it syncs."""

    litellm = "litellm/model_prices_and_context_window_backup.json"
    prices = "genai_prices/data.py"
    anthropic_ids = "anthropic/types/model.py"
    openai_ids = "openai/types/shared/chat_model.py"
    original = REGISTRY

    def __init__(self, folder: Path) -> None:
        self.registry = folder / "model_registry.yaml"
        self.lock = folder / "registry.lock.json"
        self.verdicts = folder / "verdicts.yaml"
        self.packages = folder / "packages"
        self.registry.write_text(REGISTRY, encoding="utf-8")
        self.models = {"claude-old": dict(CLAUDE), "gemini/gemini-old": dict(GEMINI), "gpt-old": dict(GPT)}
        self.facts = {
            "anthropic": {"claude-old": {**FACTS, "image_inputs": True}},
            "google_genai": {
                "gemini-old": {**FACTS, "reasoning_output": False, "tool_calling": False, "temperature": True}
            },
            "openai": {"gpt-old": dict(FACTS)},
        }
        self.texts = {
            self.prices: PRICES,
            "pydantic_ai/__init__.py": "",
            "pydantic_ai/profiles/__init__.py": "",
            **{f"pydantic_ai/profiles/{name}.py": text for name, text in PROFILES.items()},
            **SDKS,
        }
        self.versions = dict(VERSIONS)

    def write(self) -> Path:
        """Puts the packages on disk; returns their folder."""
        profiles = {
            f"langchain_{name}/data/_profiles.py": f"_PROFILES: dict[str, dict[str, Any]] = {facts!r}\n"
            for name, facts in self.facts.items()
        }
        folders = {f"{name}-{version}.dist-info/METADATA": "" for name, version in self.versions.items()}
        for path, text in {self.litellm: json.dumps(self.models), **profiles, **folders, **self.texts}.items():
            file = self.packages / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return self.packages

    def written(self) -> dict[str, str]:
        """What a sync may write, as it stands."""
        return {file.name: file.read_text(encoding="utf-8") for file in (self.registry, self.lock) if file.exists()}

    def lock_of(self, id: str) -> dict[str, Any]:
        """What the lock has on a model."""
        return json.loads(self.lock.read_text(encoding="utf-8"))["models"][id]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)


@pytest.fixture
def sync(sources: Sources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs one sync over the sources as they are now; returns what it told."""
    for key in ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(key, raising=False)

    def run(*arguments: str, code: int = 0, day: str = DAY) -> str:
        shutil.rmtree(sources.packages, ignore_errors=True)
        place = ["--registry", str(sources.registry), "--sources", str(sources.write()), "--day", day]
        assert main([*place, *arguments]) == code
        out, err = capsys.readouterr()
        return out + err

    return run
