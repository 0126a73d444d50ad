"""A load of HTTP requests over kept connections, cheap enough to leave the machine to what is measured."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import uvloop
from httptools import HttpResponseParser

_TURNS = 5


@dataclass(frozen=True)
class Load:
    """What a load met.

    Attributes:
        milliseconds: of each answer.
        seconds: from the first request to the last answer.
        statuses: how many answers had each status.
        body_bytes: of all answers.
    """

    milliseconds: list[float]
    seconds: float
    statuses: dict[int, int]
    body_bytes: int

    def __add__(self, other: "Load") -> "Load":
        """Return both as if one had followed the other."""
        statuses = Counter(self.statuses) + Counter(other.statuses)
        return Load(
            self.milliseconds + other.milliseconds,
            self.seconds + other.seconds,
            dict(statuses),
            self.body_bytes + other.body_bytes,
        )

    @property
    def mean_bytes(self) -> int:
        """Of an answer's body."""
        return self.body_bytes // len(self.milliseconds)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.seconds

    @property
    def median_ms(self) -> float:
        return median(self.milliseconds)

    @property
    def p99_ms(self) -> float:
        return quantiles(self.milliseconds, n=100)[98]


class _Connection(asyncio.Protocol):
    """Sends one request after the other until the time is over."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self._requests, self._until = requests, until
        self.milliseconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self.body_bytes = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.milliseconds.append((now - self._sent_at) * 1000)
        status = self._parser.get_status_code()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if now < self._until:
            asyncio.get_running_loop().call_soon(self._send)
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set_result(None)

    def _send(self) -> None:
        self._parser = HttpResponseParser(self)
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))


def request(path: str, key: str, **headers: str) -> bytes:
    """Return a GET as it is sent."""
    fields = {"Host": "localhost", "X-Auth-Token": key, **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


def load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Send requests to a port of this machine for some seconds."""

    async def send() -> Load:
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: _Connection(requests, started + seconds), "127.0.0.1", port)
            for _ in range(connections)
        ]
        protocols = [protocol for _, protocol in made]
        await asyncio.gather(*(protocol.ended for protocol in protocols))
        statuses: dict[int, int] = {}
        for protocol in protocols:
            for status, count in protocol.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
        milliseconds = [one for protocol in protocols for one in protocol.milliseconds]
        body_bytes = sum(protocol.body_bytes for protocol in protocols)
        return Load(milliseconds, time.perf_counter() - started, statuses, body_bytes)

    return uvloop.run(send())


def load_in_turns(connections: int, seconds: float, *loads: tuple[int, Iterator[bytes]]) -> list[Load]:
    """Send each port its requests for some seconds, in turns: so they meet the same moments of the machine."""
    rounds = [[load(port, sent, connections, seconds / _TURNS) for port, sent in loads] for _ in range(_TURNS)]
    return [sum(turns[1:], turns[0]) for turns in zip(*rounds, strict=True)]
