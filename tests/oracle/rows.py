"""What the rows of several reports share: api.md, "Rows of a breakdown"."""

from .metrics import shown
from .selection import Selection


def current(chosen: Selection, table: str, row_id, column: str):
    """A current attribute of a row of the shop; None if the row is gone."""
    return chosen.source.by_id(table, chosen.shop_id).get(row_id, {}).get(column)


def offer(chosen: Selection, offer_id: str) -> dict:
    return {"offer_id": offer_id, "offer_name": current(chosen, "offers", offer_id, "name")}


def ranked(groups: dict, names, by: str) -> list[tuple[object, dict]]:
    """Each group with its figures, highest first, then by id. (UUIDs in lower case sort as text.)"""
    rows = [(key, figures.of(names)) for key, figures in groups.items()]
    return sorted(rows, key=lambda row: (-row[1][by], row[0]))


def some(rows: list[tuple[object, dict]]) -> list[tuple[object, dict]]:
    """Those with any figure above 0."""
    return [(key, figures) for key, figures in rows if any(value for value in figures.values())]


def totals(chosen: Selection, names) -> dict:
    return shown(chosen.totals().of(names), chosen.currency)
