"""The recipes for metrics, dimensions and reports, followed in a copy of the project: no more has to change."""

import asyncio
import csv
import io
import json
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import asyncpg
import dagster as dg
import psycopg
import pytest
from conftest import ROOT
from engine.test_readers import Reader
from engine.under_test import BuildFailed, Engine

from api.exports.attempts import Attempt
from api.reports import rollups
from api.reports.answer import answer
from api.reports.blocks import Block, Column
from api.reports.contract import check
from api.reports.parameters import SCOPE
from api.reports.report import Report
from api.reports.rollups import Rollup
from api.reports.scope import Grouping
from orchestration.exports.export_file import write_file
from orchestration.rollups.removed_metrics import check_metrics, metric_names, removed_metrics
from orchestration.rollups.serving_columns import prepare_columns

DEFINITION = """\
          - name: units_refunded
            kind: additive
            unit: count
            adds_over: [days, lines]
            formula: sum of the quantities of the lines refunded
            date_rule: *refunded
            description: Quantity of the lines of which something was refunded.
"""
LEDGER_COLUMN = "    case when entry = 'refunded' then quantity else 0 end as units_refunded,\n"
COLUMN = '{name: units_refunded, data_type: %s, description: "Quantity of the lines refunded.", config: *sums%s}'
BEFORE_IN_SQL = "    case when entry = 'refunded' then amount_converted else 0 end as refunds_issued_minor,\n"


@pytest.fixture
def copied(engine: Engine, tmp_path: Path) -> Engine:
    """An engine that builds a copy of the project."""
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    engine.build_and_publish()
    return Engine(engine.stack, tmp_path / "dbt_project")


def add_metric(project: Path) -> None:
    """Edit as CONTRIBUTING.md tells."""
    edit(project / "models/ledger/fct_ledger.sql", BEFORE_IN_SQL, BEFORE_IN_SQL + LEDGER_COLUMN)
    ledger = project / "models/ledger/_ledger.yml"
    edit(
        ledger,
        "      - {name: refunds_issued_minor",
        f"      - {COLUMN % ('integer', '')}\n      - {{name: refunds_issued_minor",
    )
    metrics = project / "models/metrics/_metrics.yml"
    edit(metrics, "          - name: refunds_count\n", DEFINITION + "          - name: refunds_count\n")
    rollups = project / "models/rollups/_rollups.yml"
    anchor = COLUMN % ("bigint", ", constraints: [{type: not_null}]")
    edit(rollups, "  - &units {name: units,", f"  - &units_refunded {anchor}\n  - &units {{name: units,")
    edit(rollups, "      - *refunds_count\n", "      - *refunds_count\n      - *units_refunded\n")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{old!r} is not in {file.name}: the recipe is out of date"
    file.write_text(text.replace(old, new))


