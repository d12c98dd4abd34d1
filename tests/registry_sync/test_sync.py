"""The sync: from small made-up sources to the registry, the lock and the report, and what it refuses to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from registry_sync.__main__ import main
from registry_sync.claims import SourceError
from registry_sync.sources.endpoints import ask_anthropic, ask_google, read_endpoints
from registry_sync.wheels import fetch
from support.loopback import Canned, Loopback

DAY = "2026-11-22"
SERIOUS = "Contested by the vendor or by two lineages, undecided"
SINGLE = "Contradicted by one lineage, left as it is"


def section(report: str, title: str) -> list[str]:
    """The lines under one heading."""
    found = report.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0].partition("\n\nRead: ")[0]
    return [line for line in found.splitlines() if line]


# --- what is applied ----------------------------------------------------------------------------------------------


EXPECTED = """\
  anthropic/claude-old:
    # Kept: a comment on the model.
    profile: anthropic/old
    limits: {context: 1000, input: 1000, output: 100, cache_min: 512}
    prices:
      - {input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6, batch: 0.5, batch_cache: 0.5, web_search: 10,
         tiers: [{above: 200000, input: 6}]}
    dates: {released: 2025-01-01}
  google/gemini-old:
    profile: google/old
    limits: {context: 1000, input: 1000, output: 100}
    prices:
      - {until: 2026-12-31, input: 1, output: 2, cache_read_audio: 0.4, input_audio: 1, output_audio: 2, output_image: 3, flex: 0.5}
      - {start: 2027-01-01, input: 2, output: 4}
    dates: {released: 2025-01-01}
  openai/gpt-old:
    profile: openai/old
    limits: {input: 1000, output: 100}
    dates: {released: 2025-01-01}

# Kept: a comment between sections.
retired:
  openai/gpt-gone: {on: 2024-01-01}
