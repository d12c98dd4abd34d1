"""What every test of Anthropic's Messages needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.vendors.anthropic import _built


@pytest.fixture(autouse=True)
def _clients_are_closed() -> Iterator[None]:
    yield
    while _built:
        client = _built.pop()._client
        if client is not None:
            client.close()
