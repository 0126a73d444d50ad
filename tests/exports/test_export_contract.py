"""Asking for exports, polling, listing and cancelling them (spec: api.md, Exports)."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from conftest import Stack
from data.golden import DOMAIN, OFFER_A, OTHER_DOMAIN, OTHER_OFFER, SHOP
from exports.exporting import ask, download, wait

from api.exports.jobs import AlreadyFinished, Cancelling

WINDOW = {"from": "2026-01-01", "to": "2026-03-31"}


def problems(response: httpx.Response, status: int = 422) -> list[str]:
    assert response.status_code == status, response.text
    assert response.json().keys() == {"errors"}
    errors: list[str] = response.json()["errors"]
    return errors


def test_a_job_is_answered_at_once_and_ends_with_a_file(golden: httpx.Client) -> None:
    response = golden.post("/revenue/export", json={**WINDOW, "granularity": "week"})
    assert response.status_code == 202
    assert response.json().keys() == {"job_id", "status_url"}
    assert re.fullmatch("exp_[0-9a-f]{16}", response.json()["job_id"])
    state = wait(golden, response.json()["job_id"])
    assert state.keys() == {
        *("job_id", "status", "progress", "download_url", "file_name", "row_count"),
        *("expires_at", "size_bytes", "sha256"),
    }
    assert (state["status"], state["progress"], state["row_count"]) == ("ready", 100, 14)
    left = datetime.fromisoformat(state["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


@pytest.mark.parametrize(
    ("body", "starts_with"),
    [
        ({"from": "2026-01-01"}, "to must be given together with from"),
        ({"from": "2026-02-30", "to": "2026-03-01"}, "from must be a day that exists"),
        ({**WINDOW, "offer_ids": [OTHER_OFFER]}, f"offer_ids contains an unknown offer: {OTHER_OFFER}"),
        ({**WINDOW, "offer_ids": OFFER_A}, "offer_ids must be a list"),
        ({**WINDOW, "currency": "XXX"}, "currency must be one of"),
        ({**WINDOW, "currency": "\0"}, "currency must be text of at most 200 characters, none of them NUL"),
        ({**WINDOW, "format": "xlsx"}, "format must be one of: csv, csv.gz"),
        ({**WINDOW, "colour": "red"}, "colour is not a parameter of summary"),
        ({**WINDOW, "product_id": "1"}, "product_id must be an integer"),
        ({**WINDOW, "product_id": 1.0}, "product_id must be an integer"),
        ({**WINDOW, "product_id": True}, "product_id must be an integer"),
        ({**WINDOW, "product_id": 2**63}, "product_id must be an integer from"),
        ({**WINDOW, "from": None}, "from must be a date"),
    ],
)
def test_a_wrong_parameter_makes_no_job(golden: httpx.Client, body: dict[str, Any], starts_with: str) -> None:
    before = golden.get("/exports").json()["meta"]["total_count"]
    for headers in ({}, {"Idempotency-Key": "wrong parameters"}):
        errors = problems(golden.post("/summary/export", json=body, headers=headers))
        assert any(error.startswith(starts_with) for error in errors), errors
    assert golden.get("/exports").json()["meta"]["total_count"] == before


def test_every_problem_of_a_request_for_an_export_is_in_one_answer(golden: httpx.Client) -> None:
    errors = problems(
        golden.post("/revenue/export?x=1", json={"granularity": "hour"}, headers={"Idempotency-Key": "a b"})
    )
    assert [error.split()[0] for error in errors] == ["x", "Idempotency-Key", "granularity"]
    headers = {"Idempotency-Key": "a b", "Content-Type": "application/json"}
    errors = problems(golden.post("/revenue/export?x=1", content=b"{", headers=headers))
    assert [error.split()[0] for error in errors] == ["x", "Idempotency-Key", "body"]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b'{"from": NaN}', b'{"from": Infinity}'),
        *(b'{"from": "2026-01-01", "from": "2026-01-02"}', b'{"\\ud800": 1}', b"[" * 60_000, b'{"a":' * 10_000),
        b'{"product_id": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(golden: httpx.Client, content: bytes) -> None:
    response = golden.post("/summary/export", content=content, headers={"Content-Type": "application/json"})
    assert problems(response)[0].startswith("body must"), response.text


def test_other_types_and_sizes_of_body_are_refused(golden: httpx.Client) -> None:
    for headers in ({"Content-Type": "text/plain"}, {}, {"Content-Type": "application/x-www-form-urlencoded"}):
        assert problems(golden.post("/summary/export", content=b"{}", headers=headers), 415)
    headers = {"Content-Type": "application/json"}
    large = json.dumps({"from": "x" * 70_000}).encode()
    assert problems(golden.post("/summary/export", content=large, headers=headers), 413)
    chunks = (large[first : first + 1000] for first in range(0, len(large), 1000))
    assert problems(golden.post("/summary/export", content=chunks, headers=headers), 413)
    assert problems(golden.post("/summary/export?from=2026-01-01", json={}))


def test_an_unknown_job_and_another_shops_are_alike(built: Stack, golden: httpx.Client) -> None:
    job_id = ask(golden, "summary", WINDOW)
    stranger = built.client(OTHER_DOMAIN)
    answers = [
        stranger.get(f"/exports/{job}") for job in (job_id, "exp_0123456789abcdef", "nope", "exp_%00", "x" * 999)
    ]
    answers += [stranger.post(f"/exports/{job}/cancel") for job in (job_id, "exp_0123456789abcdef")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert stranger.get("/exports").json()["exports"] == []
    wait(golden, job_id)


def test_an_idempotency_key_makes_one_job(built: Stack, golden: httpx.Client) -> None:
    def post(parameters: dict[str, str] = WINDOW) -> httpx.Response:
        return golden.post("/summary/export", json=parameters, headers={"Idempotency-Key": "a-key"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(), range(20)))
    assert {answer.status_code for answer in answers} == {202}
    [job_id] = {answer.json()["job_id"] for answer in answers}
    # written differently, the same; and it needs nothing that is not on the primary
    assert post({"format": "csv", **WINDOW}).json()["job_id"] == job_id
    assert problems(post({**WINDOW, "from": "2026-02-01"})) == [
        "Idempotency-Key was used for another request within 24 hours"
    ]
    assert golden.post("/revenue/export", json=WINDOW, headers={"Idempotency-Key": "a-key"}).status_code == 422
    another = built.client(OTHER_DOMAIN).post("/summary/export", json=WINDOW, headers={"Idempotency-Key": "a-key"})
    assert another.status_code == 202
    assert another.json()["job_id"] != job_id
    wait(golden, job_id)
    with built.primary() as connection:
        connection.execute(
            "update service.export_jobs set created_at = created_at - interval '24 hours' where job_id = %s", (job_id,)
        )
    assert post().json()["job_id"] != job_id, "a key is forgotten after 24 hours"
    for key in ("", "x" * 300, "with space", "ü"):
        response = golden.post("/summary/export", json=WINDOW, headers=[("Idempotency-Key", key.encode())])
        assert problems(response)[0].startswith("Idempotency-Key must be given once")


def test_a_record_is_gone_24_hours_after_its_end(built: Stack, golden: httpx.Client) -> None:
    job_id = ask(golden, "summary", WINDOW)
    wait(golden, job_id)
    with built.primary() as connection:
        connection.execute(
            "update service.export_jobs set finished_at = now() - interval '24 hours' where job_id = %s", (job_id,)
        )
    assert golden.get(f"/exports/{job_id}").status_code == 404
    assert job_id not in golden.get("/exports").text


def test_jobs_are_listed_newest_first_in_pages(built: Stack) -> None:
    client = built.client("shop-4.example")
    jobs = [ask(client, "summary", WINDOW) for _ in range(3)]
    body = client.get("/exports", params={"per_page": 2}).json()
    assert [job["job_id"] for job in body["exports"]] == [jobs[2], jobs[1]]
    assert body["exports"][0]["report"] == "summary"
    assert body["meta"]["per_page"] == 2
    assert client.get("/exports", params={"page": 10**6}).json()["exports"] == []
    assert problems(client.get("/exports", params={"page": 0}))
    for job in jobs:
        wait(client, job)


def test_a_cancelled_job_has_no_file_and_stays_cancelled(golden: httpx.Client) -> None:
    job_id = ask(golden, "customers", WINDOW)
    answer = golden.post(f"/exports/{job_id}/cancel")
    assert answer.status_code == 202, answer.text
    state = wait(golden, job_id)
    assert state["status"] == "cancelled"
    assert problems(golden.post(f"/exports/{job_id}/cancel"), 409)
    ready = ask(golden, "summary", WINDOW)
    wait(golden, ready)
    assert "it is ready" in problems(golden.post(f"/exports/{ready}/cancel"), 409)[0]


def test_cancelling_takes_no_parameters(golden: httpx.Client) -> None:
    job_id = ask(golden, "summary", WINDOW)
    answer = golden.post(f"/exports/{job_id}/cancel?dry_run=true", json={"colour": "red"})
    assert problems(answer) == [
        "dry_run is not a parameter of cancelling; it takes none",
        "colour is not a parameter of cancelling; it takes none",
    ]
    assert problems(golden.post(f"/exports/{job_id}/cancel", content=b"[]")) == ["body must be a JSON object"]
    assert wait(golden, job_id)["status"] == "ready"


def test_a_call_that_cancels_may_be_done_twice(built: Stack, golden: httpx.Client) -> None:
    job_id = ask(golden, "customers", WINDOW)
    cancelling, another = Cancelling(UUID(SHOP), job_id), Cancelling(UUID(SHOP), job_id)

    async def call() -> list[str]:
        connection = await asyncpg.connect(built.environment["PREORDERS_PRIMARY_DSN"])
        try:
            states = [(await cancelling(connection)).status, (await cancelling(connection)).status]
            with pytest.raises(AlreadyFinished):
                await another(connection)
            return states
        finally:
            await connection.close()

    assert asyncio.run(call()) == ["cancelled", "cancelled"]


def test_waiting_jobs_say_how_many_of_the_shop_are_before_them(built: Stack) -> None:
    client = built.client("shop-2.example")
    jobs = [ask(client, "summary", WINDOW) for _ in range(4)]
    waiting = client.get(f"/exports/{jobs[3]}").json()
    assert 0 <= waiting["jobs_before"] <= 3
    for job in jobs:
        assert "jobs_before" not in wait(client, job)


def test_a_key_needs_the_scope(built: Stack) -> None:
    reader = built.anonymous(headers={"X-Auth-Token": built.key(DOMAIN, "--scope", "read")})
    exporter = built.anonymous(headers={"X-Auth-Token": built.key(DOMAIN, "--scope", "export")})
    assert problems(reader.post("/summary/export", json=WINDOW), 403) == ["X-Auth-Token must have the scope export"]
    assert problems(reader.get("/exports"), 403)
    assert problems(exporter.get("/summary"), 403) == ["X-Auth-Token must have the scope read"]
    assert exporter.get("/exports").status_code == 200
    assert reader.get("/summary").status_code == 200


def test_the_address_is_signed_and_for_this_file_alone(golden: httpx.Client) -> None:
    state = wait(golden, ask(golden, "summary", WINDOW))
    url = state["download_url"]
    assert download(state)
    for tampered in (
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace("X-Amz-Expires=604800", "X-Amz-Expires=604801"),
        url.replace(state["file_name"], "another.csv"),
        url.partition("?")[0],
    ):
        assert httpx.get(tampered).status_code in (400, 403), tampered
