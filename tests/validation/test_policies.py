"""What comes of everything that a model does not take, under each policy, as the bytes that leave: all profiles, one server.

The texts of all refusals stand in `refusals.txt` beside this module: `CAPABLY_UPDATE_GOLDEN=1 pytest tests/validation/test_policies.py`
writes it anew.
"""

from __future__ import annotations

import ast
import datetime
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from support.loopback import Canned, Loopback

from capably import llm
from capably.calls.call import encode_call
from capably.providers.spellings import NoSpellingError
from capably.registry.lookup import listed_models, providers
from capably.types.facts import ModelInfo
from capably.validation.violations import PendingCall

TEXTS = Path(__file__).with_name("refusals.txt")


@llm.tool
def lookup(word: str) -> str:
    """Looks a word up."""
    return word


class Asked(NamedTuple):
    """What is asked for: parameters, and content beside the text."""

    params: dict[str, Any]
    beside: tuple[Any, ...] = ()


PNG = llm.Image.from_bytes(b"\x89PNG", media_type="image/png")
WAV = llm.Audio.from_bytes(b"RIFF", media_type="audio/wav")
PDF = llm.Document.from_bytes(b"%PDF", media_type="application/pdf")
FILM = llm.Video.from_bytes(b"film", media_type="video/mp4")
TOOLS = {"tools": [lookup]}
BUILTINS = (llm.Bash, llm.CodeExecution, llm.GoogleMaps, llm.ImageGeneration, llm.WebSearch)
CASES: dict[str, Asked] = {
    "system": Asked({"system": "Be brief."}),
    "system in between": Asked({}, (llm.user("a"), llm.system("Be brief."))),
    "temperature": Asked({"temperature": 0.2}),
    "temperature, too hot": Asked({"temperature": 7}),
    "top_p": Asked({"top_p": 0.5}),
    "top_k": Asked({"top_k": 3}),
    "max_tokens, too many": Asked({"max_tokens": 10**9}),
    "stop": Asked({"stop": "END"}),
    "seed": Asked({"seed": 1}),
    "presence_penalty": Asked({"presence_penalty": 0.5}),
    "frequency_penalty": Asked({"frequency_penalty": -0.5}),
    "logprobs": Asked({"logprobs": 2}),
    "verbosity": Asked({"verbosity": "low"}),
    "prefill": Asked({"prefill": "It is"}),
    **{f"cache {ttl}": Asked({"cache": ttl}) for ttl in ("5m", "30m", "24h")},
    **{f"a cache point {ttl}": Asked({}, ("a", llm.CachePoint(ttl))) for ttl in (None, "1h")},
    "output image": Asked({"output": ["image"]}),
    "output audio": Asked({"output": ["text", "audio"]}),
    "format": Asked({"format": int}),
    "format of free keys": Asked({"format": dict[str, int]}),
    **{f"reasoning {word}": Asked({"reasoning": word}) for word in ("off", "minimal", "low", "xhigh", "max")},
    "a budget": Asked({"reasoning": llm.Reasoning(budget_tokens=2000)}),
    "a budget, too small": Asked({"reasoning": llm.Reasoning(budget_tokens=1)}),
    "a budget above max_tokens": Asked({"reasoning": llm.Reasoning(budget_tokens=2000), "max_tokens": 1500}),
    "a level and a budget": Asked({"reasoning": llm.Reasoning(effort="low", budget_tokens=2000)}),
    "thoughts": Asked({"reasoning": llm.Reasoning(visible=True)}),
    "tools": Asked(TOOLS),
    "tools and format": Asked({**TOOLS, "format": int}),
    "parallel_tools": Asked({**TOOLS, "parallel_tools": False}),
    "a forced tool": Asked({**TOOLS, "tool_choice": "required"}),
    "a named tool": Asked({**TOOLS, "tool_choice": lookup}),
    "a forced built-in tool": Asked({"tools": [llm.WebSearch()], "tool_choice": llm.WebSearch()}),
    **{f"llm.{kind.__name__}": Asked({"tools": [kind()]}) for kind in BUILTINS},
    "an image": Asked({}, (PNG,)),
    "sound": Asked({}, (WAV,)),
    "a document": Asked({}, (PDF,)),
    "film": Asked({}, (FILM,)),
}