"""


def test_unknown_numbers_are_filled_in_and_all_else_stays_as_it_was_written(sources: Any, sync: Any) -> None:
    sync("--apply")
    old, new = sources.original.splitlines(), sources.registry.read_text(encoding="utf-8").splitlines()
    start = old.index("models:") + 1
    assert new[:start] == old[:start]
    assert new[start:] == EXPECTED.splitlines()


def test_a_second_sync_changes_nothing_on_the_same_day_or_the_next(sources: Any, sync: Any) -> None:
    sync("--apply")
    first = sources.written()
    assert section(sync("--apply"), "Changes") == ["Nothing changed."]
    assert section(sync("--apply", day="2026-11-23"), "Changes") == ["Nothing changed."]
    assert sources.written() == first


def test_without_apply_the_registry_stays_and_the_report_says_what_would_change(sources: Any, sync: Any) -> None:
    told = section(sync(), "Changes that `--apply` would write")
    assert "- `google/gemini-old`: input, from 2027-01-01 2 (was unknown)" in told
    assert sources.registry.read_text(encoding="utf-8") == sources.original
    assert sources.lock_of("anthropic/claude-old")["prices.input"] == [3, DAY, ["genai-prices", "litellm"]]


def test_only_the_groups_that_were_named_are_applied(sources: Any, sync: Any) -> None:
    sync("--apply", "limits")
    text = sources.registry.read_text(encoding="utf-8")
    assert "cache_min: 512" in text
    assert "prices: [{input: 3, output: 15}]" in text


def test_check_writes_nothing_at_all(sources: Any, sync: Any) -> None:
    sync("--apply", "--check")
    assert sources.written() == {"model_registry.yaml": sources.original}


def test_a_price_on_which_two_lineages_agree_replaces_ours(sources: Any, sync: Any) -> None:
    sources.models["claude-old"]["output_cost_per_token"] = 2e-05
    sources.texts[sources.prices] = sources.texts[sources.prices].replace("Decimal('15')", "Decimal('20')")
    assert "- `anthropic/claude-old`: output 15 -> 20" in section(sync("--apply"), "Changes")
    assert "output: 20," in sources.registry.read_text(encoding="utf-8")


def test_a_price_that_one_lineage_still_holds_stays(sources: Any, sync: Any) -> None:
    sources.models["claude-old"]["output_cost_per_token"] = 2e-05
    told = sync("--apply")
    assert "output: 15," in sources.registry.read_text(encoding="utf-8")
    assert "- `anthropic/claude-old` prices.output: the registry 15, litellm 20" in section(told, SINGLE)
    assert sources.lock_of("anthropic/claude-old")["prices.output"] == [15, DAY, ["genai-prices"], {"litellm": 20}]


def test_a_price_that_jumps_tenfold_is_told_and_not_applied(sources: Any, sync: Any) -> None:
    sources.models["claude-old"]["output_cost_per_token"] = 1.5
    sources.texts[sources.prices] = sources.texts[sources.prices].replace("Decimal('15')", "Decimal('1500000')")
    told = sync("--apply", code=1)
    assert section(told, SERIOUS) == [
        "- `anthropic/claude-old` prices.output: the registry 15, genai-prices 1,500,000, litellm 1,500,000"
    ]
    assert "output: 15," in sources.registry.read_text(encoding="utf-8")


def test_an_end_that_the_sdk_announces_makes_a_model_deprecated(sources: Any, sync: Any) -> None:
    deprecated = (
        sources.texts[sources.openai_ids].replace('- "gpt-gone"', '- "gpt-old"').replace("2024-01-01", "2026-12-24")
    )
    sources.texts[sources.openai_ids] = deprecated
    told = sync("--apply")
    assert "- `openai/gpt-old`: dates.retires 2026-12-24 (was unknown)" in section(told, "Changes")
    assert section(told, "Ended, or ending within 60 days") == ["- `openai/gpt-old` ends on 2026-12-24, in 32 days"]
    block = sources.registry.read_text(encoding="utf-8").partition("openai/gpt-old:\n")[2].partition("\n\n")[0]
    assert "    status: deprecated\n" in block
    assert "retires: 2026-12-24" in block


def test_an_end_that_one_table_alone_names_is_not_announced(sources: Any, sync: Any) -> None:
    sync("--apply")  # litellm has a date for gpt-old.
    assert "retires" not in sources.registry.read_text(encoding="utf-8")


def test_a_line_with_a_comment_is_left_to_a_person(sources: Any, sync: Any) -> None:
    old = "limits: {input: 1000, output: 100}\n    prices: [{input: 3, output: 15}]"
    text = sources.original.replace(old, old.replace("100}", "100}  # measured"))
    sources.registry.write_text(text, encoding="utf-8")
    told = sync("--apply", code=2)
    assert "`limits` of anthropic/claude-old has a comment in it; change it by hand" in told
    assert sources.written() == {"model_registry.yaml": text}


def with_host(sources: Any, limits: str = "{}") -> None:
    """Adds a host with one model, of which litellm and genai-prices speak under names of their own."""
    text = sources.original.replace(
        "\nprofiles:\n",
        '  xai: {name: xAI, adapter: openai, api_key: [X_KEY], docs: "https://example.com/x"}\n\nprofiles:\n',
        1,
    ).replace("\nmodels:\n", HOST_PROFILE + "\nmodels:\n", 1)
    text = text.replace(
        "\n# Kept: a comment between",
        f"  xai/grok-old:\n    profile: xai/old\n    limits: {limits}\n\n# Kept: a comment between",
    )
    sources.registry.write_text(text, encoding="utf-8")
    grok = {"litellm_provider": "xai", "mode": "chat", "max_output_tokens": 9000, "input_cost_per_token": 2e-06}
    sources.models |= {"xai/grok-old": grok, "xai/grok-unheard": dict(grok)}
    sources.texts[sources.prices] = sources.texts[sources.prices].replace(
        "Provider(id='openai', models=[]),", HOST_PRICES
    )
    sources.versions["langchain_xai"] = "1.0"
    fact = dict(sources.facts["anthropic"]["claude-old"])
    sources.facts["xai"] = {"grok-old": {**fact, "max_output_tokens": 9000}}


HOST_PROFILE = """\
  xai/old:
    verified: 2026-01-01
    sources: [somebody]
    endpoints: {responses: {}}
    input: [text, image]
    output: [text]
    tools: {}
    reasoning: {style: effort, efforts: [low], off: never}
"""
HOST_PRICES = """\
    Provider(id='openai', models=[]),
    Provider(id='x-ai', models=[ModelInfo(id='grok-old', match=ClauseEquals(equals='grok-old'), prices=ModelPrice(
        input_mtok=TieredPrices(base=Decimal('2'), tiers=[Tier(start=199999, price=Decimal('4'))]), output_mtok=Decimal('6')))]),
