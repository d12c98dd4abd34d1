"""Which errors failures of Anthropic's Messages become."""

from __future__ import annotations

import pytest
from support.loopback import Canned, Loopback
from support.vendors.anthropic import STREAMED, adapter, called, request, sse

from capably.providers.anthropic.errors import translate
from capably.types import errors as e


@pytest.mark.parametrize("way", ["call", "call_async"])
def test_a_reply_that_makes_no_sense_keeps_its_request_id(way: str) -> None:
    half = Canned(b'{"type": "mess', headers={"request-id": "req_3"})
    with Loopback([half]) as server, pytest.raises(e.ServerError, match="no JSON") as raised:
        called(adapter(server), request(), way)
    assert raised.value.request_id == "req_3"


@pytest.mark.parametrize("way", ["stream", "stream_async"])
@pytest.mark.parametrize(
    ("canned", "ours", "words"),
    [
        (Canned(sse(*STREAMED[:12])), e.ServerError, "cut"),
        (Canned(sse(*STREAMED[:12]), cut=True), e.ConnectionFailedError, "anthropic"),
        (Canned([b"data: {oops\n\n"]), e.ServerError, "no JSON"),
        (Canned(sse(*STREAMED[:12], {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}})),
         e.OverloadedError, "^Full"),
        (Canned({"type": "error", "error": {"type": "api_error", "message": "Sorry"}}), e.ServerError, "^Sorry"),
    ],
)  # fmt: skip
def test_broken_streams_raise_our_errors(way: str, canned: Canned, ours: type[Exception], words: str) -> None:
    with Loopback([canned]) as server, pytest.raises(ours, match=words) as raised:
        called(adapter(server), request(), way)
    assert type(raised.value) is ours


def test_errors_of_ours_pass_and_unknown_ones_are_wrapped() -> None:
    own = e.ConfigurationError("x")
    assert translate(own) is own
    assert type(translate(RuntimeError("odd"))) is e.ProviderError
    assert isinstance(translate(TypeError("Could not resolve authentication method")), e.ConfigurationError)