def profiles() -> Iterator[ModelInfo]:
    """One model of each profile of each provider."""
    yield from {(info.provider, info.profile): info for info in listed_models() if info.verified}.values()


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback([Canned({"error": {"message": "seen", "type": "invalid_request_error"}}, status=400)]) as server:
        for name, entry in providers().items():
            if not entry["cloud"]:
                llm.configure(name, api_key="test", base_url=server.url, max_retries=0)
        llm.configure("mine", api_key="test", base_url=server.url, max_retries=0)
        yield server
        for name, entry in providers().items():
            if not entry["cloud"] and name != "mine":
                llm.configure(name)


def sent(server: Loopback, model: Any, beside: tuple[Any, ...] = (), **params: Any) -> Any:
    """The body that left; the error where nothing did."""
    before = len(server.requests)
    try:
        model.call([*beside, "Hi"], **params)
    except llm.UnsupportedFeatureError as error:
        assert len(server.requests) == before
        return error
    except llm.BadRequestError:
        pass
    (request,) = server.requests[before:]
    return request.json()


def has(body: Any, path: str) -> bool:
    for key in path.split("."):
        if isinstance(body, list):
            body = {key: value for entry in body for key, value in entry.items()}
        if not isinstance(body, dict) or key not in body:
            return False
        body = body[key]
    return True


def carries(body: Any, path: str, plain: Any) -> bool:
    """Whether a body has a field, or says something more than the plain one where content or tools stand."""
    if path == "messages" and body == plain:
        return True  # Thoughts come by themselves at most hosts: there is nothing to say.
    return body != plain and (
        has(body, path) or f'"type": "{path}"' in repr(body).replace("'", '"') or path in repr(body)
    )


def followed(server: Loopback, model: Any, asked: Asked, error: llm.UnsupportedFeatureError) -> Any:
    """The body that leaves when the advice at the end of an error is taken by its letter."""
    way = re.search(r"send it anyway with (extra|on_unsupported)=(.*)\.$", str(error))
    if way is None:
        assert str(error).endswith('leave it to on_unsupported="drop".')
        return sent(server, model, asked.beside, on_unsupported="drop", **asked.params)
    rest = dict(asked.params)
    if way[1] == "extra":
        del rest[error.feature]
    return sent(server, model, asked.beside, **{way[1]: ast.literal_eval(way[2])}, **rest)


class Refusal(NamedTuple):
    """A call that is refused: of which model, what was asked, why, and what a call of this model sends that asks for nothing."""

    model: Any
    name: str
    asked: Asked
    error: llm.UnsupportedFeatureError
    plain: Any


@pytest.fixture(scope="module")
def refusals(server: Loopback) -> list[Refusal]:
    """All of them."""
    violations: list[Refusal] = []
    for info in profiles():
        model: Any = llm.Model.of(info.id)
        plain = sent(server, model)
        for name, asked in CASES.items():
            error = sent(server, model, asked.beside, **asked.params)
            if isinstance(error, llm.UnsupportedFeatureError):
                violations.append(Refusal(model, name, asked, error, plain))
    return violations


@pytest.mark.filterwarnings("ignore")
def test_warn_sends_what_the_api_can_spell_and_refuses_the_rest(server: Loopback, refusals: list[Refusal]) -> None:
    wrong: list[str] = []
    for model, name, asked, error, plain in refusals:
        warned = sent(server, model, asked.beside, on_unsupported="warn", **asked.params)
        refused = isinstance(warned, llm.UnsupportedFeatureError)
        right = refused and warned.reason == "no_field" if not error.spelled else carries(warned, error.spelled, plain)
        if not right:
            wrong.append(f"{model.id}, {name}, {error.spelled}: {warned}")
    assert wrong == []