"""


def test_of_a_host_an_unknown_number_needs_two_lineages_and_its_other_models_are_no_news(
    sources: Any, sync: Any
) -> None:
    with_host(sources)
    told = sync("--apply")
    block = sources.registry.read_text(encoding="utf-8").partition("xai/grok-old:\n")[2].partition("\n\n")[0]
    assert block.splitlines() == ["    profile: xai/old", "    limits: {output: 9000}", "    prices: [{input: 2}]"]
    assert section(told, "New ids") == []
    assert "- `xai/grok-old` prices.output: the registry unknown, genai-prices 6" in section(told, SINGLE)
    assert any("prices.above_200000.input" in line for line in section(told, SINGLE))


def test_an_answer_as_long_as_the_context_is_the_context_and_is_not_filled_in(sources: Any, sync: Any) -> None:
    with_host(sources, "{context: 9000}")
    told = sync("--apply", code=1)
    assert "- `xai/grok-old` limits.output: the registry unknown, litellm 9,000, models.dev 9,000" in section(
        told, SERIOUS
    )
    assert "limits: {context: 9000}" in sources.registry.read_text(encoding="utf-8")


# --- what is only told --------------------------------------------------------------------------------------------


def test_a_capability_is_never_applied_and_two_lineages_against_it_are_told(sources: Any, sync: Any) -> None:
    sources.models["claude-old"]["supports_vision"] = False
    sources.facts["anthropic"]["claude-old"]["image_inputs"] = False
    told = sync("--apply", code=1)
    assert section(told, SERIOUS) == [
        "- `anthropic/claude-old` input.image: the registry yes, litellm no, models.dev no"
    ]
    assert "input: [text, image]" in sources.registry.read_text(encoding="utf-8")


def test_one_lineage_alone_is_told_apart(sources: Any, sync: Any) -> None:
    sources.models["claude-old"]["supports_vision"] = False
    told = sync()
    assert "- `anthropic/claude-old` input.image: the registry yes, litellm no" in section(told, SINGLE)
    assert section(told, SERIOUS) == []


def test_two_sources_of_one_lineage_have_one_vote() -> None:
    from registry_sync.claims import Source, lineages

    one = Source("a", "1", "models.dev", {"x/y": {"tools": True}}, frozenset())
    two = Source("b", "1", "models.dev", {"x/y": {"tools": False, "prefill": True}}, frozenset())
    assert lineages([one, two]) == {"models.dev": {"x/y": {"tools": True, "prefill": True}}}


def test_a_verdict_settles_a_conflict_and_protects_a_number(sources: Any, sync: Any) -> None:
    sources.models["claude-old"] |= {"supports_vision": False, "max_output_tokens": 200}
    sources.facts["anthropic"]["claude-old"] |= {"image_inputs": False, "max_output_tokens": 200}
    sources.verdicts.write_text(
        """\
