"""The fixture `leasehold_server` for pytest; installing leasehold is all it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from leasehold.testing import EmbeddedServer


@pytest.fixture
def leasehold_server() -> Iterator[EmbeddedServer]:
    """A ZooKeeper-like server for one test; `leasehold_server.connect()` is a client of it."""
    from leasehold.testing import EmbeddedServer  # loaded by those who use it only

    with EmbeddedServer() as server:
        yield server
