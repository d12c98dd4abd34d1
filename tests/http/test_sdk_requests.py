"""What the vendors' SDKs send, recorded from those that are installed, and what we send: path, method, and headers, one by one.

When an upgrade of an SDK sends something new, a test fails here: then we send it as well, or a table has the reason why not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import anthropic
import openai
import pytest
from google import genai
from support.loopback import Loopback, Received
from support.questions import LIBRARIES, MODELS, WAYS, ask, ok

from capably import __version__, llm

NOT_COMPARED = frozenset({"host", "content-length"})
"""Headers of the connection and of the body."""

LEFT_OUT: Mapping[str, str] = {
    "x-stainless-lang": "describes the SDK's own language: we are not that SDK",
    "x-stainless-package-version": "is the version of the SDK",
    "x-stainless-os": "describes the machine of the user, which is nobody's business",
    "x-stainless-arch": "describes the machine of the user",
    "x-stainless-runtime": "describes the program of the user",
    "x-stainless-runtime-version": "describes the program of the user",
    "x-stainless-async": "describes the program of the user",
    "x-stainless-retry-count": "is a statistic of the SDK's retries; no API depends on it",
    "x-stainless-timeout": "is a statistic of the SDK's timeouts; no API depends on it",
    "x-stainless-read-timeout": "is a statistic of the SDK's timeouts; no API depends on it",
    "x-goog-api-client": "says again who sends, which is in user-agent",
    "x-server-timeout": "makes Google give up after the time that we wait for one byte, though its answer may take longer",
    "connection": "says what HTTP/1.1 means without it",
}
"""Header of an SDK that we do not send -> why not."""

OURS: Mapping[str, str] = {
    "user-agent": "says who we are",
    "accept-encoding": "names the compressions that the HTTP library reads",
    "accept": "google-genai takes anything; Google sends JSON, or what the path says",
}
"""Header that we send with another value than an SDK -> why."""


class Case(NamedTuple):
    """A client of an SDK, and a model of ours with the same settings. `at` makes its arguments of a server's address."""

    sdk: str
    kind: str
    model: str
    at: Callable[[str], dict[str, Any]]
    settings: Callable[[str], dict[str, Any]]
    variables: Mapping[str, str] = {}


def keyed(url: str) -> dict[str, Any]:
    return {"api_key": "k", "base_url": url}


def waiting(url: str) -> dict[str, Any]:
    return {"api_key": "k", "base_url": url, "timeout": 30}


def bare(url: str) -> dict[str, Any]:
    return {"base_url": url}


def of_google(url: str) -> dict[str, Any]:
    return {"api_key": "k", "http_options": {"base_url": url}}


def of_google_waiting(url: str) -> dict[str, Any]:
    return {"api_key": "k", "http_options": {"base_url": url, "timeout": 30_000}}


def of_azure(url: str) -> dict[str, Any]:
    return {"api_key": "k", "azure_endpoint": url, "api_version": "2026-01-01"}


def azure(url: str) -> dict[str, Any]:
    return {"api_key": "k", "endpoint": url, "api_version": "2026-01-01"}