- {models: [anthropic/claude-old], fields: [input.image], value: true, because: Seen., on: 2026-11-22, sources: [me]}
- {models: [anthropic/claude-old], fields: [limits.output], value: 100, because: Seen., on: 2026-11-22, sources: [me]}
""",
        encoding="utf-8",
    )
    told = sync("--apply")
    assert "contested fields (2 with a verdict)" in told
    assert "output: 100" in sources.registry.read_text(encoding="utf-8")


def test_a_new_id_is_proposed_as_unverified_with_its_nearest_profile_and_never_added(sources: Any, sync: Any) -> None:
    sources.texts[sources.anthropic_ids] = "Model: TypeAlias = Union[Literal['claude-old', 'claude-new'], str]\n"
    sources.models["claude-new"] = dict(CLAUDE_LIKE)
    told = sync("--apply", code=1)
    assert section(told, "New ids") == [
        (
            "- `anthropic/claude-new`, listed by anthropic 2.0, litellm 1.0. Nearest profile, as a hint and no fact: "
            "anthropic/old (agrees with 2 of 2 statements)."
        ),
        "  Until somebody has read the vendor's page: `anthropic/claude-new: {profile: unverified}`, or `not_chat`.",
    ]
    assert "claude-new" not in sources.registry.read_text(encoding="utf-8")


CLAUDE_LIKE = {
    "litellm_provider": "anthropic",
    "mode": "chat",
    "supports_vision": True,
    "supports_function_calling": True,
}


def test_a_new_id_that_has_ended_already_belongs_to_retired(sources: Any, sync: Any) -> None:
    sources.models["gpt-brief"] = {**sources.models["gpt-old"], "deprecation_date": "2026-10-01"}
    assert section(sync(code=1), "New ids") == [
        "- `openai/gpt-brief` ended on 2026-10-01 before we knew it (litellm 1.0): add it to `retired`"
    ]


def test_other_hosts_regions_and_fine_tunes_are_no_new_ids(sources: Any, sync: Any) -> None:
    sources.models |= {
        "us/claude-old": dict(CLAUDE_LIKE),
        "ft:gpt-old": dict(sources.models["gpt-old"]),
        "bedrock/claude-x": {**CLAUDE_LIKE, "litellm_provider": "bedrock"},
        "gpt-voice": {**sources.models["gpt-old"], "mode": "audio_speech"},
    }
    assert section(sync(), "New ids") == []


# --- sources that have changed ------------------------------------------------------------------------------------


def renamed_field(sources: Any) -> str:
    entry = sources.models["claude-old"]
    entry["input_price"] = entry.pop("input_cost_per_token_batches")
    return "litellm 1.0: no model has input_cost_per_token_batches any more; renamed?"


def missing_wheel(sources: Any) -> str:
    del sources.versions["genai_prices"]
    return "genai-prices is missing: its wheel is not among the sources"


def cut_off_python(sources: Any) -> str:
    sources.texts[sources.prices] = sources.texts[sources.prices][:900]
    return "genai_prices/data.py is no valid Python"


def renamed_variable(sources: Any) -> str:
    sources.texts[sources.prices] = sources.texts[sources.prices].replace("providers: list", "hosts: list")
    return "genai_prices/data.py has no `providers` any more; it was renamed or moved"


def a_vendor_less(sources: Any) -> str:
    sources.texts[sources.prices] = sources.texts[sources.prices].replace("id='google'", "id='googol'")
    return "genai_prices/data.py has anthropic, openai of anthropic, google, openai"


def a_new_kind_of_rule(sources: Any) -> str:
    sources.texts[sources.prices] = sources.texts[sources.prices].replace("ClauseContains(", "ClauseRhymes(")
    return "a match rule 'ClauseRhymes' of which nobody has heard"


def renamed_profile_field(sources: Any) -> str:
    for facts in sources.facts["anthropic"].values():
        facts["tools"] = facts.pop("tool_calling")
    return "langchain-anthropic 1.0: no model has tool_calling any more; renamed?"


def renamed_function(sources: Any) -> str:
    sources.texts["pydantic_ai/profiles/openai.py"] = "def profile_of(name): return {}\n"
    return "its profiles cannot be asked any more: AttributeError"


def renamed_alias(sources: Any) -> str:
    sources.texts[sources.anthropic_ids] = "ModelName: TypeAlias = Literal['claude-old']\n"
    return "has no `Model` any more; it was renamed or moved"


def another_docstring(sources: Any) -> str:
    sources.texts[sources.openai_ids] = 'ChatModel: TypeAlias = Literal["gpt-old", "gpt-gone"]\n'
    return "tells no shutdown dates any more; its docstring has changed"


BROKEN = [
    renamed_field,
    missing_wheel,
    cut_off_python,
    renamed_variable,
    a_vendor_less,
    a_new_kind_of_rule,
    renamed_profile_field,
    renamed_function,
    renamed_alias,
    another_docstring,
]


@pytest.mark.parametrize("spoil", BROKEN, ids=lambda spoil: spoil.__name__)
def test_a_source_that_has_changed_is_told_and_nothing_is_written(
    sources: Any, sync: Any, spoil: Callable[[Any], str]
) -> None:
    expected = spoil(sources)
    told = sync("--apply", code=2)
    assert expected in told
    assert told.endswith("Nothing was written.\n")
    assert sources.written() == {"model_registry.yaml": sources.original}


def test_a_cut_off_json_file_is_told(sources: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = sources.write() / sources.litellm
    file.write_text(file.read_text(encoding="utf-8")[:700], encoding="utf-8")
    place = ["--registry", str(sources.registry), "--sources", str(sources.packages)]
    assert main([*place, "--apply"]) == 2
    assert "is no valid JSON (line 1" in capsys.readouterr().err
    assert sources.written() == {"model_registry.yaml": sources.original}


def test_every_broken_source_is_told_at_once(sources: Any, sync: Any) -> None:
    expected = [renamed_field(sources), missing_wheel(sources), renamed_alias(sources)]
    told = sync(code=2)
    assert [what for what in expected if what not in told] == []


def test_a_source_that_is_valid_and_has_shrunk_was_cut_off(sources: Any, sync: Any) -> None:
    for number in range(8):
        sources.models[f"gpt-{number}"] = dict(sources.models["gpt-old"])
    sync("--apply", code=1)
    before = sources.written()
    for number in range(8):
        del sources.models[f"gpt-{number}"]
    assert "litellm 1.0 speaks of 3 models, at the last sync of 11" in sync("--apply", code=2)
    assert sources.written() == before


def test_a_lock_that_is_broken_is_told(sources: Any, sync: Any) -> None:
    sources.lock.write_text("<<<<<<<", encoding="utf-8")
    assert "registry.lock.json is no valid JSON (line 1); restore it from git" in sync("--apply", code=2)


def test_wheels_that_cannot_be_had_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="uv, which downloads the sources, is not on the PATH"):
        fetch(tmp_path / "packages")


def test_the_newest_sdks_are_fetched_and_not_those_that_are_installed_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv, log = tmp_path / "uv", tmp_path / "log"
    uv.write_text(f'#!/bin/sh\necho "$@" >> {log}\n', encoding="utf-8")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    fetch(tmp_path / "packages")
    alone = next(line for line in log.read_text(encoding="utf-8").splitlines() if "--no-deps" in line)
    assert {"anthropic", "google-genai", "openai"} <= set(alone.split())


# --- the lock -----------------------------------------------------------------------------------------------------


def test_a_date_in_the_lock_moves_only_with_what_it_dates(sources: Any, sync: Any) -> None:
    sync("--apply")
    sources.models["claude-old"]["supports_vision"] = False
    sync("--apply", day="2026-12-01")
    fields = sources.lock_of("anthropic/claude-old")
    assert fields["input.image"] == [True, "2026-12-01", ["models.dev"], {"litellm": False}]
    assert {entry[1] for field, entry in fields.items() if field != "input.image"} == {DAY}


# --- the vendors' own endpoints -----------------------------------------------------------------------------------

YES, NO = {"supported": True}, {"supported": False}


def claude(**changes: Any) -> dict[str, Any]:
    return {
        "type": "model",
        "id": "claude-old",
        "display_name": "Claude Old",
        "created_at": "2025-01-02T00:00:00Z",
        "lifecycle": "active",
        "line": None,
        "max_input_tokens": 2000,
        "max_tokens": 300,
        "deprecated_at": None,
        "retires_at": None,
        "capabilities": {
            **dict.fromkeys(("batch", "citations", "code_execution", "image_input", "structured_outputs"), YES),
            "pdf_input": NO,
            "effort": {"supported": True, "low": YES, "medium": YES, "high": YES, "max": NO, "xhigh": None},
            "thinking": {
                "supported": True,
                "types": {"adaptive": YES, "enabled": NO, "disabled": NO, "between_tools": YES},
            },
            "server_tools": {"supported": True, "web_search": YES, "code_execution": YES},
            "context_management": {"supported": False},
        },
        **changes,
    }


def page(*models: dict[str, Any]) -> Canned:
    return Canned({"data": list(models), "has_more": False, "first_id": None, "last_id": None})


def test_anthropics_endpoint_tells_limits_ends_and_capabilities() -> None:
    retiring = claude(id="claude-older", lifecycle="deprecated", retires_at="2027-01-05T00:00:00Z", capabilities=None)
    with Loopback([page(claude(), retiring, claude(id="claude-gone", lifecycle="retired"))]) as server:
        said = ask_anthropic("key", server.url)
    assert said["anthropic/claude-old"] == {
        "limits.input": 2000,
        "limits.output": 300,
        "dates.released": "2025-01-02",
        "input.image": True,
        "input.document": False,
        "structured_output": True,
        "reasoning": True,
        "reasoning.efforts": ["high", "low", "medium"],
        "reasoning.budget": False,
        "reasoning.always_on": False,
    }
    assert said["anthropic/claude-older"]["dates.retires"] == "2027-01-05"
    assert "anthropic/claude-gone" not in said


def test_googles_endpoint_tells_limits_of_models_that_generate_content() -> None:
    models = [
        {
            "name": "models/gemini-old",
            "inputTokenLimit": 2000,
            "outputTokenLimit": 300,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "thinking": True,
        },
        {"name": "models/embedding-old", "supportedGenerationMethods": ["embedContent"]},
    ]
    with Loopback([Canned({"models": models})]) as server:
        said = ask_google("key", server.url)
    assert said == {"google/gemini-old": {"limits.input": 2000, "limits.output": 300, "reasoning": True}}


def test_without_keys_no_endpoint_is_asked() -> None:
    assert read_endpoints({}) == []


def test_an_endpoint_that_does_not_answer_is_a_broken_source(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Canned({"type": "error", "error": {"type": "authentication_error", "message": "no"}}, status=401)
    with Loopback([refusal]) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        with pytest.raises(SourceError, match=r"anthropic /v1/models did not answer: AuthenticationError"):
            read_endpoints({"ANTHROPIC_API_KEY": "key"})


def test_the_vendors_word_outranks_every_table(sources: Any, sync: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone changes a limit that two tables still hold, and a capability against it is told at once."""
    with Loopback([page(claude())]) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        told = sync("--apply", code=1)
    assert "- `anthropic/claude-old`: limits.output 100 -> 300" in section(told, "Changes")
    assert sources.lock_of("anthropic/claude-old")["limits.output"][2:] == [
        ["api"],
        {"litellm": 100, "models.dev": 100},
    ]
    assert "- `anthropic/claude-old` structured_output: the registry never, api yes" in section(told, SERIOUS)


