"""The reports. A further one is a further entry here."""

from api.reports.blocks import HAS_ACTIVITY, Block, Column
from api.reports.parameters import (
    BY_DATE_METRICS,
    GRANULARITY,
    INCLUDE_BALANCES,
    INCLUDE_DEPOSITS,
    LINE_FILTERS,
    PAGING,
    SCOPE,
)
from api.reports.query import Shape
from api.reports.report import Report
from api.reports.scope import END, FIRST, LAST, SHOP, Grouping, scope

_SERIES = {
    "bucket": Column(
        "grouped.bucket", "date", description="First day of the day, week or month; it may lie before the window."
    ),
    "from": Column(f"greatest(grouped.bucket, {FIRST})", "date", description="First day of it inside the window."),
    "to": Column(f"least(grouped.bucket_end - 1, {LAST})", "date", description="Last day of it inside the window."),
    "partial": Column(
        f"grouped.bucket < {FIRST} or grouped.bucket_end - 1 > {LAST}",
        "boolean",
        description="Whether the window cuts it: then its numbers are those of from to to.",
    ),
}
_BUCKETS = "Every bucket of the window, also those without any event, in order of time."
_ACTIVE = "with an event in the window, or a balance that is open at its end; the highest revenue first"
_OFFER = {
    "offer_id": Column("grouped.offer_id::text", "uuid"),
    "offer_name": Column("offers.offer_name", "text", nullable=True),
}
_INSTANT = (
    "to_char({0} at time zone 'UTC', case when {0} = date_trunc('second', {0})"
    ' then \'YYYY-MM-DD"T"HH24:MI:SS"Z"\' else \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\' end)'
)
_AGES = ("no_due_date", "not_due", "1_30", "31_60", "61_90", "over_90")
_AGE = f"""
    case
        when balance_due_on is null then 'no_due_date'
        when balance_due_on >= {LAST} then 'not_due'
        when balance_due_on >= {LAST} - 30 then '1_30'
        when balance_due_on >= {LAST} - 60 then '31_60'
        when balance_due_on >= {LAST} - 90 then '61_90'
        else 'over_90'
    end
"""
_REVENUE_METRICS = ("orders", "units", "revenue", "deposit_revenue", "balance_revenue")
_CANCELLATION_METRICS = (
    "cancelled_orders",
    "cancelled_units",
    "cancelled_revenue",
    "refunds_issued",
    "refunds_count",
    "cancellation_rate",
)
_COLLECTION_METRICS = (
    "balances_outstanding",
    "lines_outstanding",
    "balances_collected",
    "balances_collected_count",
    "balances_failed",
    "balances_failed_amount",
    "collection_rate",
)


def _join_offers(_: Shape) -> str:
    return f"left join reports.dim_offers as offers on offers.shop_id = {SHOP} and offers.offer_id = grouped.offer_id"


def _join_products(_: Shape) -> str:
    return (
        f"left join reports.dim_products as products"
        f" on products.shop_id = {SHOP} and products.product_id = grouped.product_id"
    )


def _join_variants(shape: Shape) -> str:
    """Join what is attached now, sold or not; a variant's product is its current one (api.md, by_variant)."""
    wanted = [f"pairs.shop_id = {SHOP}", "pairs.offer_id = any({offer_ids:uuid[]})"]
    if "variant_id" in shape.columns_filtered:
        wanted.append("pairs.variant_id = {filters.variant_id:bigint}")
    if "product_id" in shape.columns_filtered:
        wanted.append("current.product_id = {filters.product_id:bigint}")
    return f"""
        full join (
            select pairs.offer_id, pairs.variant_id
            from reports.dim_offer_variants as pairs
            left join reports.dim_variants as current
                on current.shop_id = pairs.shop_id and current.variant_id = pairs.variant_id
            where {" and ".join(wanted)}
        ) as attached on attached.offer_id = grouped.offer_id and attached.variant_id = grouped.variant_id
        left join reports.dim_variants as variants
            on variants.shop_id = {SHOP} and variants.variant_id = coalesce(grouped.variant_id, attached.variant_id)
        left join reports.dim_products as products
            on products.shop_id = {SHOP} and products.product_id = variants.product_id
    """


def _join_ages(_: Shape) -> str:
    ages = ", ".join(f"('{age}', {position})" for position, age in enumerate(_AGES))
    return f"right join (values {ages}) as ages (age, position) on ages.age = grouped.age"


def _join_customers(shape: Shape) -> str:
    """Join names, and the first and last order over all history up to the window's end."""
    return f"""
        left join reports.dim_customers as customers
            on customers.shop_id = {SHOP} and customers.customer_id = grouped.customer_id
        left join (
            select customer_id, min(placed_at) as first_order_at, max(placed_at) as last_order_at
            from reports.fct_order_variants
            where {scope(shape, currency=False)} and placed_on < {END}
            group by customer_id
        ) as history on history.customer_id = grouped.customer_id
    """


