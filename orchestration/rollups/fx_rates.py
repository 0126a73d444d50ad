"""The asset `preorders/fx_rates`: the European Central Bank's reference rates, loaded into the application's table.

Nothing is ever deleted: a rate that the bank has withdrawn is corrected by a new one. A build compares rates by value,
so what is loaded or corrected here is in the reports of the next build.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import httpx
import psycopg
from pydantic import Field

from orchestration.rollups.build_lock import publisher_dsn
from orchestration.rollups.fx_rates_file import DAILY_FILE, HISTORY_FILE, Rate, read_daily, read_history
from orchestration.settings import optional, required

_TIMEOUT_SECONDS = 60
# Without anything in the ledger yet; else from the first month with an entry on, and what is carried into it.
_FIRST_DAYS, _CARRIED_DAYS = 90, 10
_EARLIEST = date(1999, 1, 4)  # the bank's first rates


class RatesConfig(dg.Config):
    """Which file to load."""

    history: bool = Field(default=False, description="Load all days, though none is missing: finds older corrections.")


@dataclass(frozen=True)
class Loaded:
    """What a load changed: numbers of rates."""

    read: int
    added: int
    corrected: int


@dg.asset(
    key=["preorders", "fx_rates"],
    group_name="source",
    owners=["team:data"],
    kinds={"http", "postgres"},
    description="Units of a currency for 1 EUR: the European Central Bank's daily reference rates, if"
    " PREORDERS_FX_RATES_URL names the folder of its files; else whoever else loads app.fx_rates.",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL),
)
def load_fx_rates(context: dg.AssetExecutionContext, config: RatesConfig) -> dg.MaterializeResult[None]:
    """Load the last day, and the history too if a business day between is missing."""
    with psycopg.connect(required("PREORDERS_FX_RATES_DSN")) as connection:
        rates = list(read_daily(_fetch(DAILY_FILE)))
        day = max(rate.day for rate in rates)
        # a date of the future, or infinity, says nothing of the days before
        known = connection.execute(
            "select max(rate_date) from app.fx_rates where rate_date between %s and %s", (_EARLIEST, day)
        ).fetchone()
        latest: date | None = known[0] if known else None
        has_gap = latest is None or _business_days(latest, day) > 1
        if has_gap or config.history:
            context.log.info(f"the history is loaded: before {day} the last rates are of {latest}")
            since = first_day_needed(day)
            loaded = load(connection, _from(rates, read_history(_fetch(HISTORY_FILE)), since))
        else:
            loaded = load(connection, rates)
    context.log.info(f"{day}: {loaded.added} rates are new, {loaded.corrected} corrected")
    return dg.MaterializeResult(
        metadata={
            "latest_day": day.isoformat(),
            "rates_read": loaded.read,
            "rates_added": loaded.added,
            "rates_corrected": loaded.corrected,
        }
    )


def load(connection: psycopg.Connection, rates: Iterable[Rate]) -> Loaded:
    """Write the rates that are new or differ, in the connection's transaction."""
    connection.execute("create temporary table rates_read (day date, currency char(3), per_eur numeric) on commit drop")
    read = 0
    with connection.cursor() as cursor, cursor.copy("copy rates_read from stdin") as copy:
        for rate in rates:
            copy.write_row((rate.day, rate.currency, rate.per_eur))
            read += 1
    row = connection.execute(
        """
        with written as (
            insert into app.fx_rates as kept (rate_date, currency, per_eur, updated_at)
            select distinct on (day, currency) day, currency, per_eur, now() from rates_read
            on conflict (rate_date, currency) do update set per_eur = excluded.per_eur, updated_at = now()
            where kept.per_eur <> excluded.per_eur
            returning xmax = 0 as is_new
        )
        select count(*) filter (where is_new), count(*) filter (where not is_new) from written
        """
    ).fetchone()
    assert row is not None
    return Loaded(read, *row)


def _fetch(file: str) -> bytes:
    folder = optional("PREORDERS_FX_RATES_URL")
    if folder is None:
        raise dg.Failure(
            "PREORDERS_FX_RATES_URL is not set: set it to the folder of the bank's files and start the stack again, or"
            " load the rates into app.fx_rates by other means",
            allow_retries=False,
        )
    address = f"{folder.rstrip('/')}/{file}"
    return httpx.get(address, timeout=_TIMEOUT_SECONDS, follow_redirects=True).raise_for_status().content


def _from(rates: list[Rate], history: Iterator[Rate], since: date) -> Iterator[Rate]:
    yield from rates
    yield from (rate for rate in history if rate.day >= since)


def first_day_needed(today: date) -> date:
    """Return the first day whose rate a build may use."""
    with psycopg.connect(publisher_dsn()) as connection:
        if connection.execute("select to_regclass('analytics.rollup_variants_monthly')").fetchone() == (None,):
            return today - timedelta(days=_FIRST_DAYS)
        # an event may be dated before them, as a zero timestamp is, and before the first day that Python knows
        first: date
        [(first,)] = connection.execute(
            "select greatest(min(starts_on), %s) from analytics.rollup_variants_monthly having count(*) > 0",
            [_EARLIEST],
        ).fetchall() or [(today - timedelta(days=_FIRST_DAYS),)]
    return first - timedelta(days=_CARRIED_DAYS)


def _business_days(after: date, until: date) -> int:
    """Count the days from Monday to Friday after one day until another."""
    return sum((after + timedelta(days=number)).weekday() < 5 for number in range(1, (until - after).days + 1))


load_fx_rates_job = dg.define_asset_job(
    "load_fx_rates",
    selection=dg.AssetSelection.assets(load_fx_rates).without_checks(),
    description="Load the European Central Bank's reference rates; with history, all days again.",
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": "900"},
)


@dg.schedule(
    job=load_fx_rates_job,
    description=load_fx_rates_job.description,
    # published at about 16:00; again later for one that is late, and in the morning
    cron_schedule=["30 16,18,21 * * 1-5", "30 8 * * 1-6"],
    execution_timezone="Europe/Berlin",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def load_fx_rates_every_business_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Load the rates, if it is known where they are."""
    if optional("PREORDERS_FX_RATES_URL") is None:
        return dg.SkipReason("PREORDERS_FX_RATES_URL is not set: exchange rates come from elsewhere")
    return dg.RunRequest()