# --- what live APIs answered --------------------------------------------------------------------------------------


def probe(
    sources: Any, field: str, value: str, on: str, *, page: str = "somebody", docs: str = "https://example.com/a"
) -> None:
    """One probe of claude-old, whose profile was verified on 2026-01-01 with that page."""
    file = sources.registry.with_name("live_probes.yaml")
    file.write_text(f"anthropic/claude-old:\n  {field}: {{value: {value}, on: {on}, by: me}}\n", encoding="utf-8")
    text = sources.original.replace("https://example.com/a", docs).replace(
        "sources: [somebody]", f"sources: [{page}]", 1
    )
    sources.registry.write_text(text, encoding="utf-8")


def test_a_probe_against_a_capability_is_report_at_once(sources: Any, sync: Any) -> None:
    probe(sources, "prefill", "false", "2026-08-09")
    assert section(sync(code=1), SERIOUS) == ["- `anthropic/claude-old` prefill: the registry yes, probed no"]


def test_a_page_of_the_vendor_that_is_newer_than_a_probe_outranks_it(sources: Any, sync: Any) -> None:
    probe(
        sources, "prefill", "false", "2025-12-31", page="https://docs.claude.com/models", docs="https://www.claude.com"
    )
    report = sync()
    assert section(report, SERIOUS) == []
    assert "- `anthropic/claude-old` prefill: the registry yes, probed no" in section(report, SINGLE)


