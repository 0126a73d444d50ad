"""Requests drawn at random: any report, window, filter and currency of a shop."""

import random
from datetime import date, timedelta
from typing import Any

from oracle import Source

REPORTS = (
    *("summary", "revenue", "by_offer", "by_variant", "by_product", "by_date"),
    *("cancellations", "balance_collection", "customers"),
)
_BY_DATE_METRICS = (
    *("orders", "units", "revenue", "customers", "average_order_value", "deposit_revenue", "refunds_issued"),
    *("balances_outstanding", "lines_outstanding", "cancellation_rate", "balances_collected", "cancelled_orders"),
)


def draw_request(
    draw: random.Random, source: Source, shop: dict[str, Any], first: date, last: date
) -> tuple[str, dict[str, Any]]:
    """Return a report's name and typed parameters; windows begin between the two days."""
    name = draw.choice(REPORTS)
    ids = {table: [row["id"] for row in source.tables[table] if row["shop_id"] == shop["id"]]
           for table in ("offers", "products", "variants", "markets")}  # fmt: skip
    start = first + timedelta(days=draw.randrange((last - first).days))
    end = start + timedelta(days=draw.choice([0, 1, 6, 30, 89, 200, 365]))
    request: dict[str, Any] = {"from": start.isoformat(), "to": end.isoformat()}
    if name == "by_variant" or (ids["offers"] and draw.random() < 0.4):
        request["offer_ids"] = draw.sample(ids["offers"], draw.randrange(1, min(len(ids["offers"]), 4) + 1))
    if draw.random() < 0.6:
        request["currency"] = draw.choice([shop["currency"], *shop["reporting_currencies"]])
    if name in ("summary", "revenue", "by_date", "by_product", "by_variant"):
        for parameter, table in (("product_id", "products"), ("variant_id", "variants"), ("market_id", "markets")):
            if draw.random() < 0.2:
                request[parameter] = draw.choice([*ids[table], 77])
    if name in ("revenue", "by_date"):
        request["granularity"] = draw.choice(["day", "week", "month"])
    if name == "by_date" and draw.random() < 0.5:
        request["metrics"] = draw.sample(_BY_DATE_METRICS, 3)
    if name == "revenue" and draw.random() < 0.4:
        request[draw.choice(["include_deposits", "include_balances"])] = False
    if name == "customers":
        request |= {"page": draw.choice([1, 1, 2]), "per_page": draw.choice([5, 50])}
    return name, request


def query_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the request as a query string's parameters."""
    return {name: _text(value) for name, value in request.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