GPT, CLAUDE, GEMINI = MODELS["openai"], MODELS["anthropic"], MODELS["google"]
ORGANIZATION = {"OPENAI_API_KEY": "k", "OPENAI_ORG_ID": "org", "OPENAI_PROJECT_ID": "project"}
CASES: Mapping[str, Case] = {
    "anthropic": Case("Anthropic", "messages", CLAUDE, keyed, keyed),
    "anthropic, timeout": Case("Anthropic", "messages", CLAUDE, waiting, waiting),
    "anthropic, token": Case("Anthropic", "messages", CLAUDE, bare, bare, {"ANTHROPIC_AUTH_TOKEN": "t"}),
    "anthropic, headers": Case(
        "Anthropic", "messages", CLAUDE, keyed, keyed, {"ANTHROPIC_CUSTOM_HEADERS": "x-corp: 1\nx-team: two words"}
    ),
    "openai": Case("OpenAI", "responses", GPT, keyed, keyed),
    "openai, timeout": Case("OpenAI", "responses", GPT, waiting, waiting),
    "openai, organization": Case("OpenAI", "responses", GPT, bare, bare, ORGANIZATION),
    "openai, headers": Case("OpenAI", "responses", GPT, keyed, keyed, {"OPENAI_CUSTOM_HEADERS": "x-corp: 1"}),
    "chat completions": Case("OpenAI", "chat", MODELS["groq"], keyed, keyed),
    "azure": Case("AzureOpenAI", "responses", "azure/deployment", of_azure, azure),
    "azure, token": Case(
        "AzureOpenAI",
        "responses",
        "azure/deployment",
        lambda url: {"azure_ad_token": "t", "azure_endpoint": url, "api_version": "v"},
        lambda url: {"token": "t", "endpoint": url, "api_version": "v"},
    ),
    "azure, chat completions": Case("AzureOpenAI", "chat", "azure/gpt-other", of_azure, azure),
    "google": Case("Google", "generate", GEMINI, of_google, keyed),
    "google, timeout": Case("Google", "generate", GEMINI, of_google_waiting, waiting),
}
VARIABLES = (
    *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_BASE_URL"),
    *("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_BASE_URL"),
    *("OPENAI_API_VERSION", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_ENDPOINT"),
    *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_API_VERSION", "GOOGLE_GEMINI_BASE_URL"),
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def request_of_sdk(case: Case, way: str) -> Received:
    """Return what the SDK's client sends."""
    with Loopback([ok]) as server:
        asyncio.run(_send(case, way, case.at(server.url)))
        (sent,) = server.requests
    return sent


async def _send(case: Case, way: str, options: dict[str, Any]) -> None:
    stream, wait = way.startswith("stream"), way.endswith("_async")
    wire_id = case.model.partition("/")[2]
    if case.sdk == "Google":
        google: Any = genai.Client(**options)
        models = google.aio.models if wait else google.models
        method = models.generate_content_stream if stream else models.generate_content
        reply = method(model=wire_id, contents="Hi")
    else:
        package: Any = anthropic if case.sdk == "Anthropic" else openai
        client = getattr(package, f"Async{case.sdk}" if wait else case.sdk)(**options)
        message: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}], "model": wire_id}
        if case.kind == "responses":
            method, message = client.responses.create, {"model": wire_id, "input": "Hi"}
        elif case.kind == "chat":
            method = client.chat.completions.create
        else:
            method, message = client.messages.create, {**message, "max_tokens": 9}
        reply = method(**message, **({"stream": True} if stream else {}))
    reply = await reply if wait else reply
    if stream and wait:
        async for _ in reply:
            pass
    elif stream:
        list(reply)


def request_of_ours(case: Case, way: str, library: Any) -> Received:
    """Return what we send."""
    provider = case.model.partition("/")[0]
    with Loopback([ok]) as server:
        handle = llm.provider(provider, http=library, max_retries=0, **case.settings(server.url))
        if provider == "azure":
            like = MODELS["groq"] if case.kind == "chat" else GPT
            model: Any = llm.Model.custom(case.model, like=like).with_(provider=handle)
        else:
            model = llm.Model.of(case.model, provider=handle)
        ask(model, way)
        (sent,) = server.requests
    return sent


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_we_send_what_the_sdk_sends_or_say_why_not(name: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    for variable, value in case.variables.items():
        monkeypatch.setenv(variable, value)
    theirs = request_of_sdk(case, way)
    for library in LIBRARIES:
        ours = request_of_ours(case, way, library)
        assert (ours.method, ours.path) == (theirs.method, theirs.path)
        headers = {name: value for name, value in theirs.headers.items() if name not in NOT_COMPARED | LEFT_OUT.keys()}
        own = {name: value for name, value in ours.headers.items() if name not in NOT_COMPARED}
        assert own.keys() == headers.keys()
        different = {name for name, value in own.items() if headers[name] != value}
        assert different <= OURS.keys()
        assert own["user-agent"] == f"capably/{__version__}"


def test_every_difference_is_one_that_an_sdk_still_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out, different = set[str](), set[str]()
    for case in CASES.values():
        with monkeypatch.context() as here:
            for variable, value in case.variables.items():
                here.setenv(variable, value)
            theirs, ours = request_of_sdk(case, "call").headers, request_of_ours(case, "call", "pyreqwest").headers
        left_out |= theirs.keys() - ours.keys()
        different |= {name for name in theirs.keys() & ours.keys() - NOT_COMPARED if theirs[name] != ours[name]}
    assert left_out == LEFT_OUT.keys()
    assert different == OURS.keys()
