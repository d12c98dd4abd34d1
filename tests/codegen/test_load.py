"""What is wrong with a registry is told exactly: file, line, the wrong word, the allowed words and the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest
from capably_codegen.load import load_registry, parse_registry
from capably_codegen.registry.problems import RegistryError

REGISTRY = """\
# yaml-language-server: $schema=registry.schema.json
providers:
  acme:
    {name: Acme, adapter: openai, api_key: [ACME_API_KEY], docs: "https://acme.example/models"}

profiles:
  acme/talker:
    verified: 2026-11-22
    sources: [a page]
    endpoints: {responses: {stop: always}}
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
    sampling: {temperature: reasoning_off}

models:
  acme/talk-1:
    profile: acme/talker
    limits: {context: 1000, output: 100}
    prices: [{input: 1, output: 2}]
  acme/mute-1:
    profile: acme/mute
"""

OFF_WORDS = "never, effort_none, disabled, between_tools, budget_zero, unverified"


def problems(text: str) -> list[str]:
    """What is told of a registry, line by line; nothing if it is fine."""
    try:
        parse_registry(text, "mine.yaml")
    except RegistryError as error:
        return str(error).splitlines()
    return []


def changed(old: str, new: str) -> str:
    assert old in REGISTRY, f"the case looks for a text that is gone: {old!r}"
    return REGISTRY.replace(old, new, 1)


def test_a_valid_registry_has_no_problems() -> None:
    source = parse_registry(REGISTRY, "mine.yaml")
    assert list(source.registry.models) == ["acme/talk-1", "acme/mute-1"]
    assert source.lines["profiles", "acme/mute"] == 15


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param(
            "verified: 2026-11-22\n",
            "verifed: 2026-11-22\n    verified: 2026-11-22\n",
            "8: profiles > acme/talker > verifed: unknown key 'verifed'. Did you mean 'verified'? Known: builtin_tools, "
            "cache, endpoints, input, notes, output, prefill, reasoning, sampling, sources, structured_output, system, "
            "tools, unverified_builtin_tools, unverified_input, verbosity, verified.",
            id="an unknown key of a profile",
        ),
        pytest.param(
            "forced: always",
            "force: always",
            "13: profiles > acme/talker > tools > force: unknown key 'force'. Did you mean 'forced'? "
            "Known: forced, named, parallel, strict, with_builtin, with_structured_output.",
            id="an unknown key inside a union, told once",
        ),
        pytest.param(
            "context: 1000",
            "contxt: 1000",
            "26: models > acme/talk-1 > limits > contxt: unknown key 'contxt'. Did you mean 'context'? "
            "Known: cache_min, context, input, output.",
            id="an unknown key of a model's limits",
        ),
        pytest.param(
            "input: 1,",
            "inputs: 1,",
            "27: models > acme/talk-1 > prices > 0 > inputs: unknown key 'inputs'. Did you mean 'input'? Known: batch, "
            "batch_cache, cache_read, cache_read_audio, cache_write, cache_write_1h, file_search, flex, flex_cache, input, input_audio, "
            "output, output_audio, output_image, priority, priority_cache, start, tiers, until, web_search.",
            id="an unknown key in a list",
        ),
        pytest.param(
            "responses: {stop: always}",
            "responses: {stops: always}",
            "10: profiles > acme/talker > endpoints > responses > stops: unknown key 'stops'. Did you mean 'stop'? "
            "Known: builtin_tools, efforts, frequency_penalty, logprobs, presence_penalty, seed, stop, tools.",
            id="an unknown key of an endpoint",
        ),
        pytest.param(
            "responses: {stop: always}",
            "response: {stop: always}",
            "10: profiles > acme/talker > endpoints > response: 'response' is not allowed. "
            "Allowed: messages, responses, chat_completions, generate_content. Did you mean 'responses'?",
            id="an unknown endpoint",
        ),
        pytest.param(
            "[low, high]",
            "[low, hihg]",
            "14: profiles > acme/talker > reasoning > efforts > 1: 'hihg' is not allowed. "
            "Allowed: minimal, low, medium, high, xhigh, max. Did you mean 'high'?",
            id="an unknown effort",
        ),
        pytest.param(
            "forced: always",
            "forced: alway",
            "13: profiles > acme/talker > tools > forced: 'alway' is not allowed. "
            "Allowed: always, reasoning_off, without_budget, never, unverified. Did you mean 'always'?",
            id="an unknown condition",
        ),
        pytest.param(
            "[text, image]",
            "[text, pictures]",
            "11: profiles > acme/talker > input > 1: 'pictures' is not allowed. "
            "Allowed: text, image, document, audio, video.",
            id="an unknown modality, with nothing near it",
        ),
        pytest.param(
            "adapter: openai",
            "adapter: opanai",
            "4: providers > acme > adapter: 'opanai' is not allowed. Allowed: anthropic, openai, google. "
            "Did you mean 'openai'?",
            id="an unknown adapter",
        ),
        pytest.param(
            "    limits: {context",
            "    sampling: {temperature: always}\n    limits: {context",
            "26: models > acme/talk-1 > sampling: a model never overrides 'sampling', a fact of its profile. "
            "Give the model a profile of its own (`profiles:`) that says so.",
            id="a model that overrides a fact of its profile",
        ),
        pytest.param(
            "  acme/mute-1:",
            "  acme/talk-1:",
            "28: models: 'acme/talk-1' is here a second time (first on line 24); keep one",
            id="a duplicate id",
        ),
        pytest.param(
            "  acme/mute-1:",
            "  acme/talk.1:",
            "28: models > acme/talk.1: its constant 'talk_1' is that of 'acme/talk-1' too; "
            "set `constant:` on one of them",
            id="two ids with one constant",
        ),
        pytest.param(
            "    limits: {context",
            "    constant: class\n    limits: {context",
            "24: models > acme/talk-1: the constant would be 'class', no Python name; set `constant:`",
            id="a constant that Python keeps for itself",
        ),
        pytest.param(
            "profile: acme/mute\n",
            "profile: unverified\n",
            "15: profiles > acme/mute: no model uses this profile; use it or take it out",
            id="a profile that nobody uses",
        ),
        pytest.param(
            "    limits: {context",
            "    snapshot_of: acme/mut-1\n    limits: {context",
            "26: models > acme/talk-1 > snapshot_of: no model 'acme/mut-1'. Did you mean 'acme/mute-1'?",
            id="an unknown snapshot_of",
        ),
        pytest.param(
            "    limits: {context",
            "    replacement: acme/talk-2\n    limits: {context",
            "26: models > acme/talk-1 > replacement: no model 'acme/talk-2'. Did you mean 'acme/talk-1'?",
            id="an unknown replacement",
        ),
        pytest.param(
            "  acme/mute-1:",
            "  acne/mute-1:",
            "28: models > acne/mute-1: no provider 'acne'. Did you mean 'acme'? Known: acme.",
            id="an unknown provider",
        ),
        pytest.param(
            "  acme/mute-1:",
            "  mute-1:",
            "28: models > mute-1: 'mute-1' must read provider/name",
            id="an id without a provider",
        ),
        pytest.param(
            "    verified: 2026-11-22\n",
            "",
            "7: profiles > acme/talker > verified: 'verified' is missing",
            id="a missing field, at the line of what lacks it",
        ),
        pytest.param(
            ", off: never",
            "",
            "14: profiles > acme/talker > reasoning > off: 'off' is missing",
            id="a missing field inside a union",
        ),
        pytest.param(
            "context: 1000",
            "context: many",
            "26: models > acme/talk-1 > limits > context: input should be a valid integer, unable to parse string as an "
            "integer; it is 'many'",
            id="a word where a number belongs",
        ),
        pytest.param(
            "context: 1000",
            "context: -1",
            "26: models > acme/talk-1 > limits > context: input should be greater than 0; it is -1",
            id="a number out of range",
        ),
        pytest.param(
            "verified: 2026-11-22",
            "verified: soon",
            "8: profiles > acme/talker > verified: input should be a valid date or datetime, input is too short; "
            "it is 'soon'",
            id="a word where a date belongs",
        ),
        pytest.param(
            "[text, image]",
            "text",
            "11: profiles > acme/talker > input: input should be a valid list; it is 'text'",
            id="a word where a list belongs",
        ),
        pytest.param(
            "tools: {forced: always}",
            "tools: yes",
            "13: profiles > acme/talker > tools: 'yes' is not allowed. Allowed: a mapping, unverified.",
            id="a word where a mapping or a certain word belongs",
        ),
        pytest.param(
            "efforts: [low, high]",
            "efforts: high",
            "14: profiles > acme/talker > reasoning > efforts: 'high' is not allowed. Allowed: a list, unverified.",
            id="a word where a list or a certain word belongs",
        ),
        pytest.param(
            "off: never",
            "off: off",
            f"14: profiles > acme/talker > reasoning > off: 'off' is not allowed. Allowed: {OFF_WORDS}.",
            id="off stays a word and is no boolean",
        ),
        pytest.param(
            "forced: always",
            "strict: no",
            "13: profiles > acme/talker > tools > strict: 'no' is not allowed. Allowed: true, false, unverified.",
            id="no stays a word and is no boolean",
        ),
        pytest.param(
            "[text, image]",
            "[image]",
            "11: profiles > acme/talker > input: the first input must be 'text', not 'image'",
            id="a model that reads no text",
        ),
        pytest.param(
            "[text, image]",
            "[text, image]\n    unverified_input: [image]",
            "7: profiles > acme/talker: 'image' is listed as known and in unverified_input; keep one",
            id="a modality both known and unknown",
        ),
        pytest.param(
            "off: never",
            "off: never, default: max",
            "14: profiles > acme/talker > reasoning: default names 'max', which is not among its efforts (low, high)",
            id="a default effort that the model does not have",
        ),
        pytest.param(
            "responses: {stop: always}",
            "responses: {efforts: [max]}",
            "10: profiles > acme/talker > endpoints: responses names effort 'max', which is not among the model's "
            "(low, high)",
            id="an effort at an endpoint that the model does not have",
        ),
        pytest.param("  acme:\n", "  acme: }\n", "3: no valid YAML: did not find expected node content", id="bad YAML"),
        pytest.param("[text]\n", "*text\n", "12: no valid YAML: found undefined alias", id="an unknown alias"),
        pytest.param(
            "[a page]",
            "[a\x01page]",
            "9: no valid YAML: control characters are not allowed",
            id="a control character",
        ),
        pytest.param(
            "input: [text]",
            "input: {{text}}",
            "19: profiles > acme/mute > input: a key must be a word, and here it is a mapping or a list",
            id="a template that was not filled in",
        ),
    ],
)
def test_one_mistake_is_told_in_one_line(old: str, new: str, told: str) -> None:
    assert problems(changed(old, new)) == [f"mine.yaml:{told}"]


def test_thoughts_need_a_place_on_the_wire() -> None:
    dumb = changed("adapter: openai,", "adapter: openai, dialect: {thoughts: never},")
    chat = dumb.replace("{responses: {stop: always}}", "{chat_completions: {stop: always}}")
    told = "'unverified', but chat_completions of acme has no place for thoughts; say never"
    assert problems(chat) == [f"mine.yaml:14: profiles > acme/talker > reasoning > visible: {told}"]
    assert problems(chat.replace("off: never}", "off: never, visible: never}")) == []
    assert problems(dumb) == []


def test_an_unknown_profile_is_told_with_the_one_that_is_now_idle() -> None:
    assert problems(changed("profile: acme/talker", "profile: acme/talkr")) == [
        "mine.yaml:7: profiles > acme/talker: no model uses this profile; use it or take it out",
        "mine.yaml:25: models > acme/talk-1 > profile: no profile 'acme/talkr'. Did you mean 'acme/talker'?",
    ]


def test_two_profiles_that_say_the_same_are_one_too_many() -> None:
    twin = """\
  acme/silent:
    # Equal facts in other words: an unset field and its default are the same, and notes are no fact.
    verified: 2026-01-01
    sources: [another page]
    notes: Checked twice.
    endpoints: {responses: {stop: never}}
    input: [text]
    output: [text]
    system: start
    sampling: {top_p: never, temperature: reasoning_off}

