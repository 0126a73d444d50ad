"""Checks on what is published, every few minutes: is it new enough, and is anything missing from it."""

from typing import Any

import dagster as dg
import psycopg

from orchestration.check_results import ROWS_SHOWN, WARN, as_markdown, check_result, graded
from orchestration.rollups.build_lock import publisher_dsn
from orchestration.rollups.published_reports import published_reports

# Builds come every 15 minutes and take some: one that is late is a warning, two that failed are an error.
_LATE_MINUTES, _TOO_LATE_MINUTES = 30, 60
# Reconciliation comes every night: one that was missed is a warning, two are an error.
_RECONCILED_HOURS, _LONG_RECONCILED_HOURS = 26, 50
_MOST_UNKNOWN = 0.5


@dg.asset_check(asset=published_reports, name="up_to_date")
def up_to_date() -> dg.AssetCheckResult:
    """The newest numbers cover the source up to less than 30 minutes ago; from 60 on it is an error.

    If red: look at the last runs of build_rollups. Failed: its log names the model. None: start the schedule
    build_every_15_minutes and the daemon. One that hangs: terminate it and launch build_rollups.
    """
    found = _rows(
        "select extract(epoch from now() - max(as_of))::float / 60, max(as_of) from reports.shop_builds"
        " having count(*) > 0"
    )
    if not found:
        return check_result("nothing is published yet", to_do="launch build_rollups", severity=WARN, metadata={})
    [(age, as_of)] = found
    minutes = round(age, 1)
    return check_result(
        f"the newest numbers cover the source up to {minutes:.0f} minutes ago",
        to_do="look at the last runs of build_rollups: mend what failed, or terminate one that hangs, and launch it;"
        " if there are none, start the schedule build_every_15_minutes and see that the daemon runs",
        severity=graded(minutes, warn_above=_LATE_MINUTES, error_above=_TOO_LATE_MINUTES),
        metadata={"minutes": minutes, "as_of": dg.MetadataValue.timestamp(as_of)},
    )


@dg.asset_check(asset=published_reports, name="reconciled")
def reconciled() -> dg.AssetCheckResult:
    """Every shop's numbers equalled the source within the last 26 hours; from 50 on it is an error.

    If red: look at the last run of reconcile_rollups, and launch it. Shops that it holds back are in the check audited.
    A shop that was not there last night is left out until it has been reconciled once.
    """
    rows = _rows(
        """
        select
            shops.shop_name,
            extract(epoch from now() - coalesce(served.reconciled_at, first.built_at))::float / 3600 as hours
        from reports.shop_builds as served
        join reports.dim_shops as shops on shops.shop_id = served.shop_id
        cross join (select min(built_at) as built_at from reports.builds) as first
        where
            served.reconciled_at is not null
            or not exists (select from reports.shop_builds where reconciled_at is not null)
        order by 2 desc, 1
        """
    )
    hours = round(rows[0][1], 1) if rows else 0.0
    return check_result(
        f"the longest ago that a shop equalled the source is {hours:.0f} hours" + (f", {rows[0][0]}" if rows else ""),
        to_do="look why the last run of reconcile_rollups failed or left out these shops, and launch it",
        severity=graded(hours, warn_above=_RECONCILED_HOURS, error_above=_LONG_RECONCILED_HOURS),
        metadata={
            "hours": hours,
            "shops": as_markdown(("shop", "hours"), [(name, round(age, 1)) for name, age in rows[:ROWS_SHOWN]]),
        },
    )


@dg.asset_check(asset=published_reports, name="rates_there")
def rates_there() -> dg.AssetCheckResult:
    """Every published amount has the exchange rate that it needs.

    If red: reports in the currencies named answer 503 for windows that hold such a day. Launch load_fx_rates, or
    load the rate of that day, or one at most 7 days older, into app.fx_rates; the next build converts the amounts.
    """
    rows = _rows(
        """
        select
            missing.currency,
            missing.order_currency,
            missing.rate_on::text,
            string_agg(distinct shops.shop_name, ', ' order by shops.shop_name)
        from reports.fct_missing_rates as missing
        join reports.dim_shops as shops on shops.shop_id = missing.shop_id
        group by missing.currency, missing.order_currency, missing.rate_on
        order by missing.rate_on desc, missing.currency, missing.order_currency
        """
    )
    return check_result(
        f"{len(rows)} days and pairs of currencies lack an exchange rate"
        + (f", the latest {rows[0][2]} from {rows[0][1]} to {rows[0][0]} in {rows[0][3]}" if rows else ""),
        to_do="launch load_fx_rates with history (if PREORDERS_FX_RATES_URL is set), or load rates of these days, or of"
        " at most 7 days before, into app.fx_rates; then the next build converts the amounts",
        severity=WARN if rows else None,
        metadata={
            "missing": len(rows),
            "rates": as_markdown(("to", "from", "day", "shops"), rows[:ROWS_SHOWN]),
        },
    )


@dg.asset_check(asset=published_reports, name="cancel_reasons_known")
def cancel_reasons_known() -> dg.AssetCheckResult:
    """At most half of the units cancelled since the month before last have no known reason.

    If red: the report cancellations says little for the shops listed. Ask the application's team why
    orders.cancel_reason stays empty; the reason of a past order can be set later, and the next build shows it.
    """
    rows = _rows(
        """
        select
            shops.shop_name,
            sum(cells.cancelled_units) filter (where cells.cancel_reason = 'unknown') as unknown_units,
            sum(cells.cancelled_units) as cancelled_units
        from reports.rollup_cancellations_monthly as cells
        join reports.dim_shops as shops on shops.shop_id = cells.shop_id and shops.currency = cells.currency
        where cells.starts_on >= date_trunc('month', now() - interval '2 months')
        group by shops.shop_id, shops.shop_name
        having sum(cells.cancelled_units) > 0
        order by 2 desc nulls last, 1
        """
    )
    unknown, cancelled = (sum(row[position] or 0 for row in rows) for position in (1, 2))
    share = float(unknown / cancelled) if cancelled else 0.0
    return check_result(
        f"{share:.0%} of {cancelled} units were cancelled without a known reason",
        to_do="ask the application's team why orders.cancel_reason stays empty in the shops listed",
        severity=WARN if share > _MOST_UNKNOWN else None,
        metadata={
            "share_unknown": round(share, 4),
            "shops": as_markdown(("shop", "unknown", "cancelled"), rows[:ROWS_SHOWN]),
        },
    )


def _rows(query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
        if connection.execute("select to_regclass('reports.builds')").fetchone() == (None,):
            return []
        return connection.execute(query.encode()).fetchall()
