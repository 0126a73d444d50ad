"""The nine reports, and here summary, revenue and by_date: api.md, section "Reads"."""

from datetime import date

from .balances import balance_collection, cancellations
from .breakdowns import by_offer, by_product, by_variant, customers
from .metrics import EVERY_METRIC, STATE, shown
from .money import MissingRate
from .rows import offer, ranked, totals
from .selection import Selection
from .source import Source

REVENUE = ("orders", "units", "revenue", "deposit_revenue", "balance_revenue")
TOP_5 = ("orders", "units", "revenue", "customers")


def report(source: Source, shop_id: str, name: str, params: dict, today: date) -> dict:
    """The body of one report, without `filters`, `freshness` and `incomplete`."""
    chosen = Selection(source, shop_id, params, today)
    body = {
        "window": {"from": chosen.first.isoformat(), "to": chosen.last.isoformat()},
        "currency": chosen.currency,
        "timezone": chosen.timezone,
        **REPORTS[name](chosen),
    }
    if chosen.missing:
        raise MissingRate(chosen.currency, min(chosen.missing))
    return body


def summary(chosen: Selection) -> dict:
    rows = ranked(chosen.groups(lambda line: line.offer_id), TOP_5, "revenue")[:5]
    return {
        "totals": totals(chosen, EVERY_METRIC),
        "by_offer_top_5": [offer(chosen, key) | shown(row, chosen.currency) for key, row in rows],
    }


def revenue(chosen: Selection) -> dict:
    granularity = chosen.params.get("granularity") or "day"
    included = {portion: chosen.params.get(f"include_{portion}s") is not False for portion in ("deposit", "balance")}

    def columns(figures) -> dict:
        if all(included.values()):
            return shown(figures.of(REVENUE), chosen.currency)
        # Only the portion that is shown is worked out, so only its rates are needed.
        portion = "deposit" if included["deposit"] else "balance"
        amount = figures.one(f"{portion}_revenue")
        row = figures.of(("orders", "units")) | {
            "revenue": amount,
            "deposit_revenue": 0,
            "balance_revenue": 0,
        }
        return shown(row | {f"{portion}_revenue": amount}, chosen.currency)

    return {
        "granularity": granularity,
        "include_deposits": included["deposit"],
        "include_balances": included["balance"],
        "totals": columns(chosen.totals()),
        "series": [bucket.shown() | columns(figures) for bucket, figures in chosen.series(granularity, False)],
    }


def by_date(chosen: Selection) -> dict:
    granularity = chosen.params.get("granularity") or "day"
    asked = chosen.params.get("metrics") or EVERY_METRIC
    metrics = [name for name in EVERY_METRIC if name in asked]
    with_state = any(name in STATE for name in metrics)
    return {
        "granularity": granularity,
        "metrics": metrics,
        "totals": totals(chosen, metrics),
        "series": [
            bucket.shown() | shown(figures.of(metrics), chosen.currency)
            for bucket, figures in chosen.series(granularity, with_state)
        ],
    }


REPORTS = {
    "summary": summary,
    "revenue": revenue,
    "by_offer": by_offer,
    "by_variant": by_variant,
    "by_product": by_product,
    "by_date": by_date,
    "cancellations": cancellations,
    "balance_collection": balance_collection,
    "customers": customers,
}
