"""Every figure here was worked out by hand from the story in data/golden.py."""

from typing import Any

import httpx
import pytest
from data.golden import CHAIR, LAMP, OFFER_A, OFFER_B, STOOL

QUARTER = {"from": "2026-01-01", "to": "2026-03-31"}


def read(client: httpx.Client, report: str, **parameters: Any) -> dict[str, Any]:
    response = client.get(f"/{report}", params={**QUARTER, **parameters})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_summary_of_the_quarter_in_dollars(golden: httpx.Client) -> None:
    assert read(golden, "summary")["totals"] == {
        "orders": 4,
        "units": 2 + 1 + 1 + 3 + 1,
        "revenue": "320.00",  # 100 + 50 + 30 + 90 + 50
        "deposit_revenue": "98.00",  # 20 + 50 + 0 + 18 + 10
        "balance_revenue": "222.00",  # 80 + 0 + 30 + 72 + 40
        "customers": 2,  # the fourth order has none
        "average_order_value": "80.00",
        "deposits_collected": "88.00",  # 20 + 50 + 18
        "balances_collected": "80.00",
        "balances_collected_count": 2,
        "balances_failed": 1,
        "balances_failed_amount": "80.00",
        "cancelled_orders": 2,
        "cancelled_units": 4,
        "cancelled_revenue": "140.00",
        "refunds_issued": "18.00",
        "refunds_count": 1,
        "balances_outstanding": "30.00",  # the second order's chair alone
        "lines_outstanding": 1,
        "cancellation_rate": 0.5,
        "collection_rate": 0.6667,
    }


def test_summary_in_euros_converts_each_event_at_its_own_day(golden: httpx.Client) -> None:
    totals = read(golden, "summary", currency="EUR")["totals"]
    assert totals["revenue"] == "260.67"  # 80.00 + 40.00 + 24.00 + 75.00 + 41.67
    assert totals["deposit_revenue"] == "79.33"  # 16.00 + 40.00 + 0 + 15.00 + 8.33
    assert totals["balance_revenue"] == "181.34"  # 64.00 + 0 + 24.00 + 60.00 + (41.67 - 8.33)
    assert totals["deposits_collected"] == "71.00"
    assert totals["balances_collected"] == "66.67"  # 25.00 + 41.67, at 1.20
    assert totals["balances_failed_amount"] == "66.67"
    assert totals["cancelled_revenue"] == "116.67"  # at the orders' days
    assert totals["refunds_issued"] == "15.00"
    assert totals["balances_outstanding"] == "24.00"
    assert totals["average_order_value"] == "65.17"


def test_top_offers_count_an_order_in_two_offers_in_both(golden: httpx.Client) -> None:
    offers = read(golden, "summary")["by_offer_top_5"]
    assert offers == [
        {"offer_id": OFFER_A, "offer_name": "Launch A", "orders": 3, "units": 4, "revenue": "200.00", "customers": 2},
        {"offer_id": OFFER_B, "offer_name": "Launch B", "orders": 2, "units": 4, "revenue": "120.00", "customers": 2},
    ]


def test_revenue_by_month(golden: httpx.Client) -> None:
    series = read(golden, "revenue", granularity="month")["series"]
    assert [(row["bucket"], row["orders"], row["units"], row["revenue"]) for row in series] == [
        ("2026-01-01", 2, 4, "180.00"),
        ("2026-02-01", 1, 3, "90.00"),
        ("2026-03-01", 1, 1, "50.00"),
    ]


@pytest.mark.parametrize(
    ("parameter", "revenue", "deposits", "balances"),
    [("include_balances", "98.00", "98.00", "0.00"), ("include_deposits", "222.00", "0.00", "222.00")],
)
def test_one_portion_of_revenue(
    golden: httpx.Client, parameter: str, revenue: str, deposits: str, balances: str
) -> None:
    body = read(golden, "revenue", **{parameter: "false"})
    assert body["totals"] == {
        "orders": 4, "units": 8, "revenue": revenue, "deposit_revenue": deposits, "balance_revenue": balances,
    }  # fmt: skip
    assert body[parameter] is False


def test_a_line_a_second_before_midnight_counts_on_that_local_day(golden: httpx.Client) -> None:
    series = read(golden, "by_date", metrics="orders", **{"from": "2026-03-07", "to": "2026-03-09"})["series"]
    assert [(row["bucket"], row["orders"]) for row in series] == [
        ("2026-03-07", 0), ("2026-03-08", 1), ("2026-03-09", 0),
    ]  # fmt: skip


def test_outstanding_is_a_state_at_the_end_of_each_bucket(golden: httpx.Client) -> None:
    series = read(golden, "by_date", granularity="month", metrics="balances_outstanding,lines_outstanding")["series"]
    assert [(row["balances_outstanding"], row["lines_outstanding"]) for row in series] == [
        ("110.00", 2),  # 80 + 30
        ("80.00", 2),  # 30 of the 80 were paid; the third order came and was cancelled
        ("30.00", 1),
    ]


