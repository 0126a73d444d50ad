"""The oracle against cases worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from . import MissingRate, Source, report
from .ledger import ledger
from .metrics import EVERY_METRIC
from .money import Converter, round_half_up, text

SHOP = "00000000-0000-0000-0000-000000000001"
A, B = "aaaaaaaa-0000-0000-0000-000000000000", "bbbbbbbb-0000-0000-0000-000000000000"
TODAY = date(2026, 6, 1)
JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}


def at(month: int, day: int, hour: int = 12, minute: int = 0, **more) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC, **more)


class Shop:
    """Collects rows; every call adds one."""

    def __init__(self, currency="USD", timezone="UTC", reporting=("EUR", "JPY")):
        shop = {"id": SHOP, "currency": currency, "timezone": timezone}
        self.tables = {"shops": [shop | {"reporting_currencies": list(reporting)}]}
        for offer_id, name in ((A, "Alpha"), (B, "Beta")):
            self.add("offers", id=offer_id, name=name, status="active", discarded_at=None)

    def add(self, table, **row):
        self.tables.setdefault(table, []).append({"shop_id": SHOP} | row)

    def order(self, order_id, placed_at, currency="USD", customer=None, market=None, **more):
        row = {"test": False, "cancelled_at": None, "cancel_reason": None, "deleted_at": None} | more
        row |= {"customer_id": customer, "market_id": market, "currency": currency, "placed_at": placed_at}
        self.add("orders", id=order_id, **row)

    def line(self, line_id, order_id, deposit, balance, offer=A, product=1, variant=1, quantity=1, due=None):
        deposit, balance = Decimal(deposit), Decimal(balance)
        row = {"offer_id": offer, "product_id": product, "variant_id": variant, "quantity": quantity}
        row |= {"total": deposit + balance, "deposit": deposit, "balance": balance, "balance_due_on": due}
        self.add("order_lines", id=line_id, order_id=order_id, **row)

    def pay(self, line_id, amount, when, portion="balance", status="succeeded"):
        row = {"portion": portion, "status": status, "amount": Decimal(amount), "processed_at": when}
        self.add("payments", id=len(self.tables.get("payments", [])), order_line_id=line_id, **row)

    def refund(self, line_id, amount, when):
        self.add("refunds", order_line_id=line_id, amount=Decimal(amount), refunded_at=when)

    def rate(self, currency, day, per_eur):
        row = {"currency": currency, "rate_date": day, "per_eur": Decimal(per_eur)}
        self.tables.setdefault("fx_rates", []).append(row)

    def ask(self, name, **params):
        return report(Source(self.tables), SHOP, name, params, TODAY)


def test_money_text_and_rounding():
    assert [text(481250, "USD"), text(4812, "JPY"), text(5, "KWD"), text(-7, "USD")] == [
        "4812.50",
        "4812",
        "0.005",
        "-0.07",
    ]
    assert [round_half_up(Fraction(n, 2)) for n in (1, 3, -1, -3)] == [1, 2, -1, -2]


def test_rates_are_carried_seven_days_each_on_its_own():
    shop = Shop()
    shop.rate("USD", date(2026, 1, 1), "1.25")
    shop.rate("JPY", date(2026, 1, 4), "150")
    converter = Converter(shop.tables["fx_rates"])
    assert converter.convert(Decimal("1.00"), "USD", "JPY", date(2026, 1, 8)) == 120
    assert converter.convert(Decimal("1.00"), "USD", "JPY", date(2026, 1, 9)).day == date(2026, 1, 9)
    assert converter.convert(Decimal("1.00"), "JPY", "EUR", date(2026, 1, 11)) == 1  # 0.67 cents
    assert converter.convert(Decimal("9.99"), "USD", "USD", date(2020, 1, 1)) == 999
    assert converter.convert(Decimal("0"), "USD", "EUR", date(2020, 1, 1)) == 0


def test_summary_of_a_month():
    shop = Shop()
    shop.order(1, at(1, 5), customer=7)
    shop.line(1, 1, "10.00", "30.00", offer=A, quantity=2)
    shop.line(2, 1, "0.00", "5.01", offer=B)
    shop.order(2, at(1, 6), customer=7, cancelled_at=at(1, 20), cancel_reason=None)
    shop.line(3, 2, "4.00", "6.00", offer=B, quantity=3)
    shop.order(3, at(1, 7))  # nobody's
    shop.line(4, 3, "1.00", "0.00", offer=B)
    shop.order(4, at(1, 8), test=True)
    shop.line(5, 4, "99.00", "0.00")
    shop.order(5, at(1, 8), deleted_at=at(1, 9))
    shop.line(6, 5, "99.00", "0.00")
    shop.pay(1, "10.00", at(1, 5), portion="deposit")
    shop.pay(1, "30.00", at(1, 10), status="failed")
    shop.pay(1, "12.00", at(1, 11))
    shop.pay(3, "6.00", at(1, 25))  # after the cancellation: collected
    shop.pay(2, "5.01", None, status="pending")
    shop.pay(77, "8.00", at(1, 11))  # its line is gone
    shop.refund(3, "4.00", at(1, 26))
    body = shop.ask("summary", **JANUARY)
    assert list(body["totals"]) == list(EVERY_METRIC)
    assert list(body["totals"].values()) == [
        *(3, 7, "56.01", "15.00", "41.01", 1, "18.67"),
        *("10.00", "18.00", 2, 1, "30.00"),
        *(1, 3, "10.00", "4.00", 1),
        *("23.01", 2, 0.3333, 0.6667),
    ]
    assert body["by_offer_top_5"] == [
        {"offer_id": A, "offer_name": "Alpha", "orders": 1, "units": 2, "revenue": "40.00", "customers": 1},
        {"offer_id": B, "offer_name": "Beta", "orders": 3, "units": 5, "revenue": "16.01", "customers": 1},
    ]
    assert shop.ask("cancellations", **JANUARY)["by_reason"] == [
        {"reason": "unknown", "cancelled_orders": 1, "cancelled_units": 3, "cancelled_revenue": "10.00"}
    ]


def test_days_are_the_shops():
    shop = Shop(timezone="America/New_York")
    shop.order(1, datetime(2026, 3, 8, 4, 59, tzinfo=UTC))  # 23:59 on the 7th
    shop.order(2, datetime(2026, 3, 9, 3, 59, tzinfo=UTC))  # 23:59 on the 8th, a day of 23 hours
    shop.order(3, datetime(2026, 3, 9, 4, 0, tzinfo=UTC))  # 00:00 on the 9th
    for number in (1, 2, 3):
        shop.line(number, number, "1.00", "0.00")
    body = shop.ask("by_date", **{"from": "2026-03-07", "to": "2026-03-09"}, metrics=["orders"])
    assert [row["orders"] for row in body["series"]] == [1, 1, 1]
    assert body["totals"] == {"orders": 3}


def test_buckets():
    weeks = Shop().ask("revenue", **{"from": "2026-01-01", "to": "2026-05-28"}, granularity="week")["series"]
    assert len(weeks) == 22
    ends = [tuple(weeks[index][key] for key in ("bucket", "from", "to", "partial")) for index in (0, 1, -1)]
    assert ends == [
        ("2025-12-29", "2026-01-01", "2026-01-04", True),
        ("2026-01-05", "2026-01-05", "2026-01-11", False),
        ("2026-05-25", "2026-05-25", "2026-05-28", True),
    ]
    months = Shop().ask("revenue", **{"from": "2026-02-01", "to": "2026-03-30"}, granularity="month")["series"]
    assert [(row["bucket"], row["partial"]) for row in months] == [
        ("2026-02-01", False),
        ("2026-03-01", True),
    ]
    assert Shop().ask("summary")["window"] == {"from": "2026-05-03", "to": "2026-06-01"}


def outstanding(shop: Shop, *days: date, **params) -> list[str]:
    return [shop.ask("summary", **{"from": day, "to": day}, **params)["totals"]["balances_outstanding"] for day in days]


def test_outstanding_on_odd_timelines():
    shop = Shop()
    shop.order(1, at(1, 10))  # a part paid before the order, then too much
    shop.line(1, 1, "0.00", "10.00")
    shop.pay(1, "4.00", at(1, 8))
    shop.pay(1, "9.00", at(1, 12))
    shop.order(2, at(1, 10), cancelled_at=at(1, 9), cancel_reason="fraud")  # cancelled before it was placed
    shop.line(2, 2, "0.00", "50.00")
    shop.refund(1, "2.00", at(1, 13))  # reopens nothing
    days = [date(2026, 1, day) for day in (9, 10, 11, 12, 13)]
    assert outstanding(shop, *days) == ["0.00", "6.00", "6.00", "0.00", "0.00"]
    series = shop.ask("by_date", **{"from": days[0], "to": days[-1]}, metrics=["balances_outstanding"])
    assert [row["balances_outstanding"] for row in series["series"]] == outstanding(shop, *days)
    assert shop.ask("cancellations", **{"from": days[0], "to": days[0]})["totals"] == {
        "cancelled_orders": 1,
        "cancelled_units": 1,
        "cancelled_revenue": "50.00",
        "refunds_issued": "0.00",
        "refunds_count": 0,
        "cancellation_rate": None,
    }


def test_conversion_of_portions_relief_and_cancellation():
    shop = Shop()
    shop.rate("USD", date(2026, 1, 5), "2")  # 1 USD = 0.50 EUR on the order's day
    shop.rate("USD", date(2026, 1, 6), "1")
    shop.order(1, at(1, 5), cancelled_at=at(1, 9))
    shop.line(1, 1, "0.01", "0.04")  # total 2.5 -> 3 cents, deposit 0.5 -> 1, balance 3 - 1 = 2
    shop.pay(1, "0.01", at(1, 6))  # relieved 0.5 -> 1
    shop.pay(1, "0.01", at(1, 7))  # relieved 1.0 -> 1
    shop.pay(1, "0.02", at(1, 8))  # all paid
    total = shop.ask("summary", **JANUARY, currency="EUR")["totals"]
    shown = [total[name] for name in ("revenue", "deposit_revenue", "balance_revenue", "balances_collected")]
    assert shown == ["0.03", "0.01", "0.02", "0.04"]
    assert total["cancelled_revenue"] == "0.03"  # at the rate of the order's day
    days = [date(2026, 1, day) for day in (5, 6, 7, 8)]
    assert outstanding(shop, *days, currency="EUR") == ["0.02", "0.01", "0.01", "0.00"]
    book = ledger(Source(shop.tables), SHOP, "EUR")
    for day in (date(2026, 1, 1) + timedelta(days=number) for number in range(15)):
        spans = [item.amount for item in book.opens if item.first <= day and (not item.end or day < item.end)]
        state = book.outstanding(book.lines[0], day)
        assert spans == ([] if state is None else [state])


def test_a_missing_rate_counts_only_where_it_is_shown():
    shop = Shop()
    shop.rate("USD", date(2026, 1, 5), "2")
    shop.order(1, at(1, 20), customer=1)
    shop.line(1, 1, "0.00", "10.00", offer=A)
    shop.pay(1, "10.00", at(1, 21))
    shop.order(2, at(1, 5), customer=2)
    shop.line(2, 2, "0.00", "10.00", offer=B)
    with pytest.raises(MissingRate) as caught:
        shop.ask("summary", **JANUARY, currency="EUR")
    assert (caught.value.currency, caught.value.day) == ("EUR", date(2026, 1, 20))
    assert shop.ask("summary", **JANUARY)["totals"]["revenue"] == "20.00"
    assert shop.ask("summary", **JANUARY, currency="EUR", offer_ids=[B])["totals"]["revenue"] == "5.00"
    counts = shop.ask("by_date", **JANUARY, currency="EUR", metrics=["lines_outstanding", "orders"])
    assert counts["metrics"] == ["orders", "lines_outstanding"]
    assert counts["totals"] == {"orders": 2, "lines_outstanding": 1}
    deposits = shop.ask("revenue", **JANUARY, currency="EUR", include_balances=False)
    assert deposits["totals"]["revenue"] == "0.00"
    # The line is paid by then, so that its state needs no rate; on the 20th it is open.
    state = {"currency": "EUR", "metrics": ["balances_outstanding"]}
    february = shop.ask("by_date", **{"from": "2026-02-01", "to": "2026-02-01"}, **state)
    assert february["totals"] == {"balances_outstanding": "5.00"}
    with pytest.raises(MissingRate):
        shop.ask("by_date", **JANUARY, **state)


def test_variants_attached_detached_and_moved():
    shop = Shop()
    for product in (1, 2):
        shop.add("products", id=product, title=f"P{product}")
    for variant, product in ((1, 2), (2, 1), (3, 1)):
        shop.add("variants", id=variant, product_id=product, title=f"V{variant}", sku=None)
    for offer, variant, detached in ((A, 1, None), (B, 1, None), (A, 2, at(1, 1)), (A, 3, at(1, 1))):
        shop.add("offer_variants", offer_id=offer, variant_id=variant, detached_at=detached)
    shop.order(1, at(1, 5), market=4)
    shop.line(1, 1, "1.00", "0.00", offer=A, product=1, variant=1)  # the variant is of product 2 now
    shop.line(2, 1, "1.00", "0.00", offer=A, product=1, variant=2)

    def rows(**params):
        body = shop.ask("by_variant", **JANUARY, offer_ids=[A, B], **params)
        return [(r["offer_id"], r["variant_id"], r["product_id"], r["orders"]) for r in body["variants"]]

    assert rows() == [(A, 1, 2, 1), (A, 2, 1, 1), (B, 1, 2, 0)]
    assert rows(product_id=1) == [(A, 1, 2, 1), (A, 2, 1, 1)]
    assert rows(product_id=2) == [(A, 1, 2, 0), (B, 1, 2, 0)]
    assert rows(variant_id=2) == [(A, 2, 1, 1)]
    assert rows(market_id=5) == [(A, 1, 2, 0), (B, 1, 2, 0)]
    products = shop.ask("by_product", **JANUARY)["products"]
    assert [(row["product_id"], row["orders"], row["revenue"]) for row in products] == [(1, 1, "2.00")]


def test_aging():
    shop = Shop()
    shop.order(1, at(1, 1))
    to = date(2026, 5, 1)
    for number, overdue in enumerate((None, 0, 1, 30, 31, 60, 61, 90, 91)):
        due = None if overdue is None else to - timedelta(days=overdue)
        shop.line(number, 1, "0.00", "1.00", due=due)
    body = shop.ask("balance_collection", **{"from": to, "to": to})
    assert [row["lines_outstanding"] for row in body["aging"]] == [1, 1, 2, 2, 2, 1]
    assert body["totals"]["collection_rate"] is None
    assert body["by_offer"][0]["balances_outstanding"] == "9.00"


def test_customers():
    shop = Shop()
    shop.add("customers", id=1, email="a@example.com", name="Ann", redacted_at=None)
    shop.add("customers", id=2, email="b@example.com", name="Bob", redacted_at=at(2, 1))
    shop.order(1, at(1, 5, 10, 0, microsecond=500), customer=1)
    shop.line(1, 1, "1.00", "2.00")
    shop.order(2, at(2, 5), customer=1)
    shop.line(2, 2, "1.00", "0.00")
    shop.order(3, at(2, 6), customer=2)
    shop.line(3, 3, "5.00", "0.00")
    body = shop.ask("customers", **{"from": "2026-02-01", "to": "2026-02-28"}, per_page=1, page=2)
    assert body["meta"] == {"total_count": 2, "page": 2, "per_page": 1, "total_pages": 2}
    (ann,) = body["customers"]
    assert (ann["name"], ann["revenue"], ann["balances_outstanding"]) == ("Ann", "1.00", "2.00")
    assert ann["first_order_at"] == "2026-01-05T10:00:00.000500Z"
    assert ann["last_order_at"] == "2026-02-05T12:00:00Z"
    (bob,) = shop.ask("customers", **{"from": "2026-02-06", "to": "2026-02-06"})["customers"]
    assert (bob["customer_id"], bob["email"], bob["name"]) == (2, None, None)
    # An open line alone is no event.
    assert shop.ask("customers", **{"from": "2026-03-01", "to": "2026-03-01"})["customers"] == []
    # A payment alone is one, even before the order.
    shop.pay(3, "1.00", at(1, 2))
    (bob,) = shop.ask("customers", **{"from": "2026-01-02", "to": "2026-01-02"})["customers"]
    assert (bob["orders"], bob["balances_collected"], bob["first_order_at"]) == (0, "1.00", None)
