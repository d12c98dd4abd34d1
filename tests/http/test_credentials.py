"""Where credentials go, and where they never stand: what each host receives, and what errors and values show."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.loopback import Canned, Loopback, Received
from support.questions import LIBRARIES, MODELS, WAYS, ask, ok
from support.sample import pairwise

from capably import llm
from capably.http import HttpRequest
from capably.registry.lookup import providers

SECRET = "sk-private-0123456789"
KEYS = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "google": "GEMINI_API_KEY",
    "groq": "GROQ_API_KEY",
}
VARIABLES = {
    "anthropic": (
        *("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE"),
        *("ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID"),
        *("ANTHROPIC_SERVICE_ACCOUNT_ID", "ANTHROPIC_WORKSPACE_ID", "ANTHROPIC_SCOPE", "ANTHROPIC_WEBHOOK_SIGNING_KEY"),
        "ANTHROPIC_CUSTOM_HEADERS",
    ),
    "openai": (
        *("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"),
        *("OPENAI_WEBHOOK_SECRET", "OPENAI_CUSTOM_HEADERS"),
    ),
    "azure": ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"),
    "google": (
        *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"),
        *("GOOGLE_GENAI_API_VERSION", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"),
    ),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
}
"""What the SDKs' clients read from the environment, by the provider that it is for."""

BOTH = pytest.mark.parametrize("way", WAYS)
EVERY = pytest.mark.parametrize("provider", MODELS)
AROUND = ("{}\n", "{}\r\n", " {} ", "\t{}")
NO_KEYS = (f"{SECRET}\u2014x", f"sk\n{SECRET}", f"{SECRET}\0", f"\ufeff{SECRET}")
UNSENDABLE = [(key, variable) for key in NO_KEYS for variable in (False, True) if not (variable and "\0" in key)]
"""A key that cannot be sent, and whether a variable holds it. None can hold a NUL."""


def all_of(error: BaseException) -> str:
    """Return every word that an error and its causes show."""
    chain: list[str] = []
    below: BaseException | None = error
    while below is not None:
        chain += [str(below), repr(below), repr(below.__dict__)]
        below = below.__cause__ or below.__context__
    return "".join([*chain, *traceback.format_exception(error)])


