"""A set small enough to check by hand: one shop in New York, six orders, two offers.

All amounts in USD. Local days in brackets where they differ from UTC.

  #1  2026-01-05  customer 1, market 1  offer A, lamp    2 x, total 100, deposit 20, balance 80, due 2026-02-01
      deposit 20 on 2026-01-05; balance failed 2026-02-01; 30 collected 2026-02-02, 50 collected 2026-03-01
  #2  2026-01-06  customer 2            offer A, lamp    1 x, total 50, deposit 50, balance 0 (fully prepaid)
                                        offer B, chair   1 x, total 30, deposit 0, balance 30, no due date
      deposit 50 on 2026-01-06
  #3  2026-02-10  customer 1, market 1  offer B, chair   3 x, total 90, deposit 18, balance 72, due 2026-02-20
      deposit 18 on 2026-02-10; cancelled 2026-02-15 (customer); 18 refunded 2026-02-16
  #4  2026-03-08 23:59:59 local, the night the clocks change (03:59:59 UTC on the 9th), no customer
                                        offer A, lamp    1 x, total 50, deposit 10, balance 40, due 2026-03-31
      cancelled 2026-03-31, no reason
  #5  a test order, #6 a deleted one: they count nowhere

The rate on 2026-01-05 and -06 is that of Friday 2026-01-02, 1.25 USD for 1 EUR; from 2026-02-01 on it is 1.20.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

SHOP = "00000000-0000-0000-0000-00000000c0de"
OTHER_SHOP = "00000000-0000-0000-0000-00000000beef"
DOMAIN, OTHER_DOMAIN = "golden.example", "empty.example"
OFFER_A, OFFER_B = "aaaaaaaa-0000-0000-0000-000000000000", "bbbbbbbb-0000-0000-0000-000000000000"
OTHER_OFFER = "cccccccc-0000-0000-0000-000000000000"
LAMP, CHAIR, STOOL = 900_001, 900_002, 900_003
_LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def _at(month: int, day: int, hour: int = 17, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def _order(number: int, placed_at: datetime, customer: int | None, **fields: Any) -> dict[str, Any]:
    shown = {"market_id": None, "test": False, "cancelled_at": None, "cancel_reason": None, "deleted_at": None} | fields
    return {
        "id": 900_000 + number, "shop_id": SHOP, "name": f"#{number}", "customer_id": customer, "currency": "USD",
        "placed_at": placed_at, "updated_at": placed_at, **shown,
    }  # fmt: skip


def _line(
    number: int, order: int, offer: str, variant: int, quantity: int, deposit: int, balance: int, due: date | None
) -> dict[str, Any]:
    return {
        "id": 910_000 + number, "shop_id": SHOP, "order_id": 900_000 + order, "offer_id": offer,
        "product_id": variant, "variant_id": variant, "quantity": quantity, "total": Decimal(deposit + balance),
        "deposit": Decimal(deposit), "balance": Decimal(balance), "balance_due_on": due, "updated_at": _LONG_AGO,
    }  # fmt: skip


def _payment(
    number: int, line: int, order: int, portion: str, status: str, amount: int, at: datetime
) -> dict[str, Any]:
    return {
        "id": 920_000 + number, "shop_id": SHOP, "order_id": 900_000 + order, "order_line_id": 910_000 + line,
        "portion": portion, "status": status, "amount": Decimal(amount), "processed_at": at, "updated_at": at,
    }  # fmt: skip


def golden_rows() -> dict[str, list[dict[str, Any]]]:
    """Return the rows for the tables of `app`."""
    shop = {"created_at": _LONG_AGO, "updated_at": _LONG_AGO, "timezone": "America/New_York"}
    dated = {"shop_id": SHOP, "updated_at": _LONG_AGO}
    return {
        "shops": [
            {"id": SHOP, "name": "Golden", "domain": DOMAIN, "currency": "USD", "reporting_currencies": ["EUR"], **shop},
            {"id": OTHER_SHOP, "name": "Empty", "domain": OTHER_DOMAIN, "currency": "JPY", "reporting_currencies": [], **shop},
        ],
        "products": [{"id": LAMP, "title": "Lamp", **dated}, {"id": CHAIR, "title": "Chair", **dated}],
        "variants": [
            {"id": LAMP, "product_id": LAMP, "title": "Brass", "sku": "L-1", **dated},
            {"id": CHAIR, "product_id": CHAIR, "title": "Oak", "sku": None, **dated},
            {"id": STOOL, "product_id": CHAIR, "title": "Stool", "sku": "S-1", **dated},
        ],
        "customers": [
            {"id": 900_001, "email": "ada@golden.example", "name": "Ada", "redacted_at": None, "created_at": _LONG_AGO, **dated},
            {"id": 900_002, "email": "bob@golden.example", "name": "Bob", "redacted_at": _LONG_AGO, "created_at": _LONG_AGO, **dated},
        ],
        "offers": [
            {"id": OFFER_A, "name": "Launch A", "status": "active", "discarded_at": None, "created_at": _LONG_AGO, **dated},
            {"id": OFFER_B, "name": "Launch B", "status": "active", "discarded_at": _LONG_AGO, "created_at": _LONG_AGO, **dated},
            {"id": OTHER_OFFER, "name": "Elsewhere", "status": "active", "discarded_at": None, "created_at": _LONG_AGO,
             "shop_id": OTHER_SHOP, "updated_at": _LONG_AGO},
        ],
        "offer_variants": [
            {"offer_id": OFFER_A, "variant_id": LAMP, "attached_at": _LONG_AGO, "detached_at": None, **dated},
            {"offer_id": OFFER_A, "variant_id": STOOL, "attached_at": _LONG_AGO, "detached_at": None, **dated},
            {"offer_id": OFFER_B, "variant_id": CHAIR, "attached_at": _LONG_AGO, "detached_at": _LONG_AGO, **dated},
        ],
        "orders": [
            _order(1, _at(1, 5), 900_001, market_id=1),
            _order(2, _at(1, 6), 900_002),
            _order(3, _at(2, 10), 900_001, market_id=1, cancelled_at=_at(2, 15), cancel_reason="customer"),
            _order(4, _at(3, 9, 3, 59, 59), None, cancelled_at=_at(3, 31)),
            _order(5, _at(1, 5), 900_001, test=True),
            _order(6, _at(1, 5), 900_001, deleted_at=_at(1, 6)),
        ],
        "order_lines": [
            _line(1, 1, OFFER_A, LAMP, 2, 20, 80, date(2026, 2, 1)),
            _line(2, 2, OFFER_A, LAMP, 1, 50, 0, None),
            _line(3, 2, OFFER_B, CHAIR, 1, 0, 30, None),
            _line(4, 3, OFFER_B, CHAIR, 3, 18, 72, date(2026, 2, 20)),
            _line(5, 4, OFFER_A, LAMP, 1, 10, 40, date(2026, 3, 31)),
            _line(6, 5, OFFER_A, LAMP, 9, 9, 9, None),
            _line(7, 6, OFFER_A, LAMP, 9, 9, 9, None),
        ],
        "payments": [
            _payment(1, 1, 1, "deposit", "succeeded", 20, _at(1, 5)),
            _payment(2, 1, 1, "balance", "failed", 80, _at(2, 1)),
            _payment(3, 1, 1, "balance", "succeeded", 30, _at(2, 2)),
            _payment(4, 1, 1, "balance", "succeeded", 50, _at(3, 1)),
            _payment(5, 2, 2, "deposit", "succeeded", 50, _at(1, 6)),
            _payment(6, 4, 3, "deposit", "succeeded", 18, _at(2, 10)),
            _payment(7, 6, 5, "deposit", "succeeded", 9, _at(1, 5)),
        ],
        "refunds": [
            {"id": 930_001, "order_id": 900_003, "order_line_id": 910_004, "amount": Decimal(18),
             "refunded_at": _at(2, 16), **dated},
        ],
        "fx_rates": [
            {"rate_date": date(2026, 1, 2), "currency": "USD", "per_eur": Decimal("1.25"), "updated_at": _LONG_AGO},
            *({"rate_date": date(2026, month, day), "currency": "USD", "per_eur": Decimal("1.20"), "updated_at": _LONG_AGO}
              for month, day in ((2, 1), (2, 8), (2, 15), (3, 1), (3, 8), (3, 31))),
        ],
    }  # fmt: skip