def test_an_additive_metric_is_an_edit_of_the_dbt_project_alone(copied: Engine, engine: Engine) -> None:
    add_metric(copied.project)
    with pytest.raises(BuildFailed, match="full"):
        copied.build()
    copied.build("--full-refresh")
    publish_while_read(copied)

    copied.await_replica()
    client = copied.stack.client("shop-0.example")
    window = {"from": "2024-08-01", "to": "2025-08-01", "currency": "USD"}
    offers = [row["offer_id"] for row in client.get("/by_offer", params=window).raise_for_status().json()["offers"]]
    scoped = {**window, "offer_ids": ",".join(offers)}
    with copied.stack.primary() as connection:
        row = connection.execute(
            """
            select sum(lines.quantity)
            from app.refunds
            join app.order_lines as lines on refunds.order_line_id = lines.id
            join app.orders on lines.order_id = orders.id
            where
                orders.shop_id = (select id from app.shops where domain = 'shop-0.example')
                and not orders.test and orders.deleted_at is null
                and (refunds.refunded_at at time zone 'America/New_York')::date between '2024-08-01' and '2025-08-01'
            """
        ).fetchone()
    assert row is not None and row[0] > 0
    total = int(row[0])

    assert client.get("/summary", params=window).json()["totals"]["units_refunded"] == total
    for report, rows in (("by_date", "series"), ("by_offer", "offers"), ("by_product", "products")):
        body = client.get(f"/{report}", params=window).raise_for_status().json()
        assert sum(one["units_refunded"] for one in body[rows]) == body["totals"]["units_refunded"] == total
    variants = client.get("/by_variant", params=scoped).raise_for_status().json()
    assert sum(one["units_refunded"] for one in variants["variants"]) == total
    chosen = client.get("/by_date", params={**window, "metrics": "units_refunded"}).raise_for_status().json()
    assert chosen["totals"] == {"units_refunded": total}
    assert "units_refunded" in client.get("/help").text
    assert "units_refunded" in client.get(copied.stack.environment["PREORDERS_API_URL"] + "/openapi.json").text

    exported = read_csv(copied, "by_date", {**window, "granularity": "month"})
    assert sum(int(row["units_refunded"]) for row in exported) == total

    # taking it out again is refused, until it is declared
    manifest = engine.parsed().to_dict()
    with engine.stack.primary() as connection, pytest.raises(dg.Failure, match=r"units_refunded.*removed_metrics"):
        check_metrics(connection, metric_names(manifest), removed_metrics(manifest))
    engine.build("--full-refresh")
    with pytest.raises(RuntimeError, match="no longer has units_refunded"):
        engine.publish()
    fresh = Engine(engine.stack, copied.project)
    shutil.rmtree(copied.project)
    shutil.copytree(ROOT / "dbt_project", copied.project, ignore=shutil.ignore_patterns("target", "logs"))
    declare_removed(copied.project)
    assert fresh.build_and_publish("--full-refresh").failures == []
    fresh.await_replica()
    assert "units_refunded" not in client.get("/help").text
    assert "units_refunded" not in client.get("/summary", params=window).json()["totals"]


def publish_while_read(engine: Engine) -> None:
    """Publish a new column while the replica is read, and while a long transaction reads the table on the primary."""
    stop = threading.Event()
    reader = Reader(engine, stop)
    reader.start()
    with engine.stack.primary() as first, engine.stack.primary() as second:
        first.execute("select from reports.rollup_variants_daily limit 1")
        threading.Timer(1.5, first.commit).start()  # longer than one attempt waits for the lock
        with psycopg.connect(engine.stack.environment["PREORDERS_PUBLISHER_DSN"], autocommit=True) as publisher:
            prepare_columns(publisher, engine.models, ())
        # now that the column is there, nothing waits for a reader
        second.execute("set idle_in_transaction_session_timeout = '60s'")
        second.execute("select from reports.rollup_variants_daily limit 1")
        assert engine.publish().failures == []
        second.execute("select from reports.rollup_variants_daily limit 1")
    engine.await_replica()
    stop.set()
    reader.join(10)
    assert reader.wrong == [] and reader.reads > 0


def read_csv(engine: Engine, report: str, parameters: dict[str, str]) -> list[dict[str, str]]:
    """Write an export of the first shop as its run does, into memory; return its rows."""
    content = io.BytesIO()
    writer = SimpleNamespace(write=AsyncMock(side_effect=content.write), finish=AsyncMock())
    with engine.stack.primary() as connection:
        row = connection.execute("select id from app.shops where domain = 'shop-0.example'").fetchone()
    assert row is not None
    attempt = Attempt("exp_0", row[0], report, parameters, "csv", "by_date.csv", 1, UUID(int=0))
    with engine.settings():
        asyncio.run(write_file(attempt, writer, lambda *_: None))
    return list(csv.DictReader(io.StringIO(content.getvalue().decode())))


def declare_removed(project: Path) -> None:
    metrics = project / "models/metrics/_metrics.yml"
    edit(metrics, "        metrics:\n", "        removed_metrics: [units_refunded]\n        metrics:\n")