def test_weeks_start_on_monday_and_edges_are_partial(golden: httpx.Client) -> None:
    series = read(golden, "revenue", granularity="week", to="2026-05-28")["series"]
    assert len(series) == 22
    assert [series[0][name] for name in ("bucket", "from", "to", "partial")] == [
        "2025-12-29", "2026-01-01", "2026-01-04", True,
    ]  # fmt: skip
    assert [series[1][name] for name in ("bucket", "from", "to", "partial")] == [
        "2026-01-05", "2026-01-05", "2026-01-11", False,
    ]  # fmt: skip
    assert [series[-1][name] for name in ("bucket", "to", "partial")] == ["2026-05-25", "2026-05-28", True]


def test_variants_attached_now_are_shown_with_zeros(golden: httpx.Client) -> None:
    rows = read(golden, "by_variant", offer_id=OFFER_A)["variants"]
    assert [
        (row["variant_id"], row["variant_title"], row["sku"], row["product_title"], row["units"]) for row in rows
    ] == [
        (LAMP, "Brass", "L-1", "Lamp", 4),
        (STOOL, "Stool", "S-1", "Chair", 0),
    ]


def test_a_detached_variant_keeps_its_rows(golden: httpx.Client) -> None:
    rows = read(golden, "by_variant", offer_ids=OFFER_B.upper())["variants"]
    assert [(row["offer_id"], row["variant_id"], row["revenue"]) for row in rows] == [(OFFER_B, CHAIR, "120.00")]


def test_products(golden: httpx.Client) -> None:
    rows = read(golden, "by_product")["products"]
    assert [(row["product_id"], row["orders"], row["revenue"], row["balances_outstanding"]) for row in rows] == [
        (LAMP, 3, "200.00", "0.00"),
        (CHAIR, 2, "120.00", "30.00"),
    ]


def test_a_market_selects_its_orders(golden: httpx.Client) -> None:
    totals = read(golden, "summary", market_id=1)["totals"]
    assert (totals["orders"], totals["revenue"], totals["customers"]) == (2, "190.00", 1)


def test_cancellations_by_reason_and_offer(golden: httpx.Client) -> None:
    body = read(golden, "cancellations")
    assert body["by_reason"] == [
        {"reason": "customer", "cancelled_orders": 1, "cancelled_units": 3, "cancelled_revenue": "90.00"},
        {"reason": "unknown", "cancelled_orders": 1, "cancelled_units": 1, "cancelled_revenue": "50.00"},
    ]
    assert [(row["offer_id"], row["cancelled_revenue"], row["refunds_issued"]) for row in body["by_offer"]] == [
        (OFFER_B, "90.00", "18.00"),
        (OFFER_A, "50.00", "0.00"),
    ]
    assert body["by_offer"][0]["cancellation_rate"] == 0.5  # one of two orders
    assert body["by_offer"][1]["cancellation_rate"] == 0.3333  # one of three


@pytest.mark.parametrize(
    ("to", "open_by_age"),
    [
        ("2026-01-31", {"no_due_date": "30.00", "not_due": "80.00"}),
        ("2026-02-01", {"no_due_date": "30.00", "not_due": "80.00"}),  # due on that very day
        ("2026-02-21", {"no_due_date": "30.00", "1_30": "50.00"}),
        ("2026-03-15", {"no_due_date": "30.00", "not_due": "40.00"}),
    ],
)
def test_aging_of_outstanding_balances(golden: httpx.Client, to: str, open_by_age: dict[str, str]) -> None:
    aging = read(golden, "balance_collection", to=to)["aging"]
    assert [row["bucket"] for row in aging] == ["no_due_date", "not_due", "1_30", "31_60", "61_90", "over_90"]
    assert {row["bucket"]: row["balances_outstanding"] for row in aging if row["lines_outstanding"]} == open_by_age


def test_customers_and_a_redacted_one(golden: httpx.Client) -> None:
    body = read(golden, "customers")
    assert body["meta"] == {"total_count": 2, "page": 1, "per_page": 50, "total_pages": 1}
    assert body["customers"] == [
        {
            "customer_id": 900_001, "email": "ada@golden.example", "name": "Ada", "orders": 2, "units": 5,
            "revenue": "190.00", "deposits_collected": "38.00", "balances_collected": "80.00",
            "balances_outstanding": "0.00", "refunds_issued": "18.00",
            "first_order_at": "2026-01-05T17:00:00Z", "last_order_at": "2026-02-10T17:00:00Z",
        },
        {
            "customer_id": 900_002, "email": None, "name": None, "orders": 1, "units": 2,
            "revenue": "80.00", "deposits_collected": "50.00", "balances_collected": "0.00",
            "balances_outstanding": "30.00", "refunds_issued": "0.00",
            "first_order_at": "2026-01-06T17:00:00Z", "last_order_at": "2026-01-06T17:00:00Z",
        },
    ]  # fmt: skip


def test_a_page_past_the_end_is_empty(golden: httpx.Client) -> None:
    body = read(golden, "customers", page=9_223_372_036_854_775_807, per_page=1)
    assert body["customers"] == []
    assert body["meta"]["total_count"] == 2
    assert body["meta"]["total_pages"] == 2


def test_a_shop_without_orders_has_zeros_in_its_own_currency(empty_shop: httpx.Client) -> None:
    body = read(empty_shop, "summary")
    assert body["currency"] == "JPY"
    assert body["totals"]["revenue"] == "0"
    assert body["totals"]["average_order_value"] is None
    assert body["totals"]["cancellation_rate"] is None
    assert body["by_offer_top_5"] == []