models:
"""
    text = changed("\nmodels:\n", twin) + "  acme/silent-1: {profile: acme/silent}\n"
    assert problems(text) == ["mine.yaml:22: profiles > acme/silent: says the same as 'acme/mute'; keep one of them"]


def test_equal_facts_at_two_providers_are_two_profiles() -> None:
    text = REGISTRY.replace("  acme/mute", "  other/mute").replace(": acme/mute", ": other/mute")
    text = text.replace("\nprofiles:", "  other:\n    {name: O, adapter: openai, api_key: [O], docs: x}\n\nprofiles:")
    text = text.replace(
        "\nmodels:", "  acme/mute:\n" + text.split("  other/mute:\n")[1].split("\nmodels:")[0] + "\nmodels:"
    )
    assert problems(text + "  acme/mute-1: {profile: acme/mute}\n") == []


def test_two_ids_may_share_a_spelling_when_one_names_its_constant() -> None:
    text = changed("  acme/mute-1:\n", "  acme/talk.1:\n    constant: talk_dot_1\n")
    assert problems(text) == []


@pytest.mark.parametrize(
    ("addition", "told"),
    [
        pytest.param(
            "retired:\n  acme/talk-1: {}\n",
            "31: retired > acme/talk-1: 'acme/talk-1' is also in models; keep it in one place",
            id="a retired model that is listed",
        ),
        pytest.param(
            "retired:\n  acme/old: {replacement: acme/tolk-1}\n",
            "31: retired > acme/old > replacement: no model 'acme/tolk-1'. Did you mean 'acme/talk-1'?",
            id="an unknown successor of a retired model",
        ),
        pytest.param(
            "not_chat:\n  acme/film: movie\n",
            "31: not_chat > acme/film: 'movie' is not allowed. "
            "Allowed: realtime, agent, image, video, music, completion, speech. Did you mean 'video'?",
            id="an unknown kind of other model",
        ),
    ],
)
def test_what_is_gone_or_no_chat_model_is_checked_too(addition: str, told: str) -> None:
    assert problems(REGISTRY + addition) == [f"mine.yaml:{told}"]


@pytest.mark.parametrize("text", [pytest.param("", id="nothing"), pytest.param("# only a comment\n", id="a comment")])
def test_an_empty_file_says_what_it_needs(text: str) -> None:
    assert problems(text) == ["mine.yaml:1: the file is empty; it needs providers, profiles and models"]


def test_a_list_where_the_registry_belongs_is_refused() -> None:
    assert problems("- acme\n") == [
        "mine.yaml:1: input should be a valid dictionary or instance of Registry; it is ['acme']"
    ]


def test_several_problems_are_told_together_in_order_of_lines() -> None:
    text = changed("adapter: openai", "adapter: opanai")
    text = text.replace("context: 1000", "contxt: 1000").replace("[low, high]", "[low, hihg]")
    assert problems(text) == [
        (
            "mine.yaml:4: providers > acme > adapter: 'opanai' is not allowed. Allowed: anthropic, openai, google. "
            "Did you mean 'openai'?"
        ),
        (
            "mine.yaml:14: profiles > acme/talker > reasoning > efforts > 1: 'hihg' is not allowed. "
            "Allowed: minimal, low, medium, high, xhigh, max. Did you mean 'high'?"
        ),
        (
            "mine.yaml:26: models > acme/talk-1 > limits > contxt: unknown key 'contxt'. Did you mean 'context'? "
            "Known: cache_min, context, input, output."
        ),
    ]


def test_several_contradictions_are_told_together_in_order_of_lines() -> None:
    text = changed("profile: acme/mute", "profile: acme/mut").replace("input: [text, image]", "input: [image, text]")
    assert [line.split(": ")[0] for line in problems(text)] == ["mine.yaml:11", "mine.yaml:15", "mine.yaml:29"]


def test_off_false_and_null_mean_what_yaml_1_2_says() -> None:
    text = changed("    limits: {context: 1000", "    name: off\n    limits: {context: null")
    model = parse_registry(text, "mine.yaml").registry.models["acme/talk-1"]
    assert (model.name, model.limits.context) == ("off", None)


def test_a_file_is_named_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(changed("profile: acme/mute", "profil: acme/mute"), encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        load_registry(path)
    assert [(p.line, p.where) for p in caught.value.problems] == [
        (28, "models > acme/mute-1 > profile"),
        (29, "models > acme/mute-1 > profil"),
    ]
    assert str(caught.value).startswith("ours.yaml:28: models > acme/mute-1 > profile: 'profile' is missing\n")
