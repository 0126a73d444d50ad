"""What one request sees: the ledger's events and open lines after its filters (api.md,
"Parameters": filters select order lines, and a line must satisfy all of them)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from datetime import date

from .events import Line
from .ledger import ledger
from .metrics import Figures
from .source import Source
from .windows import Bucket, buckets, label, window


class Selection:
    def __init__(self, source: Source, shop_id: str, params: dict, today: date):
        self.source, self.shop_id, self.params = source, shop_id, params
        shop = source.shop(shop_id)
        self.timezone = shop["timezone"]
        self.currency = params.get("currency") or shop["currency"]
        self.first, self.last = window(params, today)
        self.missing: set[date] = set()  # days whose missing rates a shown amount depends on
        offers = [*(params.get("offer_ids") or [])]
        if params.get("offer_id"):
            offers.append(params["offer_id"])
        self.offers = {str(offer).lower() for offer in offers}
        self.book = ledger(source, shop_id, self.currency)
        self.events = [event for event in self.book.between(self.first, self.last) if self.keeps(event.line)]
        self.all_opens = [item for item in self.book.opens if self.keeps(item.line)]
        self.opens = [
            item for item in self.all_opens if item.first <= self.last and (item.end is None or self.last < item.end)
        ]

    def keeps(self, line: Line) -> bool:
        wanted = self.params
        return (
            self.in_scope(line.offer_id)
            and wanted.get("product_id") in (None, line.product_id)
            and wanted.get("variant_id") in (None, line.variant_id)
            and wanted.get("market_id") in (None, line.market_id)
        )

    def in_scope(self, offer_id: str) -> bool:
        return not self.offers or offer_id in self.offers

    def lines(self) -> list[Line]:
        return [line for line in self.book.lines if self.keeps(line)]

    def totals(self) -> Figures:
        return Figures(self.events, self.opens, self.missing)

    def nothing(self) -> Figures:
        return Figures([], [], self.missing)

    def groups(self, key: Callable[[Line], object]) -> dict[object, Figures]:
        """The rows of a breakdown: those with an event in the window or an open line at its end."""
        events, opens = defaultdict(list), defaultdict(list)
        for event in self.events:
            events[key(event.line)].append(event)
        for item in self.opens:
            opens[key(item.line)].append(item)
        return {
            value: Figures(events.get(value, []), opens.get(value, []), self.missing) for value in {**events, **opens}
        }

    def series(self, granularity: str, with_state: bool) -> list[tuple[Bucket, Figures]]:
        """Each bucket with its own events and the lines open at its own last day."""
        found = buckets(self.first, self.last, granularity)
        events, opens = defaultdict(list), defaultdict(list)
        for event in self.events:
            events[label(event.day, granularity)].append(event)
        last_days = [bucket.last for bucket in found]
        for item in self.all_opens if with_state else ():
            begin = bisect_left(last_days, item.first)
            end = len(found) if item.end is None else bisect_left(last_days, item.end)
            for bucket in found[begin:end]:
                opens[bucket.label].append(item)
        return [(bucket, Figures(events[bucket.label], opens[bucket.label], self.missing)) for bucket in found]
