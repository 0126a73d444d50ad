"""Exports of the same two shops, asked for all the time and polled to their ends: none is lost, none is wrong."""

import hashlib
import random
import threading
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
from conftest import Stack
from data.canaries import DOMAINS
from exports.exporting import ask, download, wait

ENDS_WITHIN = 90
EVERY_SECONDS = 2.5
CANCELLED = 0.1
WINDOW = {"from": "2024-10-01", "to": "2025-06-30"}
ASKED = [("customers", WINDOW), ("by_offer", WINDOW), ("revenue", {**WINDOW, "granularity": "day"})]
_FINAL = ("ready", "failed", "cancelled")

Asked = tuple[int, int]


class Exporter(threading.Thread):
    """Asks for exports until it is stopped."""

    def __init__(self, stack: Stack, seed: int) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self.breaches: list[str] = []
        self._draw = random.Random(seed)
        self._stopping = threading.Event()
        self._clients = [stack.client(domain) for domain in DOMAINS]
        self._files = {
            (shop, report): _digest(download(wait(client, ask(client, *ASKED[report]))))
            for shop, client in enumerate(self._clients)
            for report in range(len(ASKED))
        }
        self._running: dict[str, Asked] = {}
        self._ended: dict[str, tuple[Asked, dict[str, Any]]] = {}

    def stop(self) -> None:
        """Ask for no more, and wait until all have ended."""
        self._stopping.set()
        self.join(ENDS_WITHIN + 60)
        self.counts["I1 exports lost"] += len(self._running)
        self.breaches += [f"I1: {job_id} has not ended" for job_id in self._running]

    def run(self) -> None:
        while not self._stopping.is_set():
            self._ask()
            self._poll()
            time.sleep(EVERY_SECONDS)
        deadline = time.monotonic() + ENDS_WITHIN
        while self._running and time.monotonic() < deadline:
            self._poll()
            time.sleep(1)
        for job_id, (asked, before) in self._ended.items():
            state = self._state(asked[0], job_id)
            if state is not None and state["status"] != before["status"]:
                self._breach("I4 ends that changed", f"{job_id} was {before['status']}, and is {state['status']}")

    def _ask(self) -> None:
        """Ask for one, as a client that repeats itself until it is answered."""
        asked = self._draw.randrange(len(self._clients)), self._draw.randrange(len(ASKED))
        report, parameters = ASKED[asked[1]]
        key = {"Idempotency-Key": uuid4().hex}
        while not self._stopping.is_set():
            try:
                answer = self._clients[asked[0]].post(f"/{report}/export", json=parameters, headers=key)
            except httpx.TransportError:
                self.counts["posts whose connection was lost"] += 1
            else:
                if answer.status_code == 202:
                    self.counts["exports asked for"] += 1
                    self._running[answer.json()["job_id"]] = asked
                    break
                self.counts[f"posts answered {answer.status_code}"] += 1
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    self._breach("I8 posts refused without a reason", answer.text)
            time.sleep(1)
        if self._running and self._draw.random() < CANCELLED:
            job_id, asked = self._draw.choice(list(self._running.items()))
            self._send(asked[0], "POST", f"/exports/{job_id}/cancel")

    def _poll(self) -> None:
        for job_id, asked in list(self._running.items()):
            foreign = self._send(1 - asked[0], "GET", f"/exports/{job_id}")
            if foreign is not None and foreign.status_code not in (404, 503):
                self._breach("I7 foreign values", f"{job_id} is shown to another shop: {foreign.text}")
            state = self._state(asked[0], job_id)
            if state is None or state["status"] not in _FINAL:
                continue
            if state["status"] == "ready" and not self._is_right(asked, state):
                continue  # the store is away: the next time
            del self._running[job_id]
            self._ended[job_id] = asked, state
            self.counts[f"exports {state['status']}"] += 1
            if state["status"] == "failed":
                self.counts[f"failed: {state['error']}"] += 1

    def _is_right(self, asked: Asked, state: dict[str, Any]) -> bool:
        """Return whether the file could be fetched; compare it if so."""
        try:
            digest = _digest(download(state))
        except (httpx.TransportError, AssertionError) as error:
            if isinstance(error, AssertionError) and "status_code" not in str(error):
                self._breach("I2 files that differ", str(error))
                return True
            return False
        if digest != self._files[asked]:
            self._breach("I2 files that differ", f"{state}")
        return True

    def _state(self, shop: int, job_id: str) -> dict[str, Any] | None:
        answer = self._send(shop, "GET", f"/exports/{job_id}")
        if answer is None or answer.status_code == 503:
            return None
        if answer.status_code != 200:
            self._breach("I1 exports lost", f"{job_id}: {answer.status_code} {answer.text}")
            return None
        state: dict[str, Any] = answer.json()
        return state

    def _send(self, shop: int, method: str, path: str) -> httpx.Response | None:
        try:
            return self._clients[shop].request(method, path)
        except httpx.TransportError:
            return None

    def _breach(self, what: str, told: str) -> None:
        self.counts[what] += 1
        self.breaches.append(f"{what}: {told}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
