"""What an editor shows of each model: its name, the keywords that it takes, and what each of them means for it.

A sample of models in `just test` (of each provider, and with each condition), all of them in `just test-all`. The
text of a question has a line for each model, since the server analyses a text once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from capably_codegen.load import load_registry
from capably_codegen.registry.names import constant_name
from capably_codegen.registry.schema import Profile, Reasoning
from support.expected_types import cases_of
from support.langserver import Server
from support.sample import EVERYTHING

from capably import llm
from capably.parameters import PARAMETERS, ROUTING

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("editor")]

ROOT = Path(__file__).parents[2]
REGISTRY = load_registry(ROOT / "model_registry.yaml").registry
HEAD = "from capably import llm"
PER_CALL = {"content", "format", "prefill"}


def profile_of(id: str) -> Profile | None:
    return REGISTRY.profiles.get(REGISTRY.models[id].profile)


def traits_of(id: str) -> set[object]:
    """What makes the signatures of a model differ from others, one by one."""
    profile = profile_of(id)
    provider = id.partition("/")[0]
    if profile is None:
        return {provider, "unverified"}
    reasoning, tools = profile.reasoning, profile.tools
    return {
        provider,
        ("temperature", profile.sampling.temperature, isinstance(reasoning, Reasoning) and reasoning.on_by_default),
        ("forced", getattr(tools, "forced", "")),
        ("with format", getattr(tools, "with_structured_output", "")),
        *(("output", kind) for kind in profile.output),
    }


def sample() -> list[str]:
    """The model with most traits that no model before it had, until none is left."""
    if EVERYTHING:
        return sorted(REGISTRY.models)
    traits = {id: traits_of(id) for id in sorted(REGISTRY.models)}
    left, chosen = set[object]().union(*traits.values()), list[str]()
    while left:
        chosen.append(max(traits, key=lambda name: len(left & traits[name])))
        left -= traits[chosen[-1]]
    return sorted(chosen)


IDS = sample()


def constant(id: str) -> str:
    return f"llm.{id.partition('/')[0]}.{constant_name(id, REGISTRY.models[id])}"


def taken(id: str) -> set[str]:
    """The keywords of the calls that the registry allows."""
    calls = [case.params for case in cases_of(profile_of(id)) if case.allowed and not case.after]
    names = {name for params in calls for name in eval(f"dict({params})", {"llm": llm, "add": None})}
    return {"content", *names, *ROUTING}


@pytest.fixture(scope="module")
def server(wheel_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("editor").resolve(), wheel_python) as running:
        yield running


def documented(answer: Any) -> dict[str, str]:
    """The paragraphs of a hover or of a signature: parameter -> text."""
    text = answer["contents"]["value"] if "contents" in answer else answer["documentation"]["value"]
    return dict(re.findall(r"^ +(\w+): (.+)$", text.partition("Args:")[2], re.MULTILINE))


@pytest.mark.parametrize(("method", "without"), [("call", set[str]()), ("with_", PER_CALL)])
def test_the_keywords_that_a_model_takes_are_offered_and_no_others(
    server: Server, method: str, without: set[str]
) -> None:
    answers = server.each("completion", HEAD, [f"{constant(id)}.{method}(|)" for id in IDS])
    for id, answer in zip(IDS, answers, strict=True):
        offered = {item["label"][:-1] for item in answer["items"] if item["label"].endswith("=")}
        assert offered == taken(id) - without, id


@pytest.mark.parametrize("call", ['{string}.ca|ll("Hi")', '{constant}.with_(max_tokens=9).stre|am_async("Hi")'])
def test_a_hover_over_a_call_explains_every_parameter(server: Server, call: str) -> None:
    lines = [call.format(string=f'llm.Model("{id}")', constant=constant(id)) for id in IDS]
    for id, answer in zip(IDS, server.each("hover", HEAD, lines), strict=True):
        texts = documented(answer)
        in_signature = set(re.findall(r"^    (\w+):", answer["contents"]["value"].partition("Args:")[0], re.MULTILINE))
        assert texts.keys() == in_signature, id
        assert_values(id, texts)


def assert_values(id: str, texts: dict[str, str]) -> None:
    """Hold the values that the paragraphs name against the registry."""
    profile, limit = profile_of(id), REGISTRY.models[id].limits.output
    for name, text in texts.items():
        general = PARAMETERS[name].doc if name in PARAMETERS else "What to say:"
        assert text.startswith((general, "Only in a call", "Not together")), (id, name)
    if profile is None:
        return
    assert limit is None or f"{limit:,}" in texts["max_tokens"], id
    for word in profile.input:
        assert word in texts["content"].partition("This model reads ")[2], id
    if isinstance(profile.reasoning, Reasoning) and "reasoning" in texts:
        efforts = profile.reasoning.efforts
        words = texts["reasoning"].partition("This model takes ")[2].partition(".")[0]
        named = set(re.findall(r"`(\w+)`", words)) - {"off"}
        assert named <= set(efforts), id
        budget = profile.reasoning.budget
        about = rf"A budget has [a-z ]*{budget.min:,} " if budget else "It takes no budget"
        assert re.search(about, texts["reasoning"]), id
    most = profile.sampling.temperature_max
    if most and "temperature" in texts and not texts["temperature"].startswith("Only"):
        assert f"This model takes 0 to {most:g}." in texts["temperature"], id


def test_signature_help_explains_each_overload_and_the_parameter_that_is_written(server: Server) -> None:
    lines = [f'{constant(id)}.call("Hi", max_tokens=|)' for id in IDS]
    for id, answer in zip(IDS, server.each("signatureHelp", HEAD, lines), strict=True):
        for signature in answer["signatures"]:
            assert documented(signature)["max_tokens"].startswith(PARAMETERS["max_tokens"].doc), id
        active = answer["signatures"][answer["activeSignature"]]
        written = active["parameters"][answer["activeParameter"]]
        assert written["documentation"]["value"].startswith("max_tokens: "), id


def test_a_hover_over_an_id_names_the_model(server: Server) -> None:
    answers = server.each("hover", HEAD, [f'llm.Mo|del("{id}")' for id in IDS])
    variables = server.each("hover", HEAD, [f'a{n}| = llm.Model("{id}")' for n, id in enumerate(IDS)])
    for id, answer, variable in zip(IDS, answers, variables, strict=True):
        model, text = REGISTRY.models[id], answer["contents"]["value"]
        assert f"{model.name or id.partition('/')[2]} (`{id}`)." in text, id
        assert set(re.findall(r"Literal\['(\w+/.*?)'\]", text)) == {id}
        name = "".join(filter(str.isalnum, id.partition("/")[2])).lower()
        type = variable["contents"]["value"].rpartition(": ")[2].strip()
        assert type.strip("_").lower() == name or model.constant, id
