"""httpx2 and nothing else: bytes posted, and read with msgspec. What our HTTP could cost over this library at best."""

from __future__ import annotations

import httpx2
import raw
from cases import Answer, Case


class System(raw.System):
    """What the worker drives."""

    def __init__(self, wire: str, url: str) -> None:
        self.wire = wire
        self.urls = raw.urls(wire, url)
        self.client = httpx2.Client(headers=raw.HEADERS)
        self.async_client = httpx2.AsyncClient(headers=raw.HEADERS, limits=httpx2.Limits(max_connections=None))

    def call(self, case: Case) -> Answer:
        return raw.answer_of(self.client.post(self.urls[False], content=self.body(case)).content, case)

    def stream(self, case: Case) -> Answer:
        with self.client.stream("POST", self.urls[True], content=self.body(case, True)) as response:
            return raw.streamed(response.iter_bytes())

    async def _call_async(self, case: Case) -> Answer:
        response = await self.async_client.post(self.urls[False], content=self.body(case))
        return raw.answer_of(response.content, case)
