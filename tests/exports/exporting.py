"""Asking for exports as a client does, and reading what comes of it."""

import csv
import gzip
import hashlib
import io
import json
import time
from typing import Any

import httpx

# What must not stand at the beginning of a text cell (OWASP, CSV injection).
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def ask(client: httpx.Client, report: str, parameters: dict[str, Any], **headers: str) -> str:
    """Post an export; return its job's id."""
    response = client.post(f"/{report}/export", json=parameters, headers=headers)
    assert response.status_code == 202, response.text
    job_id: str = response.json()["job_id"]
    assert response.json()["status_url"] == f"/api/v2/external/preorders/reports/exports/{job_id}"
    return job_id


def wait(client: httpx.Client, job_id: str, seconds: float = 90) -> dict[str, Any]:
    """Poll until the job has ended."""
    deadline = time.monotonic() + seconds
    progress = 0
    while True:
        response = client.get(f"/exports/{job_id}")
        assert response.status_code == 200, response.text
        state: dict[str, Any] = response.json()
        assert state["progress"] >= progress, "progress goes backwards"
        progress = state["progress"]
        assert ("download_url" in state) == (state["status"] == "ready")
        if state["status"] != "running":
            return state
        assert response.headers["retry-after"]
        assert time.monotonic() < deadline, f"{job_id} is still running: {state}"
        time.sleep(0.1)


def download(state: dict[str, Any]) -> str:
    """Fetch a ready job's file, and compare it with what the job says of it."""
    assert state["status"] == "ready", state
    response = httpx.get(state["download_url"])
    assert response.status_code == 200, response.text
    assert (len(response.content), hashlib.sha256(response.content).hexdigest()) == (
        state["size_bytes"],
        state["sha256"],
    )
    content = gzip.decompress(response.content) if state["file_name"].endswith(".gz") else response.content
    return content.decode()


def rows_of(text: str) -> list[list[str]]:
    """Parse a CSV strictly, the header first."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def expected_rows(client: httpx.Client, report: str, query: dict[str, str]) -> list[list[str]] | None:
    """Return the rows that the read shows, as a CSV must tell them; None if the read is refused."""
    block = {
        "summary": "totals",
        "revenue": "series",
        "by_offer": "offers",
        "by_variant": "variants",
        "by_product": "products",
        "by_date": "series",
        "cancellations": "by_reason",
        "balance_collection": "by_offer",
        "customers": "customers",
    }[report]
    rows: list[dict[str, Any]] = []
    for page in range(1, 1000):
        paging = {"page": str(page), "per_page": "200"} if report == "customers" else {}
        response = client.get(f"/{report}", params={**query, **paging})
        if response.status_code == 503:
            return None
        assert response.status_code == 200, response.text
        body = json.loads(response.text, parse_float=_Number, parse_int=_Number)
        rows += [body[block]] if report == "summary" else body[block]
        if not paging or page >= int(body["meta"]["total_pages"]):
            break
    return [[_cell(value) for value in row.values()] for row in rows]


class _Number(str):
    """A number as it stands in the JSON text."""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number) or not str(value).startswith(_FORMULA_STARTS) or _is_money(str(value)):
        return str(value)
    return f"'{value}"


def _is_money(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal() and text.isascii()
