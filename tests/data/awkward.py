"""Source rows with every awkward case of the metric definitions, drawn from a seed.

Several shops of different timezones and currencies. Days are few and amounts small and odd, so that cases meet:
daylight-saving nights, year ends, payments before placing and after cancelling, overpayments, rates that are
missing, carried over or far from 1, variants in two offers, lines whose product has changed.
"""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

Rows = dict[str, list[dict[str, Any]]]

FIRST_DAY = date(2024, 10, 20)
DAYS = 200
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "GBP": 2, "CLF": 4}
SHOPS = [
    ("America/New_York", "USD", ["EUR", "JPY"]),
    ("CET", "EUR", ["USD", "KWD", "EUR"]),
    ("Asia/Tokyo", "JPY", ["KWD"]),
    ("Pacific/Apia", "KWD", []),
    ("America/Sao_Paulo", "GBP", ["CLF", "USD"]),
    ("Asia/Kathmandu", "USD", []),
]
# Free text that a CSV, a spreadsheet or a terminal could take for something else.
HOSTILE = [
    *("=1+1", "+A1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "－1", "'quoted", 'a,"b"', "two\nlines"),
    *("two\r\nlines", "🙂 é", "\u202egnp.exe", "", " =1", '"', "Plain", "\\.", "%s $1 {0}", "null"),
]
REASONS = [
    "".join(sha256(b"%d" % number).hexdigest() for number in range(45)),  # longer than an index can hold
    "=cmd|' /C calc'!A0",
    "customer",
    "declined",
    "fraud",
    "inventory",
    "other",
    "staff",
    None,
    "unknown",
    "",
    "Zürich",
    'a,b"c',
]
# Local nights on which clocks change, a year's end, ISO week 1 that begins in December, a leap year's February.
NOTABLE = [date(2024, 10, 26), date(2024, 10, 27), date(2024, 11, 3), date(2024, 12, 30), date(2024, 12, 31),
           date(2025, 1, 1), date(2025, 3, 9), date(2025, 3, 30), date(2025, 2, 28)]  # fmt: skip


def awkward_rows(seed: int, orders: int = 400, copies: int = 1) -> Rows:
    """Return rows for every table of `app`, the same for the same seed; of each shop so many copies, alike in settings."""
    draw = random.Random(seed)
    rows: Rows = {name: [] for name in TABLES}
    for number, (timezone, currency, reporting) in enumerate(SHOPS * copies):
        _add_shop(draw, rows, number, timezone, currency, reporting)
    ids = iter(range(1_000, 10_000_000))
    for _ in range(orders):
        _add_order(draw, rows, ids, draw.choice(rows["shops"][:-1]))  # the last shop stays without orders
    _add_rates(draw, rows)
    return rows


TABLES = (
    *("shops", "markets", "products", "variants", "customers", "offers", "offer_variants"),
    *("orders", "order_lines", "payments", "refunds", "fx_rates"),
)


def _add_shop(draw: random.Random, rows: Rows, number: int, timezone: str, currency: str, reporting: list[str]) -> None:
    created = datetime(2024, 1, 1, tzinfo=UTC)
    shop_id = str(UUID(int=0xA << 124 | number + 1))
    rows["shops"].append(
        dict(id=shop_id, name=f"Shop {number}", domain=f"shop-{number}.example", currency=currency,
             reporting_currencies=reporting, timezone=timezone, created_at=created, updated_at=created)
    )  # fmt: skip
    base = (number + 1) * 100
    for n in range(3):
        rows["markets"].append(dict(id=base + n, shop_id=shop_id, name=f"Market {n}", updated_at=created))
        rows["products"].append(dict(id=base + n, shop_id=shop_id, title=_text(base + n), updated_at=created))
    for n in range(6):
        rows["variants"].append(
            dict(id=base + n, shop_id=shop_id, product_id=base + n // 2, title=_text(base + n + 3),
                 sku=draw.choice([None, _text(base + n + 5)]), updated_at=created)
        )  # fmt: skip
    for n in range(12):
        rows["customers"].append(
            dict(id=base + n, shop_id=shop_id, email=draw.choice([None, f"c{n}@shop.example"]),
                 name=draw.choice([None, _text(base + n + 7)]), created_at=created, updated_at=created,
                 redacted_at=created if n == 3 else None)
        )  # fmt: skip
    for n in range(5):
        offer_id = str(UUID(int=0xB << 124 | base + n))
        rows["offers"].append(
            dict(id=offer_id, shop_id=shop_id, name=_text(base + n + 11), status=draw.choice(["active", "draft"]),
                 discarded_at=created if n == 1 else None, created_at=created, updated_at=created)
        )  # fmt: skip
        for variant in draw.sample(range(6), 3):
            rows["offer_variants"].append(
                dict(offer_id=offer_id, variant_id=base + variant, shop_id=shop_id, attached_at=created,
                     detached_at=draw.choice([None, None, created]), updated_at=created)
            )  # fmt: skip


def _text(number: int) -> str:
    return HOSTILE[number % len(HOSTILE)]


def _instant(draw: random.Random, timezone: str, around: datetime | None = None) -> datetime:
    """Draw an instant, often within a second of local midnight, sometimes before the one it follows."""
    if around is not None and draw.random() < 0.85:
        day = (around + timedelta(days=draw.choice([-40, -3, -1, 0, 0, 0, 1, 5, 20, 60]))).date()
    else:
        day = draw.choice([draw.choice(NOTABLE), FIRST_DAY + timedelta(days=draw.randrange(DAYS))])
    hour, minute, second = draw.choice([(0, 0, 0), (23, 59, 59), (1, 30, 0), (2, 30, 0), (draw.randrange(24), 7, 3)])
    micro = draw.choice([0, 0, 999_999])
    return datetime(day.year, day.month, day.day, hour, minute, second, micro, ZoneInfo(timezone)).astimezone(UTC)


def _amount(draw: random.Random, currency: str) -> Decimal:
    beyond_doubles = 2**53 + 1 + 2 * draw.randrange(1000)
    small = [0, 1, 5, draw.randrange(1, 60), draw.randrange(1, 100_000), draw.randrange(1, 10**9)]
    minor = beyond_doubles if draw.random() < 0.02 else draw.choice(small)
    return Decimal(minor).scaleb(-DIGITS[currency])


def _add_order(draw: random.Random, rows: Rows, ids: Any, shop: dict[str, Any]) -> None:
    order_id, timezone = next(ids), shop["timezone"]
    mine = {name: [row["id"] for row in rows[name] if row["shop_id"] == shop["id"]]
            for name in ("customers", "markets", "products", "variants", "offers")}  # fmt: skip
    currency = shop["currency"] if draw.random() < 0.9 else draw.choice(list(DIGITS))
    placed_at = _instant(draw, timezone)
    cancelled_at = _instant(draw, timezone, placed_at) if draw.random() < 0.3 else None
    changed = placed_at + timedelta(days=1)
    rows["orders"].append(
        dict(id=order_id, shop_id=shop["id"], name=f"#{order_id}", customer_id=draw.choice([None, *mine["customers"]]),
             market_id=draw.choice([None, *mine["markets"]]), currency=currency, test=draw.random() < 0.04,
             placed_at=placed_at, cancelled_at=cancelled_at, cancel_reason=draw.choice(REASONS),
             deleted_at=changed if draw.random() < 0.04 else None, updated_at=changed)
    )  # fmt: skip
    for _ in range(draw.choice([1, 1, 2, 3, 4])):
        line_id, deposit, balance = next(ids), _amount(draw, currency), _amount(draw, currency)
        if draw.random() < 0.3:
            deposit, balance = draw.choice([(deposit, Decimal(0)), (Decimal(0), balance)])
        if line_id % 29 == 0:  # an edit has made the total less than the deposit
            balance = -(deposit / 2).quantize(Decimal(1).scaleb(-DIGITS[currency]))
        line = dict(
            id=line_id, shop_id=shop["id"], order_id=order_id, offer_id=draw.choice(mine["offers"]),
            product_id=draw.choice([*mine["products"], 77]), variant_id=draw.choice([*mine["variants"], 78]),
            quantity=draw.randrange(1, 9), total=deposit + balance, deposit=deposit, balance=balance,
            balance_due_on=draw.choice([None, FIRST_DAY + timedelta(days=draw.randrange(DAYS))]), updated_at=changed,
        )  # fmt: skip
        if draw.random() < 0.97:  # else the line was taken out, and its payments are left over
            rows["order_lines"].append(line)
        _add_payments(draw, rows, ids, line, currency, placed_at, timezone, changed)


def _add_payments(
    draw: random.Random, rows: Rows, ids: Any, line: dict[str, Any], currency: str, placed_at: datetime, timezone: str,
    changed: datetime,
) -> None:  # fmt: skip
    shared = dict(shop_id=line["shop_id"], order_id=line["order_id"], order_line_id=line["id"], updated_at=changed)
    if draw.random() < 0.8:
        rows["payments"].append(
            dict(id=next(ids), portion="deposit", status=draw.choice(["succeeded", "succeeded", "failed"]),
                 amount=line["deposit"], processed_at=_instant(draw, timezone, placed_at), **shared)
        )  # fmt: skip
    step = Decimal(1).scaleb(-DIGITS[currency])
    for _ in range(draw.choice([0, 1, 1, 2, 3])):
        status = draw.choice(["succeeded", "succeeded", "failed", "pending"])
        part = (max(line["balance"], Decimal(0)) / draw.choice([1, 1, 2, 3])).quantize(step)
        processed_at = None if status == "pending" else _instant(draw, timezone, placed_at)
        rows["payments"].append(
            dict(id=next(ids), portion="balance", status=status, amount=part + draw.choice([0, 0, step]),
                 processed_at=processed_at, **shared)
        )  # fmt: skip
    if draw.random() < 0.2:
        rows["refunds"].append(
            dict(
                id=next(ids), amount=_amount(draw, currency), refunded_at=_instant(draw, timezone, placed_at), **shared
            )
        )


def _add_rates(draw: random.Random, rows: Rows) -> None:
    """Rates without weekends; GBP has a gap of more than a week, CLF begins late, USD has a first of its own."""
    levels = {"USD": "1.0834", "JPY": "162.37", "KWD": "0.33371", "GBP": "0.8401", "CLF": "0.02647"}
    for offset in range(-10 - 45, DAYS + 70):
        day = FIRST_DAY + timedelta(days=offset)
        if day.weekday() >= 5:
            continue
        for currency, level in levels.items():
            if currency == "GBP" and date(2025, 1, 6) <= day <= date(2025, 1, 17):
                continue
            if currency == "CLF" and day < date(2024, 12, 1):
                continue
            drift = Decimal(draw.randrange(9_700, 10_300)).scaleb(-4)
            rows["fx_rates"].append(
                dict(rate_date=day, currency=currency, per_eur=(Decimal(level) * drift).quantize(Decimal("0.00001")),
                     updated_at=datetime(2024, 1, 1, tzinfo=UTC))
            )  # fmt: skip
