"""Three questions of a dashboard, as a report's path, as a query of Cube, and as SQL on the application's tables."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from api.paths import BASE_PATH, REPORTS_PATH

_LINES = """
    from app.orders
    join app.shops on shops.id = orders.shop_id
    join app.order_lines as lines on lines.order_id = orders.id
    where
        orders.shop_id = %(shop)s and not orders.test and orders.deleted_at is null
        and (orders.placed_at at time zone shops.timezone)::date between %(first)s and %(last)s
"""
_SUMS = "count(distinct orders.id), sum(lines.quantity), sum(lines.total), sum(lines.deposit), sum(lines.balance)"
_MEASURES = ["lines.units", "lines.revenue", "lines.deposits", "lines.balances"]


@dataclass(frozen=True)
class Subject:
    """The shop that is asked about, one of its offers, and the last day of its history."""

    shop: str
    timezone: str
    offer: str
    last: date


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        name: for people.
        months: length of the window.
        report: the report's path and parameters but for the window; `{offer}` stands for the offer.
        cube: what a query of Cube has beside measures, window and shop.
        sql: over the application's tables.
        of_one_offer: whether it is about the offer alone.
    """

    name: str
    months: int
    report: str
    cube: dict[str, Any]
    sql: str
    of_one_offer: bool = False

    def windows(self, last: date) -> Iterator[tuple[date, date]]:
        """Yield windows of about this length, no two of them the same: more than Cube computes while it is measured."""
        length = timedelta(days=round(self.months * 30.4))
        for shift, cut in itertools.product(range(400), range(60)):
            end = last - timedelta(days=shift)
            yield end - length + timedelta(days=cut), end

    def paths(self, subject: Subject) -> Iterator[str]:
        """Yield the report's path for each window."""
        report = self.report.format(offer=subject.offer)
        for first, last in self.windows(subject.last):
            yield f"{BASE_PATH}{REPORTS_PATH}/{report}from={first}&to={last}"

    def cube_paths(self, subject: Subject) -> Iterator[str]:
        """Yield Cube's path for each window."""
        members = {"lines.shop_id": subject.shop} | ({"lines.offer_id": subject.offer} if self.of_one_offer else {})
        filters = [{"member": name, "operator": "equals", "values": [value]} for name, value in members.items()]
        cube = {name: value for name, value in self.cube.items() if name != "granularity"}
        for first, last in self.windows(subject.last):
            time = {"dimension": "lines.placed_at", "dateRange": [str(first), str(last)]}
            if "granularity" in self.cube:
                time["granularity"] = self.cube["granularity"]
            query = {"measures": _MEASURES, "timeDimensions": [time], "filters": filters, "timezone": subject.timezone}
            yield f"/cubejs-api/v1/load?query={quote(json.dumps(query | cube))}"


QUESTIONS = (
    Question("summary, 36 months", 36, "summary?", {}, f"select {_SUMS}, count(distinct orders.customer_id) {_LINES}"),
    Question(
        "revenue by week of one offer, 16 months",
        16,
        "revenue?granularity=week&offer_id={offer}&",
        {"granularity": "week"},
        f"select date_trunc('week', orders.placed_at at time zone shops.timezone), {_SUMS} {_LINES}"
        " and lines.offer_id = %(offer)s group by 1 order by 1",
        of_one_offer=True,
    ),
    Question(
        "by offer, 12 months",
        12,
        "by_offer?",
        {"dimensions": ["lines.offer_id"]},
        f"select lines.offer_id, {_SUMS}, count(distinct orders.customer_id) {_LINES} group by 1 order by 4 desc",
    ),
)
