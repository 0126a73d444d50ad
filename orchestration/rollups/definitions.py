"""What Dagster loads as the code location `rollups`."""

import warnings
from pathlib import Path

import dagster as dg

from orchestration.alerts import alerts
from orchestration.rollups.build_lock import BuildLock
from orchestration.rollups.dbt_models import PROJECT_TIMES, dbt_models
from orchestration.rollups.dbt_runs import keep_parsed
from orchestration.rollups.fx_rates import load_fx_rates, load_fx_rates_every_business_day, load_fx_rates_job
from orchestration.rollups.history import remove_old_history, remove_old_history_every_morning
from orchestration.rollups.jobs import (
    build_every_15_minutes,
    build_rollups,
    check_rollups,
    check_rollups_every_15_minutes,
    full_refresh,
    rebuild_orders,
    reconcile_every_night,
    reconcile_rollups,
)
from orchestration.rollups.published_checks import cancel_reasons_known, rates_there, reconciled, up_to_date
from orchestration.rollups.published_reports import published_reports
from orchestration.rollups.reconciled_reports import equals_source
from orchestration.rollups.redact_customer import redact_customer
from orchestration.rollups.report_exposures import REPORT_ASSETS
from orchestration.rollups.source_freshness import sources_fresh

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)  # or the log of each process would begin with it
    _ASSETS = dg.with_source_code_references([load_fx_rates, dbt_models, published_reports])

defs = dg.Definitions(
    assets=[*_ASSETS, *REPORT_ASSETS],
    asset_checks=[equals_source, sources_fresh, up_to_date, reconciled, rates_there, cancel_reasons_known],
    jobs=[
        build_rollups,
        check_rollups,
        reconcile_rollups,
        rebuild_orders,
        full_refresh,
        load_fx_rates_job,
        redact_customer,
        remove_old_history,
    ],
    schedules=[
        build_every_15_minutes,
        reconcile_every_night,
        check_rollups_every_15_minutes,
        load_fx_rates_every_business_day,
        remove_old_history_every_morning,
    ],
    sensors=[alerts],
    resources={"build_lock": BuildLock()},
)


def preload() -> dict[Path, float]:
    """Parse the dbt project once for all runs; return the times of its files."""
    keep_parsed()
    return PROJECT_TIMES
