"""A user's own file over capably's registry: what it may say, what comes of it, and how its mistakes are told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from capably_codegen.contradictions import RESERVED_PROVIDERS
from capably_codegen.generate import generate_overlay, overlay_schema_text
from capably_codegen.load import load_registry, parse_registry
from capably_codegen.overlay import Laid, base_file, host_names, load_overlay, parse_overlay
from capably_codegen.registry.problems import RegistryError
from capably_codegen.registry.schema import Profile
from capably_codegen.stubs.render import render
from capably_codegen.unspelled import unspelled_facts

from capably import llm
from capably.registry.overlay import Overlay

ROOT = Path(__file__).parents[2]

BASE = """\
providers:
  acme: {name: Acme, adapter: openai, api_key: [ACME_API_KEY], docs: "https://acme.example"}
  zeta: {name: Zeta, adapter: anthropic, api_key: [ZETA_API_KEY], docs: "https://zeta.example"}
profiles:
  acme/talker:
    verified: 2026-11-22
    sources: [a page]
    endpoints: {responses: {stop: always}, chat_completions: {}}
    input: [text, image]
    output: [text]
    tools: {forced: always}
    reasoning: {style: effort, efforts: [low, high], off: never}
  acme/mute:
    verified: 2026-11-22
    sources: [a page]
    endpoints: {responses: {}}
    input: [text]
    output: [text]
  zeta/thinker:
    verified: 2026-11-22
    sources: [a page]
    endpoints: {messages: {}}
    input: [text]
    output: [text]
models:
  acme/talk-1: {profile: acme/talker, limits: {context: 1000, output: 100}, prices: [{input: 1, output: 2}]}
  acme/talk-1-0901: {profile: acme/talker, snapshot_of: acme/talk-1, replacement: acme/mute-1}
  acme/mute-1: {profile: acme/mute}
  acme/secret: {profile: unverified}
  zeta/think-1: {profile: zeta/thinker}
retired:
  acme/old: {on: 2026-01-01, replacement: acme/talk-1}
not_chat:
  acme/film: video