# --- keys and headers that cannot be sent -------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "around", "by_variable", "way"), pairwise(MODELS, AROUND, [False, True], WAYS))
def test_a_key_is_sent_without_the_space_around_it(
    provider: str, around: str, by_variable: bool, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in providers()[provider]["api_key"]:
        monkeypatch.delenv(name, raising=False)
    key = around.format(SECRET)
    if by_variable:
        monkeypatch.setenv(KEYS[provider], key)
    with Loopback([ok]) as server:
        llm.configure(provider, api_key=None if by_variable else key, base_url=server.url, max_retries=0)
        assert ask(llm.Model.of(MODELS[provider]), way) == "ok"
        (sent,) = server.requests
    assert [value.removeprefix("Bearer ") for value in sent.headers.values() if SECRET in value] == [SECRET]


@pytest.mark.parametrize(("provider", "given", "way"), pairwise(MODELS, UNSENDABLE, WAYS))
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(
    provider: str, given: tuple[str, bool], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, by_variable = given
    for name in providers()[provider]["api_key"]:
        monkeypatch.delenv(name, raising=False)
    if by_variable:
        monkeypatch.setenv(KEYS[provider], key)
    with Loopback([ok]) as server:
        llm.configure(provider, api_key=None if by_variable else key, base_url=server.url)
        with pytest.raises(llm.ConfigurationError, match=f"key of {provider} in .* cannot be sent") as raised:
            ask(llm.Model.of(MODELS[provider]), way)
        assert server.requests == []
    assert SECRET not in all_of(raised.value)
    assert (KEYS[provider] if by_variable else "api_key=") in str(raised.value)


def test_another_credential_of_anthropic_is_sent_clean_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with Loopback([ok]) as server:
        for token in (f"{SECRET}\n", f"{SECRET}\u2014"):
            monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", token)
            llm.configure("anthropic", base_url=server.url)
            if token.endswith("\n"):
                assert ask(llm.Model.of(MODELS["anthropic"]), "call") == "ok"
            else:
                with pytest.raises(llm.ConfigurationError, match="ANTHROPIC_AUTH_TOKEN cannot be sent") as raised:
                    ask(llm.Model.of(MODELS["anthropic"]), "call")
                assert SECRET not in all_of(raised.value)
        assert [sent.headers["authorization"] for sent in server.requests] == [f"Bearer {SECRET}"]


@BOTH
@EVERY
def test_headers_of_the_caller_are_sent_clean_or_refused_and_not_shown(provider: str, way: str) -> None:
    with Loopback([ok]) as server:
        llm.configure(provider, api_key="k", base_url=server.url)
        model = llm.Model.of(MODELS[provider])
        assert ask(model, way, headers={"X-Secret": f" {SECRET}\n"}) == "ok"
        assert server.requests[0].headers["x-secret"] == SECRET
        for value in (f"{SECRET}\r\nx: y", f"{SECRET}\u2014"):
            with pytest.raises(llm.ConfigurationError, match="X-Secret") as raised:
                ask(model, way, headers={"X-Secret": value})
            assert SECRET not in all_of(raised.value)
        wrong: Any = {"X-Secret": SECRET.encode()}
        with pytest.raises(TypeError, match="headers holds a value of type bytes") as mistaken:
            ask(model, way, headers=wrong)
        assert SECRET not in all_of(mistaken.value)
        assert len(server.requests) == 1


@EVERY
def test_a_key_and_headers_show_in_no_value(provider: str) -> None:
    refusal = Canned({"error": {"message": "no", "type": "authentication_error"}}, status=401)
    with Loopback([ok, refusal]) as server:
        llm.configure(provider, api_key=SECRET, base_url=server.url, max_retries=0)
        model = llm.Model.of(MODELS[provider]).with_(headers={"X-Secret": SECRET})
        response = model.call("Hi")
        assert response.text() == "ok"
        with pytest.raises(llm.AuthenticationError) as raised:
            model.call("Hi")
    assert SECRET not in all_of(raised.value)
    stored = io.BytesIO()
    pickle.dump(response, stored)
    pickle.dump(raised.value, stored)
    pickle.dump(llm.Model.of(MODELS[provider]), stored)
    assert SECRET.encode() not in stored.getvalue()
    assert SECRET not in repr((response, response.request, model)) + response.to_json()
    assert "'X-Secret': '...'" in repr(model)


@pytest.mark.parametrize(("way", "library", "word"), pairwise(WAYS, LIBRARIES, ("base_url", "query", "headers", "key")))
def test_an_error_of_the_connection_shows_no_secret(way: str, library: Any, word: str) -> None:
    address = "http://127.0.0.1:9"
    given: dict[str, dict[str, Any]] = {
        "base_url": {"base_url": f"{address}/v1?key={SECRET}"},
        "query": {"query": {"key": SECRET}},
        "headers": {"headers": {"x-key": SECRET}},
        "key": {"api_key": lambda: SECRET},
    }
    settings: dict[str, Any] = {"base_url": address, "api_key": "k", "max_retries": 0, "http": library, **given[word]}
    with pytest.raises(llm.ConnectionFailedError) as raised:
        ask(llm.Model.of(MODELS["openai"], provider=llm.provider("openai", **settings)), way)
    assert SECRET not in "".join([repr(raised.value), *traceback.format_exception(raised.value)])


def test_a_request_shows_no_credential_where_variables_are_shown() -> None:
    request = HttpRequest(f"https://host/v1?key={SECRET}", {"authorization": SECRET}, b"{}")
    assert repr(request) == "HttpRequest('https://host/v1', 2 bytes)"


# --- a vendor's environment stays with the vendor -----------------------------------------------------------------


def private(variable: str) -> str:
    if variable.endswith("_HEADERS"):
        return f"x-corp: private-{variable}\nAuthorization: Bearer private-{variable}"
    return f"http://127.0.0.1:9/private-{variable}" if variable.endswith("_URL") else f"private-{variable}"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every variable of every vendor, set."""
    values = {variable: private(variable) for names in VARIABLES.values() for variable in names}
    values |= {variable: private(variable) for entry in providers().values() for variable in entry["api_key"]}
    for variable, value in values.items():
        monkeypatch.setenv(variable, value)
    return values


def shown(request: Received) -> set[str]:
    """The variables of whose values something came to a host."""
    text = f"{request.path} {request.headers} {request.body!r}"
    return {part.split("'")[0].split(",")[0].split()[0] for part in text.split("private-")[1:]}


HOSTS = [name for name in providers() if name not in ("bedrock", "vertex", "scripted", *VARIABLES)]


@pytest.mark.parametrize(("host", "way", "library"), pairwise(HOSTS, WAYS, LIBRARIES))
@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_host_receives_its_own_key_and_nothing_of_a_vendor(
    host: str, way: str, library: Any, environment: dict[str, str]
) -> None:
    with Loopback([ok]) as server:
        llm.configure(host, base_url=server.url, max_retries=0, http=library)
        assert ask(llm.Model.of(f"{host}/some-model"), way) == "ok"
        (sent,) = server.requests
    names = providers()[host]["api_key"]
    assert shown(sent) == {*names[:1]}
    assert ("authorization" in sent.headers) is bool(names)


OWN = """
providers:
  {adapter}_local: {{adapter: {adapter}, api_key: [], base_url: "{url}"}}
  {adapter}_other: {{adapter: {adapter}, api_key: [OTHER_KEY], base_url: "{url}"}}
  {adapter}_gate: {{adapter: {adapter}, api_key: [{key}], base_url: "{url}"}}
"""


@pytest.mark.parametrize(
    ("adapter", "kind", "way"),
    pairwise(["anthropic", "openai", "google"], ["local", "other", "gate"], WAYS),
)
@pytest.mark.filterwarnings("ignore::capably.types.errors.UnverifiedModelWarning")
def test_a_server_of_ones_own_receives_what_its_entry_names(
    adapter: str,
    kind: str,
    way: str,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    own_registry: None,
) -> None:
    monkeypatch.setenv("OTHER_KEY", "private-OTHER_KEY")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    with Loopback([ok]) as server:
        file = tmp_path / "my_models.yaml"
        file.write_text(OWN.format(adapter=adapter, url=server.url, key=KEYS[adapter]), encoding="utf-8")
        llm.use_registry(file)
        model = llm.Model.of(f"{adapter}_{kind}/some-model")
        assert ask(model, way, max_tokens=9) == "ok"
        (sent,) = server.requests
    named = {"local": set[str](), "other": {"OTHER_KEY"}, "gate": {KEYS[adapter]}}[kind]
    assert shown(sent) == named
    assert bool({"authorization", "x-api-key", "x-goog-api-key"} & sent.headers.keys()) is bool(named)


@pytest.fixture
def own_registry() -> Iterator[None]:
    """Lets go of the files that a test used."""
    yield
    llm.use_registry(None)


@BOTH
@pytest.mark.parametrize("version", ["", "2026-01-01"])
def test_azure_receives_nothing_of_openai(
    version: str, way: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", version)
    with Loopback([ok]) as server:
        llm.configure("azure", base_url=server.url, max_retries=0)
        assert ask(llm.Model.custom("azure/deployment", like="openai/gpt-6.1-sol"), way) == "ok"
        (sent,) = server.requests
    assert shown(sent) <= {*VARIABLES["azure"]} and shown(sent)


@BOTH
def test_openai_receives_what_users_of_its_sdk_expect(
    way: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_CUSTOM_HEADERS")
    with Loopback([ok]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        llm.configure("openai", max_retries=0)
        assert ask(llm.Model.of(MODELS["openai"]), way) == "ok"
        (sent,) = server.requests
    assert shown(sent) == {"OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"}