@pytest.mark.filterwarnings("ignore")
def test_what_an_error_advises_works(server: Loopback, refusals: list[Refusal]) -> None:
    wrong: list[str] = []
    for model, name, asked, error, plain in refusals:
        body = followed(server, model, asked, error)
        refused = isinstance(body, llm.UnsupportedFeatureError)
        if refused or (error.spelled and not carries(body, error.spelled, plain)):
            wrong.append(f"{model.id}, {name}: {error}\n{body}")
    assert wrong == []


def test_drop_leaves_it_out_and_says_so(server: Loopback, refusals: list[Refusal]) -> None:
    wrong: list[str] = []
    for model, name, asked, _, plain in refusals:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            body = sent(server, model, asked.beside, on_unsupported="drop", **asked.params)
            one_less = [{name: value for name, value in asked.params.items() if name != gone} for gone in asked.params]
            expected = (plain, *(sent(server, model, on_unsupported="drop", **less) for less in one_less if less))
        said = any("It was dropped." in str(warning.message) for warning in caught)
        if not said or isinstance(body, llm.UnsupportedFeatureError) or (not asked.beside and body not in expected):
            wrong.append(f"{model.id}, {name}: {body}")
    assert wrong == []


def test_every_text_of_a_refusal_is_as_it_was_read(refusals: list[Refusal]) -> None:
    """Without what changes with the registry: ids, dates, lines, the models that are named, and where numbers end."""
    texts: dict[str, set[str]] = {}
    for model, name, _, error, _ in refusals:
        text = str(error).replace(model.id, "provider/id")
        text = re.sub(r"checked \S+, \S+:\d+", "checked ..., model_registry.yaml:...", text)
        text = re.sub(
            r"(Models that do: )[^\n]*?((, \.\.\. \(llm\.models.*\))?\.)$", r"\1...\2", text, flags=re.MULTILINE
        )
        text = re.sub(r"It takes: [^\n]*", "It takes: ...", text)
        text = re.sub(r"Say it in words \(reasoning=[^)]*\)", "Say it in words (reasoning=...)", text)
        texts.setdefault(name, set()).add(f"{text}\n[{error.feature}, {error.reason}, {error.spelled}]")
    violations = (
        "\n\n".join(f"# {name}\n\n" + "\n\n".join(sorted(texts[name])) for name in CASES if name in texts) + "\n"
    )
    if os.environ.get("CAPABLY_UPDATE_GOLDEN") == "1":
        TEXTS.write_text(violations, encoding="utf-8")
    assert violations == TEXTS.read_text(encoding="utf-8")


def test_an_error_has_what_it_says_in_attributes() -> None:
    with pytest.raises(llm.UnsupportedFeatureError) as caught:
        untyped("google/gemini-3.8-flash").call("Hi", temperature=0.5)
    error = caught.value
    assert (error.model, error.provider) == ("google/gemini-3.8-flash", "google")
    assert (error.feature, error.value, error.allowed, error.reason) == ("temperature", 0.5, (), "ignored")
    assert error.spelled == "generationConfig.temperature"
    assert error.source is not None and error.source.startswith("model_registry.yaml:")
    assert isinstance(error.checked, datetime.date)
    assert all("/" in alternative for alternative in error.alternatives)


def untyped(id: str) -> Any:
    return llm.Model.of(id)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("id", ["mine/llama", "google/gemini-exp-1114", "anthropic/not-listed"])
