"""pyreqwest and nothing else: bytes posted, and read with msgspec. What our HTTP could cost over this library at best."""

from __future__ import annotations

from collections.abc import Iterator

import raw
from cases import Answer, Case
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.response import SyncResponse


class System(raw.System):
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        self.wire = wire
        self.urls = raw.urls(wire, url)
        self.client = SyncClientBuilder().build()
        self.async_client = ClientBuilder().build()

    def call(self, case: Case) -> Answer:
        message = self.client.post(self.urls[False]).headers(raw.HEADERS).body_bytes(self.body(case))
        return raw.answer_of(bytes(message.build().send().bytes()), case)

    def stream(self, case: Case) -> Answer:
        message = self.client.post(self.urls[True]).headers(raw.HEADERS).body_bytes(self.body(case, True))
        with message.streamed_read_buffer_limit(0).build_streamed() as response:
            return raw.streamed(_chunks(response))

    async def _call_async(self, case: Case) -> Answer:
        message = self.async_client.post(self.urls[False]).headers(raw.HEADERS).body_bytes(self.body(case))
        response = await message.build().send()
        return raw.answer_of(bytes(await response.bytes()), case)


def _chunks(response: SyncResponse) -> Iterator[bytes]:
    while chunk := response.body_reader.read_chunk():
        yield bytes(chunk)
