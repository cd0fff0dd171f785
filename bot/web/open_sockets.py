"""Which connections are open: counted by address, and closed together when the service stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from aiohttp import WSCloseCode
from prometheus_client import Gauge

from bot.web.metrics import Metrics


class Closable(Protocol):
    def close_soon(self, code: int, reason: str) -> None: ...


class OpenSockets:
    def __init__(self, metrics: Metrics) -> None:
        self._gauge = metrics.sockets
        self._connections: set[Closable] = set()
        self._of_address: Counter[str] = Counter()

    def count(self, address: str) -> int:
        return self._of_address[address]

    @contextmanager
    def counting(self, address: str, connection: Closable, gauge: Gauge | None = None) -> Iterator[None]:
        """Counts the connection for as long as this lasts; without a gauge in that of the chat."""
        gauge = gauge or self._gauge
        self._connections.add(connection)
        self._of_address[address] += 1
        gauge.inc()
        try:
            yield
        finally:
            self._connections.discard(connection)
            self._of_address[address] -= 1
            self._of_address += Counter()  # forgets addresses without a connection
            gauge.dec()

    def close_all(self) -> None:
        """Clients take this as a reason to come back."""
        for connection in list(self._connections):
            connection.close_soon(WSCloseCode.GOING_AWAY, "service stops")
