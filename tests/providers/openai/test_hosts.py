"""Every host of OpenAI's formats over a loopback server: the request in its own spelling, and its answers read."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx2
import pytest
from pydantic import BaseModel
from support.loopback import Canned, Loopback

from capably import llm
from capably.registry.lookup import providers


class Host(NamedTuple):
    """A model of a host, a call, and what of its body only this host spells so."""

    model: str
    params: dict[str, Any]
    body: dict[str, Any]
    thoughts: Mapping[str, Any] = {}
    """A message of this host with the thought `Hm.` and the text `Hello.`; none where no model shows thoughts."""
    absent: tuple[str, ...] = ()
    endpoint: str = "/chat/completions"
    content: Any = "Hi"
    user: Any = None
    """What the user's message must hold, where the spelling of content is the point."""


@llm.tool
def lookup(word: str) -> str:
    """Looks it up."""
    return word


class Word(BaseModel):
    text: str


SCHEMA = {
    "type": "object",
    "title": "Word",
    "properties": {"text": {"title": "Text", "type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
FUNCTION = {"type": "function", "function": {"name": "lookup"}}
PDF = llm.Document.from_bytes(b"%PDF", media_type="application/pdf")
BESIDE = {"content": "Hello.", "reasoning_content": "Hm."}
HOSTS = [
    Host(
        "deepseek/deepseek-flash",
        {"reasoning": "max", "max_tokens": 9, "seed": 1, "temperature": 0.5},
        {"reasoning_effort": "max", "max_tokens": 9, "seed": 1, "temperature": 0.5},
        BESIDE,
    ),
    Host(
        "deepseek/deepseek-v4-pro",
        {"reasoning": "off", "tools": [lookup], "tool_choice": lookup},
        {"thinking": {"type": "disabled"}, "tool_choice": FUNCTION},
        absent=("reasoning_effort",),
    ),
    Host(
        "deepseek/deepseek-v4-pro",
        {"prefill": "{"},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "{", "prefix": True}]},
        endpoint="/beta/chat/completions",
    ),
    Host(
        "groq/openai/gpt-oss-120b",
        {"reasoning": "low", "max_tokens": 9, "seed": 1, "tools": [llm.WebSearch()]},
        {
            "reasoning_effort": "low",
            "max_completion_tokens": 9,
            "seed": 1,
            "reasoning_format": "parsed",
            "tools": [{"type": "browser_search"}],
        },
        {"content": "Hello.", "reasoning": "Hm."},
    ),
    Host(
        "groq/qwen/qwen3.8-27b",
        {"reasoning": "off"},
        {"reasoning_effort": "none", "reasoning_format": "parsed"},
    ),
    Host("groq/qwen/qwen3.8-27b", {"reasoning": "high"}, {"reasoning_effort": "high", "reasoning_format": "parsed"}),
    Host(
        "mistral/mistral-medium-latest",
        {"reasoning": "high", "max_tokens": 9, "seed": 1, "tools": [lookup], "tool_choice": "required", "prefill": "A"},
        {"reasoning_effort": "high", "max_tokens": 9, "random_seed": 1, "tool_choice": "any"},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                {"type": "text", "text": "Hello."},
            ]
        },
        absent=("seed", "stream_options"),
    ),
    Host(
        "mistral/mistral-small-latest",
        {"reasoning": "off"},
        {"reasoning_effort": "none"},
        content=["What is it?", PDF],
        user=[
            {"type": "text", "text": "What is it?"},
            {"type": "document_url", "document_url": "data:application/pdf;base64,JVBERg=="},
        ],
    ),
    Host(
        "mistral/voxtral-small-latest",
        {},
        {},
        content=[llm.Audio.from_bytes(b"mp3", media_type="audio/mpeg")],
        user=[{"type": "input_audio", "input_audio": "bXAz"}],
    ),
    Host(
        "xai/grok-4.7",
        {"reasoning": "high", "max_tokens": 9, "temperature": 0.5, "tools": [llm.WebSearch()]},
        {
            "reasoning": {"effort": "high"},
            "max_output_tokens": 9,
            "temperature": 0.5,
            "store": False,
            "tools": [{"type": "web_search"}],
            "include": ["reasoning.encrypted_content"],
        },
        endpoint="/responses",
    ),
    Host("xai/grok-4.7", {"reasoning": "xhigh"}, {"reasoning": {"effort": "xhigh"}}, endpoint="/responses"),
    Host("xai/grok-4.3", {"reasoning": "off"}, {"reasoning": {"effort": "none"}}, endpoint="/responses"),
    Host(
        "cerebras/gpt-oss-120b",
        {"reasoning": "low", "max_tokens": 9, "logprobs": 2},
        {"reasoning_effort": "low", "max_completion_tokens": 9, "logprobs": True, "top_logprobs": 2},
        {"content": "Hello.", "reasoning": "Hm."},
    ),
    Host("cerebras/qwen-3.8-27b", {"reasoning": "off"}, {"reasoning_effort": "none"}),
    Host("moonshot/kimi-k3", {"tools": [lookup], "tool_choice": "required"}, {"tool_choice": "required"}),
    Host(
        "moonshot/kimi-k3", {"reasoning": "max", "max_tokens": 9}, {"reasoning_effort": "max", "max_tokens": 9}, BESIDE
    ),
    Host("moonshot/kimi-k2.6", {"reasoning": "off"}, {"thinking": {"type": "disabled"}}),
    Host(
        "moonshot/kimi-k3",
        {"prefill": "{"},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "{", "partial": True}]},
        absent=("seed", "temperature"),
    ),
    Host(
        "zai/glm-5.3",
        {"reasoning": "high", "max_tokens": 9, "format": int},
        {"reasoning_effort": "high", "max_tokens": 9, "response_format": {"type": "json_object"}},
        BESIDE,
    ),
    Host(
        "zai/glm-4.6v",
        {"reasoning": "off"},
        {"thinking": {"type": "disabled"}},
        content=[llm.Video.from_url("https://x.test/a.mp4")],
        user=[{"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}}],
    ),
    Host(
        "dashscope/qwen-plus",
        {"reasoning": llm.Reasoning(budget_tokens=512), "max_tokens": 900, "top_k": 3},
        {"enable_thinking": True, "thinking_budget": 512, "max_tokens": 900, "top_k": 3},
        BESIDE,
        absent=("reasoning_effort",),
    ),
    Host(
        "dashscope/qwen3.8-max",
        {"reasoning": llm.Reasoning(effort="high", visible=True)},
        {"reasoning_effort": "high"},
        BESIDE,
        absent=("enable_thinking", "thinking_budget"),
    ),
    Host(
        "dashscope/qwen3.8-flash",
        {"reasoning": llm.Reasoning(budget_tokens=512), "max_tokens": 900, "temperature": 1.9},
        {"enable_thinking": True, "thinking_budget": 512, "max_tokens": 900, "temperature": 1.9},
        BESIDE,
        absent=("reasoning_effort",),
    ),
    Host(
        "dashscope/qwen3.7-plus",
        {"reasoning": "off"},
        {"enable_thinking": False},
        absent=("thinking", "thinking_budget"),
    ),
    Host(
        "cohere/north-mini-code-1-0",
        {"reasoning": "high", "seed": 1, "stop": ["."], "tools": [lookup]},
        {"reasoning_effort": "high", "seed": 1, "stop": ["."]},
    ),
    Host(
        "cohere/command-a-03-2025",
        {"format": Word},
        {"response_format": {"type": "json_object", "schema": SCHEMA}},
    ),
    Host(
        "perplexity/sonar",
        {"format": Word, "top_k": 3},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "Word", "schema": SCHEMA, "strict": True}}},
    ),
    Host(
        "perplexity/sonar-pro",
        {"max_tokens": 9, "tools": [llm.WebSearch()]},
        {"max_tokens": 9, "web_search_options": {}},
        content=["What is it?", PDF],
        user=[{"type": "text", "text": "What is it?"}, {"type": "file_url", "file_url": {"url": "JVBERg=="}}],
    ),
    Host(
        "minimax/MiniMax-M2.7",
        {"max_tokens": 9},
        {"max_tokens": 9, "reasoning_split": True},
        {"content": "Hello.", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm."}]},
    ),
    Host(
        "minimax/MiniMax-M3",
        {"reasoning": "off", "seed": 1, "tools": [lookup], "tool_choice": "required"},
        {"thinking": {"type": "disabled"}, "reasoning_split": True, "seed": 1, "tool_choice": "required"},
    ),
    Host(
        "meta/muse-spark-1.3",
        {"reasoning": "max", "temperature": 0.5, "tools": [lookup], "parallel_tools": False},
        {"reasoning": {"effort": "max"}, "temperature": 0.5, "parallel_tool_calls": False},
        endpoint="/responses",
    ),
    Host(
        "openrouter/vendor/some-model",
        {"reasoning": "high", "max_tokens": 9, "top_k": 3, "tools": [llm.WebSearch()]},
        {
            "reasoning": {"effort": "high"},
            "max_completion_tokens": 9,
            "top_k": 3,
            "tools": [{"type": "openrouter:web_search"}],
        },
        {
            "content": "Hello.",
            "reasoning": "Hm.",
            "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm."}],
        },
    ),
    Host(
        "openrouter/vendor/some-model",
        {"reasoning": llm.Reasoning(budget_tokens=99)},
        {"reasoning": {"enabled": True, "max_tokens": 99}},
        content=["What is it?", llm.Document.from_url("https://x.test/a.pdf")],
        user=[
            {"type": "text", "text": "What is it?"},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "https://x.test/a.pdf"}},
        ],
    ),
    Host(
        "together/vendor/some-model",
        {"reasoning": "off", "max_tokens": 9},
        {"reasoning": {"enabled": False}, "max_tokens": 9},
        {"content": "Hello.", "reasoning": "Hm."},
    ),
    Host(
        "fireworks/accounts/fireworks/models/some-model",
        {"reasoning": "low", "top_k": 3},
        {"reasoning_effort": "low", "top_k": 3},
        BESIDE,
    ),
    Host(
        "ollama/llama4",
        {"reasoning": "off", "seed": 1},
        {"reasoning_effort": "none", "seed": 1},
        {"content": "Hello.", "reasoning": "Hm."},
    ),
]
CASES = [pytest.param(host, id=f"{host.model} {'+'.join(host.params)}") for host in HOSTS]


