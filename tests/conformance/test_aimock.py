"""Our library against a server that others wrote (`scripts/aimock_test.py`); skips where that is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import aimock_test as peer
import pytest

PLAYED = [(e, story.__name__, way) for e in peer.MODELS for story in peer.stories(e) for way in peer.WAYS]


@pytest.fixture(scope="module")
def server() -> Iterator[peer.Peer]:
    try:
        running = peer.Peer(peer.command(install=False))
    except peer.PeerAbsent as absent:
        pytest.skip(f"no independent server: {absent}")
    with running:
        yield running


@pytest.mark.xdist_group("peer")
@pytest.mark.parametrize(("endpoint", "story", "way"), PLAYED)
def test_a_story_is_the_same_against_a_server_of_others(server: peer.Peer, endpoint: str, story: str, way: str) -> None:
    before = len(server.journal())
    told = peer.tell(endpoint, getattr(peer, story), way)
    assert not told.problem
    # Every story but one needs the server; that one is about streams.
    assert len(server.journal()) > before or (story == "broken_stream" and "stream" not in way)


def test_a_story_that_does_not_hold_is_told(server: peer.Peer) -> None:
    def wrong(model: object, ask: peer.Ask) -> None:
        assert ask(model, "Tell of the moon.").text() == "something else"

    assert "something else" in peer.tell("messages", wrong, "call").problem


def test_without_node_there_is_a_word_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert peer.main() == 0
    assert capsys.readouterr().out == "skipped: Node is not installed\n"