@pytest.mark.parametrize(
    ("on", "page"),
    [
        pytest.param("2026-01-01", "https://docs.claude.com/models", id="a page of the same day"),
        pytest.param("2025-12-31", "https://blog.example.com/claude", id="a newer page of somebody else"),
    ],
)
def test_no_other_documentation_outranks_a_probe(sources: Any, sync: Any, on: str, page: str) -> None:
    probe(sources, "prefill", "false", on, page=page, docs="https://www.claude.com")
    assert section(sync(code=1), SERIOUS) == ["- `anthropic/claude-old` prefill: the registry yes, probed no"]


def test_a_probed_limit_replaces_the_one_that_tables_hold(sources: Any, sync: Any) -> None:
    probe(sources, "limits.output", "90", "2026-08-09")
    assert "- `anthropic/claude-old`: limits.output 100 -> 90" in section(sync("--apply"), "Changes")
    assert sources.lock_of("anthropic/claude-old")["limits.output"][2:] == [
        ["probed"],
        {"litellm": 100, "models.dev": 100},
    ]


def test_the_vendors_endpoint_outranks_a_probe(sources: Any, sync: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    probe(sources, "limits.output", "90", "2026-08-09")
    with Loopback([page(claude())]) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
        report = sync("--apply", code=1)
    assert "- `anthropic/claude-old`: limits.output 100 -> 300" in section(report, "Changes")


def test_a_model_that_was_only_probed_is_listed_by_no_source(sources: Any, sync: Any) -> None:
    probe(sources, "prefill", "true", "2026-08-09")
    for models in (sources.models, sources.facts["anthropic"]):
        models["claude-other"] = models.pop("claude-old")
    for path in (sources.prices, sources.anthropic_ids):
        sources.texts[path] = sources.texts[path].replace("claude-old", "claude-other")
    report = section(sync(code=1), "Listed by no source any more")
    assert report == ["- `anthropic/claude-old`: newer than the sources, or has it ended?"]


def test_a_probe_without_a_day_is_report(sources: Any, sync: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sources.registry.with_name("live_probes.yaml").write_text(
        "anthropic/claude-old: {prefill: {value: true, by: me}}\n", encoding="utf-8"
    )
    assert "anthropic/claude-old > prefill > on: field required" in sync(code=2)
