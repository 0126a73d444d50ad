"""Reads beside the floor: each report over a month and over all history, and `/help`: same gate, one small query."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx

from benchmarks.measuring import Row, create_key, median_ms
from local.demo import DEMO_SHOP_DOMAIN
from local.environment import api_url
from local.home import Home

REPORTS = (
    *("summary", "revenue?granularity=month&", "by_offer", "by_product", "by_date?granularity=month&"),
    *("cancellations", "balance_collection", "customers"),
)
REPEATS = 30


def measure(home: Home) -> Iterator[Row]:
    """Measure one report after the other."""
    key = create_key(home, DEMO_SHOP_DOMAIN)
    client = httpx.Client(base_url=f"{api_url(home)}/api/v2/external/preorders/reports", headers={"X-Auth-Token": key})
    today = datetime.now(UTC).date()
    for report in REPORTS:
        for months, days in ((1, 30), (36, 1095)):
            path = f"/{report}{'' if report.endswith('&') else '?'}from={today - timedelta(days=days)}&to={today}"
            measured = median_ms(lambda path=path: client.get(path).raise_for_status(), REPEATS)
            floor = median_ms(lambda: client.get("/help").raise_for_status(), REPEATS)
            yield Row(f"{report.partition('?')[0]}, {months} months", "/help", measured, floor)
