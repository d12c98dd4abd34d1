"""A redirect is followed to the same origin only, since headers hold credentials and the body a conversation."""

from __future__ import annotations

import pytest
from support.loopback import Canned, Loopback, Received
from support.questions import EACH, LIBRARIES, MODELS, WAYS, ask, model_at, ok
from support.sample import pairwise

from capably import llm

SECRET = "sk-private-0123456789"


def redirect(status: int, place: str) -> Canned:
    return Canned(b"", status=status, headers={"location": place})


@pytest.mark.parametrize(
    ("provider", "way", "library", "status"), pairwise(MODELS, WAYS, LIBRARIES, [301, 302, 303, 307, 308])
)
def test_nothing_goes_to_another_origin(provider: str, way: str, library: str, status: int) -> None:
    with Loopback([ok]) as other:
        away = f"{other.url}/there?token={SECRET}"
        with Loopback([redirect(status, away)]) as server:
            model = model_at(provider, server.url, library, api_key=SECRET, query={"q": SECRET})
            with pytest.raises(llm.ProviderError, match=f"redirect to {other.url}/there") as raised:
                ask(model, way, headers={"x-gateway": SECRET})
            assert SECRET in str(server.requests[0].headers)
    assert other.requests == []
    assert SECRET not in str(raised.value)
    assert "base_url" in str(raised.value) and raised.value.status_code == status


@EACH
def test_the_same_origin_gets_the_same_request(provider: str, way: str, library: str) -> None:
    for status in (301, 302, 307, 308):

        def there(request: Received, status: int = status) -> Canned:
            return redirect(status, f"/there{request.path}")

        with Loopback([there, ok]) as server:
            model = model_at(provider, server.url, library, api_key=SECRET)
            assert ask(model, way, headers={"x-mine": "1"}) == "ok"
            first, second = server.requests
        assert second.path == f"/there{first.path}"
        assert (second.method, second.body, second.headers) == (first.method, first.body, first.headers)


@EACH
def test_redirects_in_a_circle_end(provider: str, way: str, library: str) -> None:
    with Loopback([lambda request: redirect(307, request.path)]) as server:
        with pytest.raises(llm.ProviderError, match="redirect"):
            ask(model_at(provider, server.url, library), way)
        assert len(server.requests) <= 10


PLACES = ("https://127.0.0.1/", "//other.test/x", "file:///etc/passwd", "http://[", "javascript:1", "")


@pytest.mark.parametrize(("provider", "way", "library", "place"), pairwise(MODELS, WAYS, LIBRARIES, PLACES))
def test_a_place_that_is_no_place_there_is_an_error(provider: str, way: str, library: str, place: str) -> None:
    with Loopback([redirect(307, place)]) as server:
        with pytest.raises(llm.ProviderError):
            ask(model_at(provider, server.url, library), way)
        assert len(server.requests) == 1


@pytest.mark.parametrize(("way", "library"), pairwise(WAYS, LIBRARIES))
def test_a_redirect_that_names_a_user_is_not_followed(way: str, library: str) -> None:
    """httpx2 would send that user in place of the key."""
    with Loopback([lambda request: Canned(b"", status=307, headers={"location": f"{place}{request.path}"})]) as server:
        place = server.url.replace("http://", "http://user:word@")
        with pytest.raises(llm.ProviderError, match="not followed") as raised:
            ask(model_at("openai", server.url, library), way)
        assert len(server.requests) == 1
    assert "word" not in str(raised.value)