"""

VLLM = "providers:\n  vllm: {adapter: openai, api_key: [VLLM_API_KEY], base_url: 'http://localhost:8000/v1'}\n"


def laid(text: str) -> Laid:
    return parse_overlay(text, "mine.yaml", BASE)


def problems(text: str) -> list[str]:
    try:
        laid(text)
    except RegistryError as error:
        return [line.removeprefix("mine.yaml:") for line in str(error).splitlines()]
    return []


# --- what it may say ----------------------------------------------------------------------------------------------


def test_a_fine_tune_points_at_a_profile_of_ours() -> None:
    registry = laid("models:\n  acme/ft:talk-1:me: {profile: acme/talker}\n").source.registry
    assert registry.models["acme/ft:talk-1:me"].profile == "acme/talker"
    assert registry.models["acme/ft:talk-1:me"].prices == []
    assert len(registry.models) == 6


def test_a_model_like_another_has_its_profile_limits_and_prices_and_nothing_else() -> None:
    registry = laid("models:\n  acme/ft: {like: acme/talk-1-0901, limits: {output: 7}}\n").source.registry
    model = registry.models["acme/ft"]
    assert (model.profile, model.limits.output, model.limits.context) == ("acme/talker", 7, None)
    assert (model.snapshot_of, model.replacement) == (None, None)
    assert laid("models:\n  acme/ft: {like: acme/talk-1}\n").source.registry.models["acme/ft"].prices[0].output == 2


def test_a_corrected_field_of_a_model_replaces_ours_and_leaves_the_rest() -> None:
    model = laid("models:\n  acme/talk-1: {prices: [{input: 9}]}\n").source.registry.models["acme/talk-1"]
    assert (model.prices[0].input, model.prices[0].output) == (9, None)
    assert (model.profile, model.limits.context) == ("acme/talker", 1000)


def test_a_corrected_fact_of_a_profile_moves_all_models_that_use_it() -> None:
    profile = laid("profiles:\n  acme/talker: {input: [text]}\n").source.registry.profiles["acme/talker"]
    assert profile.input == ["text"]
    assert profile.tools is not None


@pytest.mark.parametrize("start", ["acme/talker", "acme/talk-1"], ids=["a profile", "a model, for its profile"])
def test_a_profile_extends_another_and_says_what_differs(start: str) -> None:
    text = f"profiles:\n  acme/mine: {{extends: {start}, tools: null}}\nmodels:\n  acme/m: {{profile: acme/mine}}\n"
    registry = laid(text).source.registry
    assert (registry.profiles["acme/mine"].tools, registry.profiles["acme/mine"].input) == (None, ["text", "image"])
    assert registry.profiles["acme/talker"].tools is not None


def test_an_extended_profile_follows_the_users_own_correction_of_it() -> None:
    text = "profiles:\n  acme/talker: {input: [text]}\n  acme/mine: {extends: acme/talker, verbosity: [low]}\n"
    profiles = laid(text + "models:\n  acme/m: {profile: acme/mine}\n").source.registry.profiles
    assert profiles["acme/mine"].input == ["text"]


def test_removed_models_are_gone_and_nothing_of_ours_points_at_them() -> None:
    registry = laid("remove: [acme/talk-1, acme/mute-1]\n").source.registry
    assert list(registry.models) == ["acme/talk-1-0901", "acme/secret", "zeta/think-1"]
    snapshot = registry.models["acme/talk-1-0901"]
    assert (snapshot.snapshot_of, snapshot.replacement) == (None, None)
    assert registry.retired["acme/old"].replacement is None


def test_a_removed_provider_takes_all_that_is_its_own_with_it() -> None:
    registry = laid("remove: [acme]\n").source.registry
    assert (list(registry.providers), list(registry.profiles)) == (["zeta"], ["zeta/thinker"])
    assert (list(registry.models), registry.retired, registry.not_chat) == (["zeta/think-1"], {}, {})


def test_a_removed_model_that_is_written_anew_has_nothing_of_ours() -> None:
    text = "remove: [acme/talk-1]\nmodels:\n  acme/talk-1: {profile: acme/mute}\n"
    assert laid(text).source.registry.models["acme/talk-1"].prices == []


@pytest.mark.parametrize("id", ["acme/old", "acme/film"])
def test_what_we_call_gone_or_no_chat_model_the_user_may_list(id: str) -> None:
    registry = laid(f"models:\n  {id}: {{profile: acme/mute}}\n").source.registry
    assert id in registry.models
    assert id not in {**registry.retired, **registry.not_chat}


def test_what_we_list_the_user_may_call_retired() -> None:
    registry = laid("retired:\n  acme/talk-1: {on: 2026-11-01}\n").source.registry
    assert "acme/talk-1" not in registry.models
    assert "acme/talk-1" in registry.retired


def test_a_provider_of_the_users_own_needs_only_how_it_is_reached() -> None:
    text = VLLM + "models:\n  vllm/m: {profile: unverified}\n"
    provider = laid(text).source.registry.providers["vllm"]
    assert (provider.name, provider.docs) == ("vllm", "http://localhost:8000/v1")


def test_a_gateway_has_a_copy_of_the_profile_and_is_asked_at_chat_completions_first() -> None:
    registry = laid(VLLM + "models:\n  vllm/talk: {like: acme/talk-1}\n").source.registry
    assert registry.models["vllm/talk"].profile == "vllm/acme-talker"
    assert registry.models["vllm/talk"].prices[0].input == 1
    assert list(registry.profiles["vllm/acme-talker"].endpoints) == ["chat_completions", "responses"]
    assert list(registry.profiles["acme/talker"].endpoints) == ["responses", "chat_completions"]


def test_a_gateway_may_extend_a_profile_of_another_wire_format_with_endpoints_of_its_own() -> None:
    text = (
        VLLM + "profiles:\n  vllm/think: {extends: zeta/think-1, endpoints: {chat_completions: {stop: always}}}\n"
        "models:\n  vllm/think: {profile: vllm/think}\n"
    )
    assert problems(text) == []


def test_an_empty_section_says_nothing() -> None:
    assert laid("models:\nremove:\n").source.registry.models == parse_registry(BASE).registry.models


def test_profiles_of_ours_that_nobody_uses_any_more_are_no_mistake_of_the_user() -> None:
    assert problems("remove: [acme/mute-1]\n") == []


def test_a_profile_that_says_the_same_as_one_of_ours_is_no_mistake() -> None:
    """Or our next release could break it."""
    assert problems("profiles:\n  acme/m: {extends: acme/mute}\nmodels:\n  acme/m: {profile: acme/m}\n") == []


# --- mistakes -----------------------------------------------------------------------------------------------------

MINE = "profiles:\n  acme/mine: {extends: acme/talker}\nmodels:\n  acme/m: {profile: acme/mine}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "- a\n", "1: the file must be a mapping with providers, profiles, models, or ids to remove", id="list"
        ),
        pytest.param("", "1: the file is empty; it needs providers, profiles, models, or ids to remove", id="empty"),
        pytest.param(
            "model:\n  acme/x: {profile: acme/mute}\n",
            "1: model: unknown key 'model'. Did you mean 'models'? "
            "Known: hosts, models, not_chat, profiles, providers, remove, retired.",
            id="an unknown section",
        ),
        pytest.param(
            "models: [a]\n", "1: models: it must be a mapping from names to what is said of them", id="a list"
        ),
        pytest.param(
            "models:\n  acme/x: acme/mute\n", "2: models > acme/x: it must be a mapping; it is 'acme/mute'", id="w"
        ),
        pytest.param(
            "models:\n  acme/x: {like: [a]}\n", "2: models > acme/x > like: it must name one; it is ['a']", id="l"
        ),
        pytest.param("remove: acme\n", "1: remove: it must be a list of ids: models, or whole providers", id="remove"),
        pytest.param(
            "remove:\n  - acme/mute-1\n  - acme/tolk-1\n",
            "3: remove > 1: capably has no model or provider 'acme/tolk-1'. Did you mean 'acme/talk-1'?",
            id="removing what is not there",
        ),
        pytest.param(
            "models:\n  acme/x: {profile: acme/tolker}\n",
            "2: models > acme/x > profile: no profile 'acme/tolker'. Did you mean 'acme/talker'?",
            id="an unknown profile",
        ),
        pytest.param(
            "models:\n  acme/x: {profile: acme/talk-1}\n",
            "2: models > acme/x > profile: 'acme/talk-1' is a model. To have its profile, write `like: acme/talk-1`",
            id="a model where a profile belongs",
        ),
        pytest.param(
            "models:\n  acme/x: {like: acme/tolk-1}\n",
            "2: models > acme/x > like: no model 'acme/tolk-1'. Did you mean 'acme/talk-1'?",
            id="like an unknown model",
        ),
        pytest.param(
            "models:\n  acme/x: {lik: acme/talk-1, profile: acme/mute}\n",
            "2: models > acme/x > lik: unknown key 'lik'. Did you mean 'like'? Known: api_version, constant, dates, like, "
            "limits, name, prices, profile, replacement, snapshot_of, status.",
            id="a misspelt like",
        ),
        pytest.param(
            "models:\n  acme/x: {like: acme/y}\n  acme/y: {like: acme/x}\n",
            "2: models > acme/x > like: it leads back to itself: acme/x -> acme/y -> acme/x",
            id="models like each other",
        ),
        pytest.param(
            MINE.replace("acme/talker", "acme/talke"),
            "2: profiles > acme/mine > extends: no profile 'acme/talke'. Did you mean 'acme/talker'?",
            id="extending nothing",
        ),
        pytest.param(
            MINE.replace("acme/talker", "acme/secret"),
            "2: profiles > acme/mine > extends: 'acme/secret' has no profile whose facts are known",
            id="extending a model of which nothing is known",
        ),
        pytest.param(
            "profiles:\n  acme/talker: {extends: acme/talk-1}\n",
            "2: profiles > acme/talker > extends: it leads back to itself: acme/talker -> acme/talker",
            id="extending itself by way of a model",
        ),
        pytest.param(
            MINE.split("models")[0],
            "2: profiles > acme/mine: no model uses this profile; use it or take it out",
            id="a profile of the user's that nobody uses",
        ),
        pytest.param(
            "profiles:\n  acme/talker: {inputs: [text]}\n",
            "2: profiles > acme/talker > inputs: unknown key 'inputs'. Did you mean 'input'? Known: builtin_tools, cache, "
            "endpoints, extends, input, notes, output, prefill, reasoning, sampling, sources, structured_output, system, "
            "tools, unverified_builtin_tools, unverified_input, verbosity, verified.",
            id="an unknown fact",
        ),
        pytest.param(
            "profiles:\n  acme/talker:\n    reasoning: {style: effort, efforts: [hihg], off: never}\n",
            "3: profiles > acme/talker > reasoning > efforts > 0: 'hihg' is not allowed. "
            "Allowed: minimal, low, medium, high, xhigh, max. Did you mean 'high'?",
            id="an unknown word",
        ),
        pytest.param(
            "profiles:\n  acme/talker:\n    unverified_input: [image]\n",
            "2: profiles > acme/talker: 'image' is listed as known and in unverified_input; keep one",
            id="a fact that contradicts one of ours",
        ),
        pytest.param(
            "profiles:\n  acme/talker:\n    endpoints: {responses: {efforts: [max]}}\n",
            "3: profiles > acme/talker > endpoints: responses names effort 'max', which is not among the model's (low, high)",
            id="an effort that our profile does not have",
        ),
        pytest.param(
            "profiles:\n  acme/talker:\n    endpoints: {responses: {builtin_tools: [mcp]}}\n",
            "3: profiles > acme/talker > endpoints: responses names built-in tool 'mcp', which is not among the model's (none)",
            id="a built-in tool that our profile does not have",
        ),
        pytest.param(
            "models:\n  acme/x: {profile: acme/mute, sampling: {}}\n",
            "2: models > acme/x > sampling: a model never overrides 'sampling', a fact of its profile. "
            "Give the model a profile of its own (`profiles:`) that says so.",
            id="a model that overrides a fact",
        ),
        pytest.param(
            "models:\n  acme/talk.1: {profile: acme/mute}\n",
            "2: models > acme/talk.1: its constant 'talk_1' is that of 'acme/talk-1' too; set `constant:` on one of them",
            id="a constant of ours",
        ),
        pytest.param(
            "models:\n  acme/mute-1: {constant: talk_1}\n",
            "2: models > acme/mute-1: its constant 'talk_1' is that of 'acme/talk-1' too; set `constant:` on one of them",
            id="a constant of ours, given to another of ours",
        ),
        pytest.param(
            "models:\n  acme/x: {}\n",
            "2: models > acme/x: capably has no model 'acme/x'. A new one needs `profile:` or `like:`",
            id="a new model without a profile",
        ),
        pytest.param(
            "models:\n  acme/tolk-1: {prices: []}\n",
            "2: models > acme/tolk-1: capably has no model 'acme/tolk-1'. Did you mean 'acme/talk-1'? "
            "A new one needs `profile:` or `like:`",
            id="a correction of a misspelt model",
        ),
        pytest.param(
            "profiles:\n  acme/x: {verified: 2026-11-22, sources: [a], input: [text], output: [text]}\n"
            "models:\n  acme/x: {profile: acme/x}\n",
            "2: profiles > acme/x: capably has no profile 'acme/x'. Did you mean 'acme/mute'? A new one needs "
            "`extends:`, or verified, sources, endpoints, input, output",
            id="a new profile that is not whole",
        ),
        pytest.param(
            "profiles:\n  acme/talk-1: {prefill: true}\n",
            "2: profiles > acme/talk-1: capably has no profile 'acme/talk-1'. That of the model 'acme/talk-1' is "
            "'acme/talker'. A new one needs `extends:`, or verified, sources, endpoints, input, output",
            id="a correction under the name of a model",
        ),
        pytest.param(
            "providers:\n  vllm: {adapter: openai}\n",
            "2: providers > vllm > api_key: 'api_key' is missing",
            id="a provider without a key",
        ),
        pytest.param(
            "providers:\n  my-host: {adapter: openai, api_key: [K]}\n",
            "2: providers > my-host: 'my-host' must be a Python name in lower case, because its constants stand in "
            "`llm.my-host`",
            id="a provider that is no Python name",
        ),
        pytest.param(
            "models:\n  'acme/x\"y': {like: acme/talk-1, constant: x}\n",
            "2: models > acme/x\"y: 'acme/x\"y' holds a quotation mark, a backslash or a control character",
            id="an id that ends a string",
        ),
        pytest.param(
            "models:\n  'acme/x\\': {like: acme/talk-1, constant: x}\n",
            r"2: models > acme/x\: 'acme/x\\' holds a quotation mark, a backslash or a control character",
            id="an id that escapes",
        ),
        pytest.param(
            'providers:\n  mine: {name: \'"""M\', adapter: openai, api_key: [K]}\n',
            '2: providers > mine > name: \'"""M\' holds a quotation mark, a backslash or a control character',
            id="a name that ends a docstring",
        ),
        pytest.param(
            "providers:\n  tool: {adapter: openai, api_key: [K]}\n",
            "2: providers > tool: `llm.tool` is something else already; choose another name",
            id="a provider with a name that llm has",
        ),
        pytest.param(
            "models:\n  vlm/x: {profile: unverified}\n",
            "2: models > vlm/x: no provider 'vlm'. Known: acme, zeta.",
            id="an unknown provider",
        ),
        pytest.param(
            VLLM + "models:\n  vllm/think: {like: zeta/think-1}\n",
            "4: models > vllm/think: its profile 'zeta/thinker' is asked at messages, which 'vllm' (adapter 'openai') does "
            "not speak. Write a profile `vllm/...` with `extends: zeta/thinker` and `endpoints:` of its own",
            id="a gateway that speaks another format",
        ),
        pytest.param(
            VLLM + "profiles:\n  vllm/p:\n    extends: zeta/thinker\nmodels:\n  vllm/m: {profile: vllm/p}\n",
            "4: profiles > vllm/p > endpoints > messages: 'messages' is not spoken by the adapter 'openai'. "
            "Allowed: responses, chat_completions.",
            id="a profile of another format",
        ),
    ],
)
def test_one_mistake_is_told_in_one_line_at_the_users_own_line(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_two_profiles_of_the_user_that_say_the_same_are_one_too_many() -> None:
    text = MINE.replace("models:", "  acme/yours: {extends: acme/talker}\nmodels:\n  acme/y: {profile: acme/yours}")
    assert problems(text) == ["3: profiles > acme/yours: says the same as 'acme/mine'; keep one of them"]


def test_the_words_of_an_overlay_are_no_words_of_the_registry_itself() -> None:
    with pytest.raises(RegistryError, match="unknown key 'like'"):
        parse_registry(BASE.replace("acme/mute-1: {", "acme/mute-1: {like: acme/talk-1, "))
    with pytest.raises(RegistryError, match="unknown key 'remove'"):
        parse_registry(BASE + "remove: [acme]\n")


def test_providers_may_not_have_names_that_llm_has() -> None:
    functions = {name for name in dir(llm) if name.islower()} - set(base_providers())
    assert functions <= {*RESERVED_PROVIDERS}


def base_providers() -> list[str]:
    return list(parse_registry(base_file().read_text(encoding="utf-8")).registry.providers)


# --- names that collide -------------------------------------------------------------------------------------------


def test_two_ids_with_one_class_are_told_like_two_with_one_constant() -> None:
    text = BASE.replace("acme/mute-1: {", "acme/talk1: {profile: acme/mute}\n  acme/mute-1: {")
    with pytest.raises(RegistryError) as caught:
        parse_registry(text.replace("acme/talk-1-0901", "acme/talk-1-901"), "m.yaml")
    assert str(caught.value).splitlines()[-1] == (
        "m.yaml:28: models > acme/talk1: its class 'Talk1' is that of 'acme/talk-1' too; set `constant:` on one of them"
    )


def test_a_named_constant_names_the_class_too() -> None:
    text = BASE.replace("acme/mute-1: {", "acme/talk1: {profile: acme/mute, constant: talk_one}\n  acme/mute-1: {")
    assert list(parse_registry(text).registry.models)[2] == "acme/talk1"


def test_a_models_class_may_not_hide_a_class_of_ours() -> None:
    [line] = problems("models:\n  acme/image: {profile: acme/mute}\n")
    assert "its class would be 'Image', which is a class of capably's" in line
    assert "set `constant:`" in line


# --- what the run time reads --------------------------------------------------------------------------------------

EVERYTHING = (
    VLLM
    + """\
  acme: {base_url: "https://proxy.example"}
profiles:
  acme/talker: {input: [text]}
  acme/mine: {extends: acme/talk-1, verbosity: [low]}
  vllm/own: {verified: 2026-11-22, sources: [us], endpoints: {chat_completions: {}}, input: [text], output: [text]}
models:
  acme/talk-1: {prices: [{input: 9}]}
  acme/ft:talk-1:me: {like: acme/talk-1, name: Ours}
  acme/m: {profile: acme/mine}
  vllm/talk: {like: acme/talk-1}
  vllm/m: {profile: vllm/own}
  vllm/secret: {profile: unverified, constant: hush}
retired:
  acme/mute-1: {on: 2026-11-01}
remove: [zeta]
"""
)


def tables(source: Any) -> dict[str, Any]:
    """A registry as the generated tables have it."""
    registry = source.registry
    profiles = {n: p.model_dump(mode="json", exclude={"notes"}) for n, p in registry.profiles.items()}
    rest = {s: getattr(registry, s) for s in ("providers", "models", "retired", "not_chat")}
    plain = {
        s: {n: e if isinstance(e, str) else e.model_dump(mode="json") for n, e in d.items()} for s, d in rest.items()
    }
    return {**plain, "profiles": profiles}


def test_the_compiled_file_gives_the_run_time_the_same_whole_as_the_types() -> None:
    both = laid(EVERYTHING)
    ours = tables(parse_registry(BASE))
    overlay = Overlay(json.loads(json.dumps(both.compiled)), lambda section, name: ours[section].get(name))
    for section, expected in tables(both.source).items():
        found = overlay.entries(section, ours[section])
        for entry in found.values():
            if section == "profiles":
                entry.pop("line", None)
                entry.pop("file", None)
        if section == "models":  # of ours, what points at a removed model is dropped in the types only
            found = {n: {**e, "replacement": expected[n]["replacement"]} for n, e in found.items()}
        assert found == expected


def test_a_correction_is_compiled_as_the_fields_that_were_given_so_that_our_next_release_still_counts() -> None:
    compiled = laid(EVERYTHING).compiled
    assert compiled["models"]["acme/talk-1"].keys() == {"prices"}
    assert compiled["profiles"]["acme/talker"] == {"input": ["text"], "line": 5, "file": "mine.yaml"}
    assert compiled["profiles"]["acme/mine"].keys() == {"extends", "verbosity", "line", "file"}
    assert compiled["profiles"]["vllm/own"].keys() == {*Profile.model_fields, "line", "file"} - {"notes"}
    assert "prices" not in compiled["models"]["acme/ft:talk-1:me"]
    assert compiled["providers"]["acme"] == {"base_url": "https://proxy.example"}
    assert compiled["constants"]["vllm"] == {"talk": "vllm/talk", "m": "vllm/m", "hush": "vllm/secret"}


# --- the command --------------------------------------------------------------------------------------------------


def run_generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "capably.cli", "generate", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's project with a file of its own, generated."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "my_models.yaml").write_text(
        "models:\n  openai/ft:gpt-4.1:me: {like: openai/gpt-4.1}\n", encoding="utf-8"
    )
    done = run_generate(folder, "--registry", "my_models.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "wrote my_models.json"
    return folder


def files_in(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob(pattern) if path.is_file()}


def test_the_whole_package_is_written_as_stubs_only(project: Path) -> None:
    assert files_in(project / "typings" / "capably_models", "*") == files_in(
        ROOT / "typings" / "capably_models", "*.pyi"
    )


def test_every_stub_names_both_sources(project: Path) -> None:
    for path in (project / "typings" / "capably_models").rglob("*.pyi"):
        assert path.read_text(encoding="utf-8").splitlines()[0] == (
            "# Generated by `capably generate` from capably's model_registry.yaml and my_models.yaml. "
            "Do not edit: change the registry and generate again."
        )


def test_the_file_of_the_project_is_found_without_being_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text('[tool.capably]\nregistry = "my_models.yaml"\n', encoding="utf-8")
    monkeypatch.delenv("CAPABLY_REGISTRY", raising=False)
    done = run_generate(project, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "everything is fresh\n", "")


def test_check_notices_a_changed_yaml_in_the_stubs_and_in_the_compiled_file(project: Path, tmp_path: Path) -> None:
    stubs = project / "typings" / "capably_models"
    file = tmp_path / "my_models.yaml"
    file.write_text((project / "my_models.yaml").read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert generate_overlay(file, stubs, check=True) == ["my_models.json is missing"]
    (tmp_path / "my_models.json").write_text((project / "my_models.json").read_text(encoding="utf-8"), encoding="utf-8")
    [told] = generate_overlay(file, stubs, check=True)
    assert told.startswith("my_models.json differs\n--- my_models.json (on disk)\n+++ my_models.json (fresh)\n")
    file.write_text("models:\n  openai/ft:gpt-4.1:us: {like: openai/gpt-4.1}\n", encoding="utf-8")
    assert len(generate_overlay(file, stubs, check=True)) > 2
    done = run_generate(tmp_path, "--registry", str(file), "--output", str(stubs), "--check")
    assert done.returncode == 1
    assert done.stdout.endswith(f"bring them up to date with: capably generate --registry {file} --output {stubs}\n")


def test_a_mistake_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "my_models.yaml").write_text("models:\n  openai/x: {like: openai/gpt-5.66}\n", encoding="utf-8")
    done = run_generate(tmp_path, "--registry", "my_models.yaml")
    assert done.returncode == 1
    assert done.stderr == (
        "my_models.yaml:2: models > openai/x > like: no model 'openai/gpt-5.66'. Did you mean 'openai/gpt-5.6'?\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["my_models.yaml"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ["--registry", "a.yaml", "--output", str(ROOT / "typings" / "capably_models")], "complete package", id="o"
        ),
        pytest.param(["--registry", "a.json"], "a.json is no YAML file", id="the compiled file itself"),
        pytest.param(
            ["--registry", "a.yaml"], "a.json, where the compiled registry would stand, is another", id="a.json"
        ),
    ],
)
def test_nothing_that_somebody_else_wrote_is_overwritten(arguments: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("remove: [google]\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"mine": 1}', encoding="utf-8")
    done = run_generate(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "typings").exists()


def test_the_base_is_the_registry_of_the_repository_in_a_clone() -> None:
    assert base_file() == ROOT / "model_registry.yaml"
    assert load_overlay.__module__ == "capably_codegen.overlay"


# --- its JSON Schema ----------------------------------------------------------------------------------------------


def validate(text: str) -> list[str]:
    schema = json.loads(overlay_schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


def test_the_json_schema_takes_what_the_generator_takes_and_explains_the_words() -> None:
    as_an_editor_reads_it = EVERYTHING.replace("{on:", "{'on':")
    assert validate(as_an_editor_reads_it) == []
    schema = json.loads(overlay_schema_text())
    assert "whose profile" in schema["$defs"]["Model"]["properties"]["like"]["description"]


def test_the_json_schema_refuses_what_nobody_knows() -> None:
    [told] = validate("models:\n  acme/x: {lik: acme/y}\n")
    assert "'lik' was unexpected" in told


def test_ids_with_one_spelling_have_two_classes_once_one_names_its_constant() -> None:
    text = "models:\n  acme/talk1: {profile: acme/mute, constant: talk_one}\n"
    stub = render(laid(text).source, run_time=False)["_acme/_models.pyi"]
    assert "class TalkOne(_profiles.AcmeMuteProfile)" in stub
    assert "class Talk10901(_profiles.AcmeTalkerProfile)" in stub


# --- gateways, for those who ask for them -------------------------------------------------------------------------


def test_the_models_of_a_gateway_come_when_they_are_asked_for() -> None:
    asked = parse_overlay("hosts: [openrouter]\n", "mine.yaml").source.registry
    unasked = parse_overlay("remove: [google]\n", "mine.yaml").source.registry
    ids = [id for id in asked.models if id.startswith("openrouter/")]
    assert len(ids) > 300
    assert not [id for id in unasked.models if id.startswith("openrouter/")]
    used = {asked.models[id].profile for id in ids}
    assert used <= asked.profiles.keys()
    blind = [id for id in ids if asked.profiles[asked.models[id].profile].input == ["text"]]
    assert 50 < len(blind) < len(ids)


@pytest.mark.parametrize("host", host_names())
def test_every_gateways_file_holds_together_and_is_typed(host: str) -> None:
    found = parse_overlay(f"hosts: [{host}]\n", "mine.yaml")
    stubs = render(found.source, run_time=False)
    ids = [id for id in found.source.registry.models if id.startswith(f"{host}/")]
    assert ids
    door = "".join(text for path, text in stubs.items() if path.startswith("_") and path.endswith(".pyi"))
    assert [id for id in ids if f'"{id}"' not in door] == []
    assert stubs[f"_{host}/_models.pyi"].count("class ") == len(ids)


def test_capablys_own_types_do_not_grow_with_gateways() -> None:
    ours = ROOT / "typings" / "capably_models"
    for host in ("openrouter", "together", "fireworks", "ollama"):
        assert [file.name for file in (ours / f"_{host}").glob("*.pyi")] == ["__init__.pyi", "_models.pyi"]
        assert "class " not in (ours / f"_{host}" / "_models.pyi").read_text(encoding="utf-8")
        assert not [file for file in ours.rglob("*.pyi") if f'"{host}/' in file.read_text(encoding="utf-8")]


def test_a_user_corrects_one_model_of_a_gateway_and_keeps_the_rest() -> None:
    text = "hosts: [openrouter]\nmodels:\n  openrouter/openai/gpt-5.5: {name: Mine}\n"
    plain = parse_overlay("hosts: [openrouter]\n", "mine.yaml").source.registry.models["openrouter/openai/gpt-5.5"]
    mine = parse_overlay(text, "mine.yaml").source.registry.models["openrouter/openai/gpt-5.5"]
    assert mine == plain.model_copy(update={"name": "Mine"})


def test_an_unknown_gateway_is_told_with_the_nearest() -> None:
    assert problems("hosts: [openruter]\n") == [
        "1: hosts > 0: no gateway 'openruter'. Did you mean 'openrouter'? Known: fireworks, openrouter, together."
    ]
    assert problems("hosts: openrouter\n") == ["1: hosts: it must be a list of gateways"]


def test_a_gateways_models_are_listed_and_checked_at_run_time(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("hosts: [openrouter]\n", encoding="utf-8")
    generate_overlay(file, tmp_path / "typings" / "capably_models")
    llm.use_registry(file)
    try:
        door: Any = llm.Model
        model = door("openrouter/aion-labs/aion-2.0")
        with pytest.raises(llm.UnsupportedFeatureError, match="Image"):
            model.call([llm.Image.from_url("https://x.test/a.png")])
    finally:
        llm.use_registry(None)
    with pytest.raises(llm.UnknownModelError):
        door("openrouter/aion-labs/aion-2.0")


@pytest.mark.parametrize(
    ("fact", "feature"),
    [
        ("prefill: true", "prefill"),
        ("input: [text, audio]", "input.audio"),
        ("output: [text, image]", "output.image"),
        ("builtin_tools: [bash]", "builtin_tools.bash"),
        ("endpoints: {responses: {seed: always}}", "seed"),
        ("sampling: {top_k: always}", "top_k"),
        ("cache: {automatic: true, breakpoints: [5m]}", "cache: 5m"),
    ],
)
def test_a_fact_that_the_api_has_no_field_for_is_refused_at_its_line(fact: str, feature: str) -> None:
    (told,) = problems(f"profiles:\n  acme/mute:\n    {fact}\n")
    assert told.startswith("3:"), told
    assert f"{feature} has no spelling at responses of acme." in told


def test_a_fact_that_the_api_can_say_is_taken() -> None:
    assert (
        problems("profiles:\n  acme/mute: {verbosity: [low], input: [text, image], sampling: {temperature: always}}\n")
        == []
    )


def test_what_a_profile_takes_over_from_another_hosts_is_left_alone() -> None:
    text = (
        f"{VLLM}profiles:\n  vllm/x: {{extends: anthropic/claude-sonnet-5-5, endpoints: {{chat_completions: {{}}}}}}\n"
    )
    text += "models:\n  vllm/y: {profile: vllm/x}\n"
    parse_overlay(text, "mine.yaml")


def test_our_own_registry_says_nothing_that_cannot_be_spelt(registry_file: Path) -> None:
    registry = load_registry(registry_file).registry
    assert [(name, *fact) for name in registry.profiles for fact in unspelled_facts(registry, name)] == []