ROLLUP = "{{ rollup('day', ['offer_id', 'order_currency'], ['units', 'revenue']) }}\n"
ROLLUP_YML = """\
  - name: rollup_currencies_daily
    description: Sums by the currency of the order. One row per shop, currency, local day, offer and order currency.
    config:
      meta:
        grain: [shop_id, currency, starts_on, offer_id, order_currency]
        period: day
    columns:
      - *shop_id
      - *currency
      - *starts_on
      - *offer_id
      - {name: order_currency, data_type: text, description: "Currency of the order.", constraints: [{type: not_null}]}
      - *units
      - *revenue_minor
      - *events
      - *entries
"""


@pytest.mark.long
def test_an_edit_of_the_currencies_is_refused_until_all_is_made_anew(copied: Engine) -> None:
    edit(copied.project / "seeds/currencies.csv", "HUF,2\n", "HUF,0\n")
    for _ in range(2):
        with pytest.raises(BuildFailed, match=r"other decimals .* \(HUF\): launch full_refresh"):
            copied.build()
    assert copied.build_and_publish("--full-refresh").failures == []
    copied.build()
    edit(copied.project / "seeds/currencies.csv", "HUF,0\n", "HUF,2\n")
    assert copied.build_and_publish("--full-refresh").failures == []


def add_dimension(project: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Edit as CONTRIBUTING.md tells, and return the report that groups by the dimension."""
    (project / "models/rollups/rollup_currencies_daily.sql").write_text(ROLLUP)
    edit(
        project / "models/rollups/_rollups.yml",
        "  - name: fct_order_variants\n",
        ROLLUP_YML + "  - name: fct_order_variants\n",
    )
    edit(
        project / "macros/differing_sums.sql",
        "{%- set months = [\n",
        "{%- set months = [\n    ('order currencies add up', ref('rollup_currencies_daily'), ['units', 'revenue']),\n",
    )
    rollup = Rollup("currencies", ("day",), frozenset({"offer_id", "order_currency"}))
    monkeypatch.setattr(rollups, "ROLLUPS", (*rollups.ROLLUPS, rollup))
    return Report(
        name="by_order_currency",
        description="Units and revenue by the currency of the order.",
        aliases=("order currencies",),
        parameters=SCOPE,
        blocks=(
            Block("totals", metrics=("units", "revenue")),
            Block(
                "currencies",
                columns={"order_currency": Column("grouped.order_currency", "text")},
                metrics=("units", "revenue"),
                grouping=Grouping(("order_currency",)),
                order="grouped.order_currency",
            ),
        ),
        exported="currencies",
    )


def test_a_dimension_is_a_rollup_of_one_line_and_a_report_one_entry(
    copied: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = add_dimension(copied.project, monkeypatch)
    assert copied.build_and_publish().failures == []
    copied.await_replica()
    with copied.stack.primary() as connection:
        shop, placed = connection.execute(
            """
            select shop_id, jsonb_object_agg(currency, units)
            from (
                select orders.shop_id, orders.currency, sum(lines.quantity) as units
                from app.orders
                join app.order_lines as lines on lines.order_id = orders.id
                join app.shops on orders.shop_id = shops.id and shops.domain = 'shop-0.example'
                where
                    not orders.test and orders.deleted_at is null
                    and (orders.placed_at at time zone shops.timezone)::date between '2024-08-01' and '2025-08-01'
                group by 1, 2
            ) as sums
            group by 1
            """
        ).fetchone()  # type: ignore[misc]

    async def read() -> dict[str, Any]:
        replica = await asyncpg.connect(copied.stack.environment["PREORDERS_API_REPLICA_DSN"])
        try:
            answered = await answer(replica, check(report, {"from": "2024-08-01", "to": "2025-08-01"}), shop)
            body: dict[str, Any] = json.loads(answered.body(answered.published, stale_seconds=30))
            return body
        finally:
            await replica.close()

    body = asyncio.run(read())
    assert len(placed) > 1
    assert {row["order_currency"]: row["units"] for row in body["currencies"]} == placed
    assert body["totals"]["units"] == sum(placed.values())
