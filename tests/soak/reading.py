"""Readers of two shops that nothing changes: each answer is compared, byte by byte, with the one given in peace."""

import asyncio
import random
import re
import threading
import time
from collections import Counter
from datetime import date
from typing import Any

import httpx
from conftest import REPORTS, Stack
from data.canaries import CANARIES, DOMAINS, canary_rows
from data.requests import draw_request, query_of
from oracle import Source

CONNECTIONS = 6
REQUESTS_OF_A_SHOP = 250
LEAVING = 0.02
LONG_SECONDS = 3
_FRESHNESS = re.compile(rb'"freshness":\{[^}]*\}')
_BUILD = re.compile(rb'"build_id":(\d+)')
# What an answer must not tell of the inside (I8).
_INSIDE = re.compile(rb"127\.0\.0\.1|Traceback|asyncpg|select |preorders_api", re.IGNORECASE)

Request = tuple[int, str, tuple[tuple[str, str], ...]]


class Readers(threading.Thread):
    """Reads both shops until it is stopped; `counts` says how often what happened, `breaches` what must not."""

    def __init__(self, stack: Stack, seed: int) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self.breaches: list[str] = []
        self.longest_seconds = 0.0
        self._stopping = threading.Event()
        self._draw = random.Random(seed)
        self._url = stack.environment["PREORDERS_API_URL"] + REPORTS
        self._headers = [dict(stack.client(domain).headers) for domain in DOMAINS]
        self._builds = [0] * len(DOMAINS)
        self._expected = self._answers_in_peace(self._drawn_requests())

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)

    def run(self) -> None:
        asyncio.run(self._read_all())

    def _drawn_requests(self) -> list[Request]:
        """Reads of all kinds, and what each shop must not get: offers and jobs of the other, nonsense."""
        rows = canary_rows()
        source, requests = Source(rows), []
        for number, shop in enumerate(rows["shops"]):
            for _ in range(REQUESTS_OF_A_SHOP):
                name, request = draw_request(self._draw, source, shop, date(2024, 10, 1), date(2025, 6, 1))
                requests.append((number, f"/{name}", tuple(query_of(request).items())))
            others = next(offer["id"] for offer in rows["offers"] if offer["shop_id"] != shop["id"])
            for path, query in (
                ("/summary", (("offer_id", others),)),
                ("/by_variant", (("offer_ids", f"{others},{others}"),)),
                ("/revenue", (("from", "2025-02-30"), ("nope", "1"))),
                ("/exports/exp_0000000000000000", ()),
                ("/definitions", ()),
            ):
                requests.append((number, path, query))
        return requests

    def _answers_in_peace(self, requests: list[Request]) -> dict[Request, tuple[int, bytes]]:
        expected = {}
        for request in requests:
            number, path, query = request
            answer = httpx.get(self._url + path, params=query, headers=self._headers[number], timeout=30)
            assert answer.status_code in (200, 404, 422), answer.text
            assert CANARIES[1 - number].encode() not in answer.content
            expected[request] = answer.status_code, _FRESHNESS.sub(b"", answer.content)
        return expected

    async def _read_all(self) -> None:
        async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=CONNECTIONS)) as client:
            await asyncio.gather(*(self._read(client) for _ in range(CONNECTIONS)))

    async def _read(self, client: httpx.AsyncClient) -> None:
        requests = list(self._expected)
        while not self._stopping.is_set():
            request = self._draw.choice(requests)
            number, path, query = request
            build, began = self._builds[number], time.monotonic()
            try:
                if self._draw.random() < LEAVING:
                    await self._leave(request)
                    continue
                answer = await client.get(self._url + path, params=query, headers=self._headers[number])
            except (httpx.TransportError, OSError):
                self.counts["connections lost"] += 1
                await asyncio.sleep(0.1)
                continue
            self._judge(request, answer, build, time.monotonic() - began)

    async def _leave(self, request: Request) -> None:
        """Ask, and close the connection before or while the answer comes."""
        number, path, query = request
        url = httpx.URL(self._url + path, params=query)
        _, writer = await asyncio.open_connection(url.host, url.port)
        key = self._headers[number]["x-auth-token"]
        writer.write(b"GET %s HTTP/1.1\r\nHost: here\r\nX-Auth-Token: %s\r\n\r\n" % (url.raw_path, key.encode()))
        await asyncio.sleep(self._draw.uniform(0, 0.01))
        writer.close()
        self.counts["clients that left"] += 1

    def _judge(self, request: Request, answer: httpx.Response, build: int, seconds: float) -> None:
        number, told = request[0], answer.content
        self.counts[f"answers {answer.status_code}"] += 1
        self.longest_seconds = max(self.longest_seconds, seconds)
        if seconds > LONG_SECONDS:
            self.counts[f"answers after more than {LONG_SECONDS} s"] += 1
        if CANARIES[1 - number].encode() in told:
            self._breach("I7 foreign values", request, answer)
        if answer.status_code == 503:
            if not answer.headers.get("retry-after") or _INSIDE.search(told) or answer.json().keys() != {"errors"}:
                self._breach("I8 errors that tell too much or too little", request, answer)
            self.counts[f"503 {answer.json()['errors'][0][:60]}"] += 1
            return
        if (answer.status_code, _FRESHNESS.sub(b"", told)) != self._expected[request]:
            self._breach("I2 or I7 answers that differ", request, answer)
        for found in _BUILD.findall(told):
            if int(found) < build:
                self._breach("I6 builds that went backwards", request, answer)
            self._builds[number] = max(self._builds[number], int(found))

    def _breach(self, what: str, request: Any, answer: httpx.Response) -> None:
        self.counts[what] += 1
        self.breaches.append(f"{what}: {request} was answered {answer.status_code} {answer.text[:500]}")
