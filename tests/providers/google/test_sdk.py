"""What Google's generateContent needs of its SDK, of keys and of settings."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any, cast

import pytest
from google import genai
from support.loopback import Canned, Loopback
from support.vendors.google import adapter, body, by_client, request

from capably.providers.google import sdk
from capably.registry.lookup import providers
from capably.types import errors as e


def test_keys_come_from_the_settings_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        missing = adapter(server, api_key=None)
        with pytest.raises(e.ConfigurationError, match=r'(GEMINI|GOOGLE)_API_KEY.*configure\("google"'):
            missing.call(request())
        monkeypatch.setenv("GOOGLE_API_KEY", "from-env")
        missing.call(request())
    assert server.requests[0].headers["x-goog-api-key"] == "from-env"


def test_of_two_keys_in_the_environment_the_one_counts_that_the_sdk_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    from google import genai

    names = providers()["google"]["api_key"]
    for name in names:
        monkeypatch.setenv(name, f"value of {name}")
    with Loopback([Canned(body({"text": "Hi"}))]) as server:
        adapter(server, api_key=None).call(request())
    with Loopback([Canned(body({"text": "Hi"}))]) as same:
        client = genai.Client(http_options={"base_url": same.url})
        client.models.generate_content(model="gemini-3.5-flash", contents="Hi")
    assert server.requests[0].headers["x-goog-api-key"] == same.requests[0].headers["x-goog-api-key"]


def test_importing_the_adapter_imports_no_sdk() -> None:
    code = (
        "import sys, capably.providers.google, capably.providers.google.encode, capably.providers.google.errors;"
        "assert not {'google.genai', 'pydantic', 'httpx2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize("name", sdk.NEEDED)
def test_a_private_name_that_is_gone_is_named_with_the_version_of_the_sdk(name: str) -> None:
    class Api:
        pass

    class Client:
        _api_client = Api()

    for other in sdk.NEEDED:
        if other != name:
            setattr(Client._api_client, other, None)
    with pytest.raises(
        e.ConfigurationError, match=rf"google-genai \d+\.\d+\.\d+ no longer has BaseApiClient\.{name}\b"
    ):
        sdk.check_client(Client())


@pytest.mark.parametrize("name", ["HttpRequest.data", "HttpResponse.response_stream"])
def test_a_private_field_that_is_gone_is_named_too(name: str) -> None:
    class Made:
        data = b""

    class Api:
        vertexai, api_key = False, "k"

        def _build_request(self, *_: Any) -> Any:
            return object() if name == "HttpRequest.data" else Made()

        def _request(self, *_: Any, stream: bool) -> Any:
            return object()

        _async_request = _request_once = _async_request_once = _request

    client = genai.Client(api_key="k")
    client._api_client = cast("Any", Api())
    with pytest.raises(e.ConfigurationError, match=f"no longer has {name}"):
        by_client(client=client).call(request())


def test_a_client_that_is_none_of_google_genais_is_refused() -> None:
    with pytest.raises(e.ConfigurationError, match=r"builtins\.object; it takes .* such as genai\.Client"):
        by_client(client=object())
    with pytest.raises(e.ConfigurationError, match="_api_client"):
        sdk.check_client(object())


def test_the_sdks_own_object_is_made_on_demand() -> None:
    found: Any = by_client().to_sdk(json.dumps({**body({"text": "Hi"}), "brandNew": 1}).encode(), None)
    assert type(found).__module__ == "google.genai.types"
    assert (found.text, found.usage_metadata.total_token_count) == ("Hi", 15)


def test_the_sdks_own_object_is_built_where_enums_came_as_numbers() -> None:
    came = body({"text": "Hi"})
    came["candidates"][0] |= {"finishReason": 1, "safetyRatings": [{"category": 7, "probability": 1}], "index": 0}
    found: Any = by_client().to_sdk(json.dumps(came).encode(), None)
    first = found.candidates[0]
    assert (first.finish_reason, first.safety_ratings[0].category, first.index) == ("1", "7", 0)
    assert found.text == "Hi"


def test_the_sdks_own_object_is_built_of_json_that_only_pythons_reader_takes() -> None:
    came = json.dumps(body({"text": "\ud83d"}, avgLogprobs=float("nan")))
    found: Any = by_client().to_sdk(came.encode(), None)
    assert (found.text, math.isnan(found.candidates[0].avg_logprobs)) == ("\ufffd", True)


def test_a_reply_that_the_sdk_cannot_read_is_said_so() -> None:
    came = body({"text": "Hi"})
    came["candidates"][0]["avgLogprobs"] = "none"
    with pytest.raises(e.CapablyError, match="google-genai cannot build its object") as raised:
        by_client().to_sdk(json.dumps(came).encode(), None)
    assert raised.value.__cause__ is not None
