"""The reports cancellations and balance_collection: api.md, section "Reads"."""

from datetime import date

from .metrics import STATE, shown
from .rows import offer, ranked, some, totals
from .selection import Selection

BY_REASON = ("cancelled_orders", "cancelled_units", "cancelled_revenue")
CANCELLATIONS = (*BY_REASON, "refunds_issued", "refunds_count", "cancellation_rate")
COLLECTION = (
    *STATE,
    "balances_collected",
    "balances_collected_count",
    "balances_failed",
    "balances_failed_amount",
    "collection_rate",
)
AGING = ("no_due_date", "not_due", "1_30", "31_60", "61_90", "over_90")


def cancellations(chosen: Selection) -> dict:
    reasons = ranked(
        # In byte order, which is that of the UTF-8 bytes.
        chosen.groups(lambda line: line.cancel_reason.encode()),
        BY_REASON,
        "cancelled_revenue",
    )
    offers = ranked(chosen.groups(lambda line: line.offer_id), CANCELLATIONS, "cancelled_revenue")
    return {
        "totals": totals(chosen, CANCELLATIONS),
        "by_reason": [{"reason": key.decode()} | shown(row, chosen.currency) for key, row in some(reasons)],
        "by_offer": [offer(chosen, key) | shown(row, chosen.currency) for key, row in some(offers)],
    }


def balance_collection(chosen: Selection) -> dict:
    offers = ranked(chosen.groups(lambda line: line.offer_id), COLLECTION, "balances_outstanding")
    ages = chosen.groups(lambda line: _age(line.due_on, chosen.last))
    return {
        "totals": totals(chosen, COLLECTION),
        "by_offer": [offer(chosen, key) | shown(row, chosen.currency) for key, row in some(offers)],
        "aging": [{"bucket": age} | shown(ages.get(age, chosen.nothing()).of(STATE), chosen.currency) for age in AGING],
    }


def _age(due_on: date | None, day: date) -> str:
    if due_on is None:
        return "no_due_date"
    overdue = (day - due_on).days
    if overdue <= 0:
        return "not_due"
    return next((age for limit, age in ((30, "1_30"), (60, "31_60"), (90, "61_90")) if overdue <= limit), "over_90")