def path_of(base_url: str) -> str:
    """The path of a URL, without a slash at its end."""
    return "/" + base_url.rstrip("/").partition("://")[2].partition("/")[2] if base_url.count("/") > 2 else ""


class Replies(Loopback):
    """A loopback server whose replies can be set later; they are given in order."""

    def __init__(self) -> None:
        super().__init__([lambda _: self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]])
        self.replies: list[Canned] = []


@pytest.fixture
def server() -> Iterator[Replies]:
    with Replies() as running:
        yield running


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for each host, and the hosts with their default settings."""
    for name, entry in providers().items():
        for variable in entry["api_key"]:
            monkeypatch.setenv(variable, f"key-of-{name}")
        if name != "scripted":
            llm.configure(name)


def redirected(server: Replies, name: str, *replies: Canned) -> None:
    """Send a host's requests to the server, to the same path as its own."""
    server.replies = list(replies)
    llm.configure(name, base_url=server.url + path_of(providers()[name]["base_url"] or "/v1"), max_retries=0)


def completion(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "c1",
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }


RESPONSE = {
    "id": "r1",
    "object": "response",
    "status": "completed",
    "model": "m",
    "output": [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
}


def answer(host: Host) -> Canned:
    return Canned(RESPONSE if host.endpoint == "/responses" else completion(host.thoughts or {"content": "Hello."}))


def events(host: Host) -> Canned:
    """The same answer as a stream: every text of the message in two pieces."""
    message = host.thoughts or {"content": "Hello."}
    pieces = [halves(message, 0), halves(message, 1)]
    chunks = [{"id": "c1", "model": "m", "choices": [{"index": 0, "delta": piece}]} for piece in pieces]
    end = {
        "id": "c1",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "usage": completion({})["usage"],
    }
    return Canned("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in [*chunks, end]) + "data: [DONE]\n\n")


def halves(message: Mapping[str, Any], half: int) -> dict[str, Any]:
    """Half of a message: of each text its beginning or its rest, of each list of items those."""
    content = message["content"]
    if isinstance(content, list):  # items come one after the other
        return {"content": [content[half]]}
    return {key: piece(value, half) for key, value in message.items()}


def piece(value: Any, half: int) -> Any:
    if isinstance(value, str):
        return value[:2] if half == 0 else value[2:]
    return [{**item, "text": piece(item["text"], half)} for item in value]


@pytest.mark.parametrize("host", CASES)
def test_a_request_goes_to_the_host_in_its_own_spelling(server: Replies, host: Host) -> None:
    name = host.model.partition("/")[0]
    redirected(server, name, answer(host))
    response = llm.Model.of(host.model).call(host.content, **host.params)
    (sent,) = server.requests
    body = sent.json()
    assert sent.path == path_of(providers()[name]["base_url"] or "/v1") + host.endpoint
    key = f"Bearer key-of-{name}" if providers()[name]["api_key"] else None
    assert sent.headers.get("authorization") == key
    assert {key: body.get(key) for key in host.body} == host.body
    assert not {*host.absent} & body.keys()
    if host.user is not None:
        assert body["messages"][-1]["content"] == host.user
    assert response.text() == "Hello."
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 5)


THINKING = [pytest.param(host, id=host.model) for host in HOSTS if host.thoughts]


@pytest.mark.parametrize("host", THINKING)
def test_thoughts_are_read_where_the_host_puts_them_in_call_and_stream(server: Replies, host: Host) -> None:
    name = host.model.partition("/")[0]
    dialect = providers()[name]["dialect"]
    assert dialect is not None
    assert dialect["thoughts"] in host.thoughts
    redirected(server, name, answer(host), events(host))
    model = llm.Model.of(host.model)
    called, streamed = model.call("Hi"), model.stream("Hi")
    assert "".join(streamed.text_stream()) == "Hello."
    for response in (called, streamed):
        assert [thought.text for thought in response.thoughts] == ["Hm."]
        assert response.text() == "Hello."
        assert response.finish_reason == "stop"
    assert called.content == streamed.content


@pytest.mark.parametrize("host", THINKING)
def test_an_answer_is_sent_back_as_the_host_wrote_it_thoughts_and_all(server: Replies, host: Host) -> None:
    redirected(server, host.model.partition("/")[0], answer(host))
    response = llm.Model.of(host.model).call("Hi")
    response.resume("And?")
    assert server.requests[-1].json()["messages"][1] == {"role": "assistant", **host.thoughts}


def test_every_host_has_a_row() -> None:
    vendors = {"anthropic", "openai", "google"}
    hosts = {name for name, entry in providers().items() if entry["base_url"]} - vendors
    assert hosts == {host.model.partition("/")[0] for host in HOSTS}


# What a host refuses is refused before anything is sent


@pytest.mark.parametrize(
    ("model", "params", "feature"),
    [
        ("deepseek/deepseek-v4-pro", {"reasoning": "medium"}, "reasoning"),
        ("deepseek/deepseek-v4-pro", {"tools": [lookup], "tool_choice": "required"}, "tool_choice"),
        ("deepseek/deepseek-v4-pro", {"top_k": 3}, "top_k"),
        ("groq/openai/gpt-oss-120b", {"reasoning": "off"}, "reasoning"),
        ("groq/openai/gpt-oss-120b", {"logprobs": True}, "logprobs"),
        ("groq/openai/gpt-oss-20b", {"tools": [lookup], "format": int}, "format"),
        ("mistral/mistral-large-latest", {"reasoning": "high"}, "reasoning"),
        ("mistral/mistral-small-latest", {"logprobs": True}, "logprobs"),
        ("xai/grok-4.7", {"reasoning": "off"}, "reasoning"),
        ("xai/grok-4.7", {"reasoning": "max"}, "reasoning"),
        ("xai/grok-4.20-reasoning", {"reasoning": "high"}, "reasoning"),
        ("xai/grok-build-0.1", {"reasoning": "high"}, "reasoning"),
        ("xai/grok-4.7", {"stop": "."}, "stop"),
        ("cerebras/gpt-oss-120b", {"tools": [lookup], "tool_choice": "required"}, "tool_choice"),
        ("moonshot/kimi-k3", {"temperature": 0.5}, "temperature"),
        ("moonshot/kimi-k3", {"reasoning": "medium"}, "reasoning"),
        ("zai/glm-5.3", {"reasoning": "off"}, "reasoning"),
        ("zai/glm-5", {"reasoning": "high"}, "reasoning"),
        ("dashscope/qwen-plus", {"reasoning": "high"}, "reasoning"),
        ("dashscope/qwen-plus", {"temperature": 2}, "temperature"),
        ("dashscope/qwen3.8-flash", {"reasoning": "high"}, "reasoning"),
        ("mistral/mistral-large-latest", {"top_p": 0}, "top_p"),
        ("minimax/MiniMax-M2.5", {"format": int}, "format"),
        ("perplexity/sonar", {"tools": [lookup]}, "tools"),
        ("minimax/MiniMax-M2.7", {"reasoning": "off"}, "reasoning"),
        ("meta/muse-wonder-1.0", {"reasoning": "off"}, "reasoning"),
        ("ollama/llama4", {"tools": [lookup], "tool_choice": "required"}, "tool_choice"),
        ("ollama/llama4", {"cache": "1h"}, "cache"),
        ("together/vendor/some-model", {"verbosity": "low"}, "verbosity"),
    ],
)
def test_what_the_host_refuses_is_refused_before_it_is_sent(
    server: Replies, model: str, params: dict[str, Any], feature: str
) -> None:
    redirected(server, model.partition("/")[0], Canned(completion({"content": "never"})))
    with pytest.raises(llm.UnsupportedFeatureError, match=feature):
        llm.Model.of(model).call("Hi", **params)
    assert server.requests == []


def test_an_image_is_refused_by_a_model_that_reads_none(server: Replies) -> None:
    redirected(server, "deepseek", Canned(completion({"content": "never"})))
    with pytest.raises(llm.UnsupportedFeatureError, match="image input"):
        llm.Model.of("deepseek/deepseek-v4-pro").call([llm.Image.from_url("https://x.test/a.png")])
    assert server.requests == []


# Errors, in the shape of each host's body


@pytest.mark.parametrize(
    ("model", "status", "body", "kind", "words"),
    [
        (
            "deepseek/deepseek-flash",
            401,
            {"error": {"message": "Bad key", "type": "authentication_error", "code": "invalid_request_error"}},
            llm.AuthenticationError,
            "Bad key",
        ),
        (
            "groq/openai/gpt-oss-20b",
            404,
            {"error": {"message": "No such model", "type": "invalid_request_error", "code": "model_not_found"}},
            llm.NotFoundError,
            "No such model",
        ),
        (
            "mistral/codestral-latest",
            422,
            {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required"}]},
            llm.BadRequestError,
            "Field required",
        ),
        (
            "mistral/codestral-latest",
            429,
            {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"},
            llm.RateLimitError,
            "Rate limit exceeded",
        ),
        (
            "xai/grok-4.7",
            400,
            {"code": "Client specified an invalid argument", "error": "Model not found: grok-9"},
            llm.BadRequestError,
            "Model not found: grok-9",
        ),
    ],
)
def test_errors_in_each_hosts_shape_keep_its_words(
    server: Replies, model: str, status: int, body: dict[str, Any], kind: type[llm.ProviderError], words: str
) -> None:
    redirected(server, model.partition("/")[0], Canned(body, status=status))
    with pytest.raises(kind, match=words) as caught:
        llm.Model.of(model).call("Hi")
    assert caught.value.status_code == status
    assert caught.value.provider == model.partition("/")[0]


# How a host is reached


def test_a_key_alone_leaves_the_host_where_it_is() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer mine"
        assert request.url == "https://api.groq.com/openai/v1/chat/completions"
        return httpx2.Response(200, json=completion({"content": "Hello."}))

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        llm.configure("groq", api_key="mine", http_client=client)
        assert llm.Model.of("groq/openai/gpt-oss-120b").call("Hi").text() == "Hello."


def test_a_missing_key_names_the_variable_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAI_API_KEY")
    with pytest.raises(llm.ConfigurationError, match="XAI_API_KEY"):
        llm.Model.of("xai/grok-4.7").call("Hi")


# Ids that no registry lists


def test_any_id_of_a_gateway_is_taken_without_a_warning_and_held_to_what_the_gateway_carries() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = llm.Model.of("openrouter/vendor/some-model", temperature=0.5)
    assert model.info is not None
    assert (model.info.profile, model.info.prices, model.info.limits["context"]) == ("openrouter/any", (), None)
    assert pickle.loads(pickle.dumps(model)).info == model.info
    door: Any = llm.Model
    with pytest.raises(llm.UnknownModelError, match=r"llm.Model.of\("):
        door("openrouter/vendor/some-model")


@pytest.fixture
def own_host(server: Replies) -> Iterator[Replies]:
    from capably.registry import lookup as _registry

    server.replies = [Canned(completion(BESIDE))]
    llm.configure("vllm", base_url=f"{server.url}/v1", max_retries=0)
    yield server
    _registry._own_hosts.clear()  # pyright: ignore[reportPrivateUsage]
    _registry._providers.clear()  # pyright: ignore[reportPrivateUsage]


def test_any_other_server_is_reached_by_a_name_of_ones_own(own_host: Replies) -> None:
    with pytest.warns(llm.UnverifiedModelWarning, match="vllm/meta/llama-4"):
        model = llm.Model.of("vllm/meta/llama-4")
    response = model.call("Hi", max_tokens=9, temperature=0.5, reasoning="low")
    (sent,) = own_host.requests
    assert (sent.path, sent.headers.get("authorization")) == ("/v1/chat/completions", None)
    assert sent.json() == {
        "model": "meta/llama-4",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "reasoning_effort": "low",
    }
    assert (response.text(), [thought.text for thought in response.thoughts]) == ("Hello.", ["Hm."])


def test_another_servers_model_can_have_the_facts_of_a_listed_one(own_host: Replies) -> None:
    model = llm.Model.custom("vllm/gpt-oss", like="groq/openai/gpt-oss-120b")
    with pytest.raises(llm.UnsupportedFeatureError, match="logprobs"):
        untyped(model).call("Hi", logprobs=True)
    assert own_host.requests == []
    assert model.call("Hi", reasoning="low").text() == "Hello."


def untyped(model: Any) -> Any:
    """A model of which the type checker knows nothing."""
    return model


def test_another_server_keeps_its_key_and_survives_a_change_of_the_registry(own_host: Replies) -> None:
    llm.configure("vllm", base_url=f"{own_host.url}/v1", api_key="mine")
    llm.use_registry(None)
    with pytest.warns(llm.UnverifiedModelWarning):
        llm.Model.of("vllm/llama-4").call("Hi")
    assert own_host.requests[0].headers["authorization"] == "Bearer mine"


def test_a_misspelt_provider_without_an_address_is_no_new_server() -> None:
    with pytest.raises(llm.ConfigurationError, match=r"there is no provider 'grok'.*base_url="):
        llm.configure("grok", api_key="x")
    with pytest.raises(llm.ConfigurationError, match="cannot be the name"):
        llm.configure("my/server", base_url="http://127.0.0.1:9")