def test_of_a_model_that_nobody_describes_what_the_api_can_spell_is_sent(server: Loopback, id: str) -> None:
    model, plain = untyped(id), sent(server, untyped(id))
    for name in ("top_k", "temperature", "prefill", "reasoning high"):
        asked = CASES.get(name) or Asked({"reasoning": "high"})
        for policy in ("raise", "warn", "drop"):
            assert sent(server, model, on_unsupported=policy, **asked.params) != plain, (name, policy)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("id", "name", "feature"),
    [
        ("mine/llama", "a budget", "reasoning.budget_tokens"),
        ("mine/llama", "llm.Bash", "builtin_tools.bash"),
        ("openai/not-listed", "sound", "input.audio"),
        ("openai/not-listed", "top_k", "top_k"),
        ("openai/not-listed", "a forced built-in tool", ""),
        ("google/not-listed", "reasoning max", "reasoning"),
        ("google/not-listed", "cache 5m", "cache"),
        ("google/not-listed", "system in between", "system_messages"),
        ("anthropic/not-listed", "seed", "seed"),
        ("anthropic/not-listed", "film", "input.video"),
        ("anthropic/not-listed", "format of free keys", "format"),
        ("anthropic/not-listed", "a cache point first", "cache.point"),
        ("openai/not-listed", "a strict tool", "tools.strict"),
    ],
)
def test_of_any_model_what_the_api_cannot_say_is_refused_or_dropped(
    server: Loopback, id: str, name: str, feature: str
) -> None:
    asked, model = {**CASES, **ONLY_ENCODERS_SEE}[name], untyped(id)
    for policy in ("raise", "warn"):
        error = sent(server, model, asked.beside, on_unsupported=policy, **asked.params)
        if not feature:
            assert isinstance(error, dict)
            continue
        assert (error.model, error.feature, error.reason, error.spelled) == (id, feature, "no_field", None)
    assert isinstance(sent(server, model, asked.beside, on_unsupported="drop", **asked.params), dict)


@llm.tool(strict=True)
def free(options: dict[str, int]) -> str:
    """Takes whatever."""
    return str(options)


ONLY_ENCODERS_SEE: dict[str, Asked] = {
    "a cache point first": Asked({}, (llm.CachePoint(), "a")),
    "a strict tool": Asked({"tools": [free]}),
}


@pytest.mark.filterwarnings("ignore")
def test_a_tool_that_cannot_be_strict_is_sent_without_the_guarantee(server: Loopback) -> None:
    body = sent(server, untyped("openai/not-listed"), on_unsupported="drop", tools=[free])
    assert [(tool["name"], tool["strict"]) for tool in body["tools"]] == [("free", False)]
    assert free.strict is True


@pytest.mark.filterwarnings("ignore")
def test_a_part_is_dropped_out_of_the_result_of_a_tool(server: Loopback) -> None:
    picture = llm.Image.from_bytes(b"heic", media_type="image/heic")
    talk = [
        llm.user("a"),
        llm.assistant(llm.ToolCall("1", "lookup", {})),
        llm.user([llm.ToolOutput("1", "lookup", ["b", picture])]),
    ]
    body = sent(server, untyped("anthropic/not-listed"), tuple(talk), on_unsupported="drop")
    assert body["messages"][2]["content"][0]["content"] == [{"type": "text", "text": "b"}]


@pytest.mark.filterwarnings("ignore")
def test_what_would_leave_nothing_to_say_is_refused(server: Loopback) -> None:
    with pytest.raises(llm.UnsupportedFeatureError):
        untyped("anthropic/claude-sonnet-5-5").call([WAV], on_unsupported="drop")


def test_what_cannot_be_dropped_is_refused_and_not_tried_for_ever() -> None:
    """An encoder that raises the same facts again and again ends in an error, whatever the policy."""

    class Stubborn:
        def encode(self, request: Any) -> dict[str, Any]:
            raise NoSpellingError("prefill", "The", "It cannot continue an answer.")

    call = PendingCall("openai/not-listed", None, "responses", {}, [llm.user("Hi")], "drop")
    sending: Any = dict.fromkeys(("extra", "headers", "timeout", "max_retries"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(llm.UnsupportedFeatureError, match="`prefill`"):
            encode_call(cast("Any", Stubborn()), call, sending, [])
