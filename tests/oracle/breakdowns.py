"""The reports by_offer, by_product, by_variant and customers: api.md, section "Reads"."""

from .metrics import EVERY_METRIC, shown
from .rows import current, offer, ranked, totals
from .selection import Selection
from .windows import instant

CUSTOMER = (
    "orders",
    "units",
    "revenue",
    "deposits_collected",
    "balances_collected",
    "balances_outstanding",
    "refunds_issued",
)


def by_offer(chosen: Selection) -> dict:
    rows = ranked(chosen.groups(lambda line: line.offer_id), EVERY_METRIC, "revenue")
    return {
        "totals": totals(chosen, EVERY_METRIC),
        "offers": [
            offer(chosen, key) | {"status": current(chosen, "offers", key, "status")} | shown(row, chosen.currency)
            for key, row in rows
        ],
    }


def by_product(chosen: Selection) -> dict:
    rows = ranked(chosen.groups(lambda line: line.product_id), EVERY_METRIC, "revenue")
    return {
        "totals": totals(chosen, EVERY_METRIC),
        "products": [
            {"product_id": key, "product_title": current(chosen, "products", key, "title")}
            | shown(row, chosen.currency)
            for key, row in rows
        ],
    }


def by_variant(chosen: Selection) -> dict:
    groups = chosen.groups(lambda line: (line.offer_id, line.variant_id))
    for attached in chosen.source.rows("offer_variants", chosen.shop_id):
        pair = (attached["offer_id"], attached["variant_id"])
        if attached["detached_at"] is None and pair not in groups and _wants_zeros(chosen, *pair):
            groups[pair] = chosen.nothing()
    rows = []
    for (offer_id, variant_id), figures in sorted(groups.items(), key=lambda item: item[0]):
        product_id = current(chosen, "variants", variant_id, "product_id")
        row = {
            "offer_id": offer_id,
            "variant_id": variant_id,
            "variant_title": current(chosen, "variants", variant_id, "title"),
            "sku": current(chosen, "variants", variant_id, "sku"),
            "product_id": product_id,
            "product_title": current(chosen, "products", product_id, "title"),
        }
        rows.append(row | shown(figures.of(EVERY_METRIC), chosen.currency))
    return {"totals": totals(chosen, EVERY_METRIC), "variants": rows}


def _wants_zeros(chosen: Selection, offer_id: str, variant_id: int) -> bool:
    """`product_id` narrows the rows without events by the variant's current product."""
    product_id = current(chosen, "variants", variant_id, "product_id")
    return (
        chosen.in_scope(offer_id)
        and chosen.params.get("variant_id") in (None, variant_id)
        and chosen.params.get("product_id") in (None, product_id)
    )


def customers(chosen: Selection) -> dict:
    # An order without a customer is in no row; an open line alone makes no row here.
    active = {event.line.customer_id for event in chosen.events} - {None}
    groups = chosen.groups(lambda line: line.customer_id)
    rows = ranked({key: groups[key] for key in active}, CUSTOMER, "revenue")
    placed: dict[int, list] = {key: [] for key in active}
    for line in chosen.lines():
        if line.customer_id in active and line.placed_day <= chosen.last:
            placed[line.customer_id].append(line.placed_at)
    page, per_page = chosen.params.get("page") or 1, chosen.params.get("per_page") or 50
    return {
        "customers": [
            _customer(chosen, key)
            | shown(row, chosen.currency)
            | {
                "first_order_at": instant(min(placed[key], default=None)),
                "last_order_at": instant(max(placed[key], default=None)),
            }
            for key, row in rows[(page - 1) * per_page : page * per_page]
        ],
        "meta": {
            "total_count": len(rows),
            "page": page,
            "per_page": per_page,
            "total_pages": -(-len(rows) // per_page),
        },
    }


def _customer(chosen: Selection, customer_id: int) -> dict:
    """Once redacted, neither name nor e-mail is shown."""
    hidden = current(chosen, "customers", customer_id, "redacted_at") is not None
    email, name = (
        None if hidden else current(chosen, "customers", customer_id, column) for column in ("email", "name")
    )
    return {"customer_id": customer_id, "email": email, "name": name}
