"""Amounts that no exchange rate converts: a report that would show one refuses (spec: metrics.md, Money)."""

from collections.abc import Sequence

from api.reports.blocks import Block
from api.reports.query import Shape
from api.reports.scope import END, FIRST, scope


class MissingRate(Exception):
    """The report shows an amount that depends on an exchange rate that isn't there."""

    def __init__(self, currency: str, order_currency: str, day: str) -> None:
        """Say it for the currency asked for, that of the order, and the first day without a rate, as text."""
        super().__init__(
            f"currency {currency} cannot be shown: there is no exchange rate from"
            f" {order_currency} to {currency} for {day}, nor from the 7 days before"
        )


def missing_rate_statement(blocks: Sequence[Block], shape: Shape) -> str | None:
    """Return SQL for the first missing rate (`order_currency`, `rate_on`) that the blocks depend on.

    None if the blocks show no amount. An outstanding balance depends on a rate only while the line is open.
    """
    amounts = [shape.metrics.by_name[name] for name in set().union(*(block.amounts_shown(shape) for block in blocks))]
    flows = sorted(metric.name for metric in amounts if metric.kind == "additive")
    states = sorted(metric.name for metric in amounts if metric.kind == "state")
    if not flows and not states:
        return None
    missing = []
    conditions = f"from reports.fct_missing_rates as missing where {scope(shape, 'missing.')}"
    if all("customer_id" in block.grouping.dimensions for block in blocks):
        conditions += f" and {_customer_is_listed(shape)}"
    if flows:
        missing.append(
            f"select missing.rate_on, missing.order_currency {conditions} and missing.metric in ({_texts(flows)})"
            f" and missing.starts_on >= {FIRST} and missing.starts_on < {END}"
        )
    if states:
        missing.append(
            f"select open.rate_on, open.order_currency from ({_bucket_ends(blocks, shape)}) as ends (day)"
            f" cross join lateral (select missing.rate_on, missing.order_currency {conditions}"
            f" and missing.metric in ({_texts(states)}) and missing.starts_on < ends.day"
            " group by missing.rate_on, missing.order_currency having sum(missing.lines_outstanding) > 0) as open"
        )
    return f"{' union all '.join(missing)} order by rate_on, order_currency limit 1"


def _texts(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _bucket_ends(blocks: Sequence[Block], shape: Shape) -> str:
    """Return SQL for the days after those whose state is shown: the window's end, and each bucket's."""
    if not any(block.grouping.is_series for block in blocks):
        return f"select {END}"
    period = shape.granularity
    return (
        f"select least(start + interval '1 {period}', {END}::timestamp)::date from generate_series("
        f"date_trunc('{period}', {FIRST}::timestamp), {END}::timestamp - interval '1 day',"
        f" interval '1 {period}') as start"
    )


def _customer_is_listed(shape: Shape) -> str:
    """Return a condition: the customer has an event in the window, without which no row shows them."""
    return (
        "exists (select from reports.rollup_customers_daily as listed where"
        f" {scope(shape, 'listed.')} and listed.customer_id = missing.customer_id"
        f" and listed.starts_on >= {FIRST} and listed.starts_on < {END} and listed.events > 0)"
    )
