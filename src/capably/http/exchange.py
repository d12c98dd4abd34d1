"""One request to a provider: its attempts, the pauses between them, and the redirects that it follows."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

from capably.http import Answer, Client, HttpRequest, Reply, TotalTimeoutError, read_body
from capably.http.errors import translated
from capably.types.errors import CapablyError, ConnectionFailedError, ProviderError, TimedOutError
from capably.types.timeout import Timeout

RETRIES = 2
"""How often a request is sent again, where the caller says nothing."""

PASSING = frozenset({408, 409, 429})
"""Statuses below 500 that may be over at the next attempt."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before the second attempt, and the most before a later one; each is twice the one before."""

LONGEST_WAIT = 60.0
"""Seconds. A server that wants a longer pause gets no further attempt: its error says how long to wait."""

ANSWERED = frozenset({200, 201, 202, 203})
"""Statuses of an answer with a body. Those of one without (204, 205) or with a part of it (206) answer nothing."""

MOST_REDIRECTS = 5

ReplyT = TypeVar("ReplyT", Answer, Reply)
Send: TypeAlias = Callable[[HttpRequest, Timeout], Awaitable[ReplyT]]


class Policy(NamedTuple):
    """What one request may take. `failure` makes the error of an answer whose status is not 2xx, asked at an address."""

    provider: str
    timeout: Timeout
    max_retries: int
    failure: Callable[[Answer, str], ProviderError]


async def exchange(
    client: Client, send: Send[ReplyT], request: Callable[[], Awaitable[HttpRequest]], policy: Policy
) -> ReplyT:
    """Send a request until an answer has a status of 2xx, and return it. `request` is built anew for each attempt.

    What a function of the caller's raises, asked for a key, goes to the caller as it is. Raises a `ProviderError` for the last answer of another status, or for a connection that failed.
    """
    clock = _Clock(policy.timeout)
    attempt = 0
    while True:
        again: bool
        message = await _built(client, request, clock, policy)
        try:
            reply = await _follow(send, message, clock)
            if reply.status in ANSWERED:
                return reply
            answer = reply if isinstance(reply, Answer) else Answer(reply.status, reply.headers, await read_body(reply))
            error: Exception = policy.failure(answer, message.url)
            again = _is_passing(answer)
        except CapablyError:
            raise
        except Exception as cause:
            error = translated(cause, policy.provider, policy.timeout)
            if error is cause:
                raise
            error.__cause__ = cause
            again = isinstance(error, (ConnectionFailedError, TimedOutError))
        pause = _pause(attempt, error)
        if not again or attempt >= policy.max_retries or pause is None or clock.ends_within(pause):
            raise error
        attempt += 1
        await client.sleep(pause)


async def _built(
    client: Client, request: Callable[[], Awaitable[HttpRequest]], clock: _Clock, policy: Policy
) -> HttpRequest:
    """Return a request, for which the caller's function may be asked for a key: within the total time, too."""
    if clock.end is None:
        return await request()
    try:
        return await client.in_time(request(), clock.end)
    except TotalTimeoutError as error:
        raise translated(error, policy.provider, policy.timeout) from error


class _Clock:
    """The time that is left of the complete request."""

    def __init__(self, timeout: Timeout) -> None:
        self._timeout = timeout
        self.end = None if timeout.total is None else time.monotonic() + timeout.total

    def left(self) -> Timeout:
        """Return the timeouts for what is to do. Raises `TotalTimeoutError` when no time is left."""
        if self.end is None:
            return self._timeout
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise TotalTimeoutError
        return self._timeout.within(seconds)

    def ends_within(self, seconds: float) -> bool:
        return self.end is not None and time.monotonic() + seconds >= self.end


async def _follow(send: Send[ReplyT], request: HttpRequest, clock: _Clock) -> ReplyT:
    """Return the answer to a request at the place where its server has it.

    Redirects are followed to the same origin only: our headers hold credentials, and our body a conversation.
    """
    for _ in range(MOST_REDIRECTS):
        reply = await send(request, clock.left())
        place = reply.headers.get("location") if reply.status in (301, 302, 307, 308) else None
        target = _at_same_origin(request.url, place) if place else None
        if target is None:
            return reply
        if not isinstance(reply, Answer):
            await read_body(reply)
        request = request._replace(url=target)
    return await send(request, clock.left())


def _at_same_origin(url: str, place: str) -> str | None:
    """Return the URL of a place that a server names; `None` if it is at another origin, no URL, or names a user,
    whom a library would send in place of our credential."""
    try:
        target = urljoin(url, place)
        return target if _origin(target) == _origin(url) and "@" not in urlsplit(target).netloc else None
    except ValueError:
        return None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_passing(answer: Answer) -> bool:
    word = answer.headers.get("x-should-retry")
    if word in ("true", "false"):
        return word == "true"
    return answer.status >= 500 or answer.status in PASSING


def _pause(attempt: int, error: Exception) -> float | None:
    """Return the seconds before the next attempt; `None` if the server wants a longer pause than anybody waits."""
    wanted = error.retry_after if isinstance(error, ProviderError) else None
    if wanted is not None:
        return wanted if wanted <= LONGEST_WAIT else None
    most = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
    return most * (1 - 0.25 * random.random())  # noqa: S311 (jitter)