def _portions(shape: Shape) -> dict[str, str]:
    """Leave out a portion of revenue: its column is zero and revenue is the other portion."""
    if not shape.include_deposits:
        return {"deposit_revenue": "0", "revenue": "balance_revenue"}
    if not shape.include_balances:
        return {"balance_revenue": "0", "revenue": "deposit_revenue"}
    return {}


def _any_above_zero(metrics: tuple[str, ...]) -> str:
    counted = [name for name in metrics if not name.endswith("_rate")]
    return "(" + " or ".join(f"coalesce(grouped.{name}, 0) > 0" for name in counted) + ")"


_REPORTS = (
    Report(
        name="summary",
        description="High-level overview of preorder activity over a date window.",
        aliases=("overview", "preorder summary", "totals", "payment split"),
        notes="The totals include the payment split: deposits_collected, balances_collected, balances_outstanding.",
        parameters=(*SCOPE, *LINE_FILTERS),
        blocks=(
            Block("totals"),
            Block(
                "by_offer_top_5",
                f"The five best of the offers {_ACTIVE}.",
                columns=_OFFER,
                metrics=("orders", "units", "revenue", "customers"),
                grouping=Grouping(("offer_id",)),
                joins=_join_offers,
                shown_if=HAS_ACTIVITY,
                hidden=("lines_outstanding",),
                order="coalesce(grouped.revenue, 0) desc, grouped.offer_id",
                limit=5,
            ),
        ),
        exported="totals",
    ),
    Report(
        name="revenue",
        description="Preorder revenue over a date window, bucketed by day/week/month.",
        aliases=("revenue report", "preorder revenue", "sales", "revenue by week"),
        notes="include_deposits and include_balances are echoed; at least one must be true.",
        parameters=(*SCOPE, *LINE_FILTERS, GRANULARITY, INCLUDE_DEPOSITS, INCLUDE_BALANCES),
        echoes=("granularity", "include_deposits", "include_balances"),
        blocks=(
            Block("totals", metrics=_REVENUE_METRICS, replaces=_portions),
            Block(
                "series",
                _BUCKETS,
                columns=_SERIES,
                metrics=_REVENUE_METRICS,
                grouping=Grouping(is_series=True),
                order="grouped.bucket",
                replaces=_portions,
            ),
        ),
        exported="series",
    ),
    Report(
        name="by_offer",
        description="Per-offer breakdown (orders, units, revenue, customers).",
        aliases=("offers", "offer performance", "per offer"),
        parameters=SCOPE,
        blocks=(
            Block("totals"),
            Block(
                "offers",
                f"The offers {_ACTIVE}.",
                columns=_OFFER | {"status": Column("offers.status", "text", nullable=True)},
                grouping=Grouping(("offer_id",)),
                joins=_join_offers,
                shown_if=HAS_ACTIVITY,
                order="coalesce(grouped.revenue, 0) desc, grouped.offer_id",
            ),
        ),
        exported="offers",
    ),
    Report(
        name="by_variant",
        description="Per-variant performance for a specific offer.",
        aliases=("variants", "variant performance", "per variant", "sku"),
        notes="offer_id (or offer_ids) is required. One row for each variant attached now, and each sold.",
        parameters=(*SCOPE, *LINE_FILTERS),
        needs_offers=True,
        blocks=(
            Block("totals"),
            Block(
                "variants",
                "The variants that are attached to the offers now, and those with an event in the window or an open"
                " balance, by offer_id and variant_id.",
                columns={
                    "offer_id": Column("coalesce(grouped.offer_id, attached.offer_id)::text", "uuid"),
                    "variant_id": Column("coalesce(grouped.variant_id, attached.variant_id)", "integer"),
                    "variant_title": Column("variants.variant_title", "text", nullable=True),
                    "sku": Column("variants.sku", "text", nullable=True),
                    "product_id": Column("variants.product_id", "integer", nullable=True),
                    "product_title": Column("products.product_title", "text", nullable=True),
                },
                grouping=Grouping(("offer_id", "variant_id")),
                joins=_join_variants,
                shown_if=f"(attached.offer_id is not null or {HAS_ACTIVITY})",
                order=(
                    "coalesce(grouped.offer_id, attached.offer_id), coalesce(grouped.variant_id, attached.variant_id)"
                ),
            ),
        ),
        exported="variants",
    ),
    Report(
        name="by_product",
        description="Per-product performance, rolled up across variants.",
        aliases=("products", "product performance", "per product"),
        parameters=(*SCOPE, *LINE_FILTERS),
        blocks=(
            Block("totals"),
            Block(
                "products",
                f"The products {_ACTIVE}.",
                columns={
                    "product_id": Column("grouped.product_id", "integer"),
                    "product_title": Column("products.product_title", "text", nullable=True),
                },
                grouping=Grouping(("product_id",)),
                joins=_join_products,
                shown_if=HAS_ACTIVITY,
                order="coalesce(grouped.revenue, 0) desc, grouped.product_id",
            ),
        ),
        exported="products",
    ),
    Report(
        name="by_date",
        description="Time-series of every preorder metric at the chosen granularity.",
        aliases=("time series", "trend", "daily", "weekly", "monthly"),
        parameters=(*SCOPE, *LINE_FILTERS, GRANULARITY, BY_DATE_METRICS),
        echoes=("granularity", "metrics"),
        blocks=(
            Block("totals"),
            Block("series", _BUCKETS, columns=_SERIES, grouping=Grouping(is_series=True), order="grouped.bucket"),
        ),
        exported="series",
    ),
    Report(
        name="cancellations",
        description="Preorder cancellation metrics with reason + per-offer breakdowns.",
        aliases=("cancels", "cancellation reasons", "refunds"),
        notes="Orders without a cancel_reason appear under the reason `unknown`.",
        parameters=SCOPE,
        blocks=(
            Block("totals", metrics=_CANCELLATION_METRICS),
            Block(
                "by_reason",
                "The reasons of cancellations in the window, the highest cancelled_revenue first.",
                columns={"reason": Column("grouped.cancel_reason", "text", description="As given; else `unknown`.")},
                metrics=("cancelled_orders", "cancelled_units", "cancelled_revenue"),
                grouping=Grouping(("cancel_reason",)),
                shown_if=_any_above_zero(("cancelled_orders", "cancelled_units", "cancelled_revenue")),
                order='coalesce(grouped.cancelled_revenue, 0) desc, grouped.cancel_reason collate "C"',
            ),
            Block(
                "by_offer",
                "The offers with a cancellation or refund in the window, the highest cancelled_revenue first.",
                columns=_OFFER,
                metrics=_CANCELLATION_METRICS,
                grouping=Grouping(("offer_id",)),
                joins=_join_offers,
                shown_if=_any_above_zero(_CANCELLATION_METRICS),
                order="coalesce(grouped.cancelled_revenue, 0) desc, grouped.offer_id",
            ),
        ),
        exported="by_reason",
    ),
    Report(
        name="balance_collection",
        description="Outstanding preorder balances and balance-collection performance.",
        aliases=("balances", "outstanding", "collections", "aging"),
        notes="balances_outstanding is a state at the end of `to`; never sum it over days.",
        parameters=SCOPE,
        blocks=(
            Block("totals", metrics=_COLLECTION_METRICS),
            Block(
                "by_offer",
                "The offers with an open balance, or one collected or tried in the window; the highest"
                " balances_outstanding first.",
                columns=_OFFER,
                metrics=_COLLECTION_METRICS,
                grouping=Grouping(("offer_id",)),
                joins=_join_offers,
                shown_if=_any_above_zero(_COLLECTION_METRICS),
                order="coalesce(grouped.balances_outstanding, 0) desc, grouped.offer_id",
            ),
            Block(
                "aging",
                "Every age, also those without an open balance.",
                columns={
                    "bucket": Column(
                        "ages.age",
                        "label",
                        description="Days by which the balance is overdue at the window's end; one that is due that"
                        " day or later is `not_due`.",
                        values=_AGES,
                    )
                },
                metrics=("balances_outstanding", "lines_outstanding"),
                grouping=Grouping(("age",), expression=_AGE, expression_of="balance_due_on"),
                joins=_join_ages,
                order="ages.position",
            ),
        ),
        exported="by_offer",
    ),
    Report(
        name="customers",
        description="Paginated list of customers with preorder activity in the window.",
        aliases=("buyers", "customer list", "preorder customers"),
        parameters=(*SCOPE, *PAGING),
        blocks=(
            Block(
                "customers",
                "A page of the customers with an event in the window, the highest revenue first.",
                columns={
                    "customer_id": Column("grouped.customer_id", "integer"),
                    "email": Column("customers.email", "text", nullable=True, is_personal=True),
                    "name": Column("customers.customer_name", "text", nullable=True, is_personal=True),
                },
                metrics=(
                    "orders",
                    "units",
                    "revenue",
                    "deposits_collected",
                    "balances_collected",
                    "balances_outstanding",
                    "refunds_issued",
                ),
                trailing_columns={
                    "first_order_at": Column(
                        _INSTANT.format("history.first_order_at"),
                        "instant",
                        nullable=True,
                        description="Of all history up to the window's end.",
                    ),
                    "last_order_at": Column(
                        _INSTANT.format("history.last_order_at"),
                        "instant",
                        nullable=True,
                        description="Of all history up to the window's end.",
                    ),
                },
                grouping=Grouping(("customer_id",)),
                joins=_join_customers,
                shown_if="grouped.events > 0",
                order="coalesce(grouped.revenue, 0) desc, grouped.customer_id",
                order_metrics=("revenue",),
                paged=True,
            ),
        ),
        exported="customers",
    ),
)

REPORTS = {report.name: report for report in _REPORTS}
