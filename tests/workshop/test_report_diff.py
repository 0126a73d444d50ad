"""What a change of the dbt project does to the reports: which numbers, whose, and by how much; or nothing."""

import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from conftest import ROOT, Stack, run_preorders
from data.golden import SHOP

from local.errors import StackError
from local.home import Home, open_home
from local.postgres import connect
from local.report_diff import DATABASE, build, compare, source_copied

pytestmark = pytest.mark.long

_OTHER_LAYOUT = """
    create schema commerce;
    do $$
    declare name text;
    begin
        for name in select tablename from pg_tables where schemaname = 'app' and tablename <> 'orders' loop
            execute format('create view commerce.%1$I as select * from app.%1$I', name);
        end loop;
    end
    $$;
    create view commerce.purchases as
    select
        id as purchase_no, shop_id as merchant, customer_id, market_id, currency, cancel_reason,
        placed_at, cancelled_at,
        case when test then 'test' when deleted_at is not null then 'deleted' else 'live' end as state,
        updated_at as changed_at
    from app.orders;
    grant usage on schema commerce to preorders_analyst;
    grant select on all tables in schema commerce to preorders_analyst;
"""
_REFUND = "case when entry = 'refunded' then amount_converted else 0 end"


def copied_project(folder: Path) -> Path:
    return Path(
        shutil.copytree(ROOT / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"))
    )


def map_other_layout(project: Path) -> None:
    """Edit as CONTRIBUTING.md tells: the sources' places, and the staging models of tables that look otherwise."""
    sources = project / "models/staging/_sources.yml"
    text = sources.read_text().replace("schema: app", "schema: commerce")
    sources.write_text(text.replace("- name: orders\n", "- name: orders\n        identifier: purchases\n"))
    orders = project / "models/staging/stg_preorders__orders.sql"
    text = orders.read_text()
    for ours, theirs in {
        "    id as order_id": "    purchase_no as order_id",
        "    shop_id,": "    merchant as shop_id,",
        "not test and deleted_at is null as": "state = 'live' as",
        "    updated_at\n": "    changed_at as updated_at\n",
        "in_sample('id')": "in_sample('purchase_no')",
    }.items():
        assert ours in text
        text = text.replace(ours, theirs)
    orders.write_text(text)


@pytest.fixture(scope="module")
def home(built: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The project as it is, a copy, one with refunds a minor unit too large, and one for another source layout."""
    folder = tmp_path_factory.mktemp("projects")
    same, changed = copied_project(folder / "same"), copied_project(folder / "changed")
    ledger = changed / "models/ledger/fct_ledger.sql"
    assert _REFUND in ledger.read_text()
    ledger.write_text(ledger.read_text().replace(_REFUND, _REFUND.replace("amount_converted", "amount_converted + 1")))
    mapped = copied_project(folder / "mapped")
    map_other_layout(mapped)
    home = open_home(built.home)
    with source_copied(home):
        with connect(home, "preorders", database=DATABASE) as connection:
            connection.execute(_OTHER_LAYOUT)
        projects = {"base": ROOT / "dbt_project", "same": same, "changed": changed, "mapped": mapped}
        build(home, projects, folder)
        yield home
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(built.environment["PREORDERS_PRIMARY_DSN"], dbname=DATABASE)


def test_a_changed_model_is_told_by_report_shop_metric_and_size(home: Home) -> None:
    found = compare(home, "base", "changed").found
    assert {one.name for one in found} == {"refunds_issued"}
    assert {one.report.split(".")[0] for one in found} == {
        "summary", "by_offer", "by_product", "by_variant", "by_date", "cancellations", "customers",
    }  # fmt: skip
    assert {one.report for one in found if one.report.startswith("by_date")} == {
        "by_date.totals", "by_date.series by day", "by_date.series by week", "by_date.series by month",
    }  # fmt: skip
    golden = {(one.report, one.currency): one for one in found if str(one.shop_id) == SHOP}
    total = golden["summary.totals", "USD"]  # its one refund: see tests/data/golden.py
    assert (total.rows, total.size, total.base, total.head) == (1, Decimal("0.01"), "18.00", "18.01")
    assert golden["by_date.series by month", "EUR"].key == '{"bucket": "2026-02-01"}'
    assert len({one.shop_id for one in found}) > 1


def test_another_one_at_the_same_time_is_refused_and_harms_nothing(home: Home) -> None:
    with pytest.raises(StackError, match="another report-diff is at work"), source_copied(home):
        pytest.fail("two have one database")
    with connect(home, "preorders", database=DATABASE) as connection:
        assert connection.execute("select from app.orders limit 1").fetchone() is not None


def test_without_a_change_no_number_differs(home: Home) -> None:
    comparison = compare(home, "base", "same")
    assert comparison.found == []
    assert comparison.rows > 1000


def test_another_source_layout_mapped_by_the_recipe_gives_the_same_reports(home: Home) -> None:
    assert compare(home, "base", "mapped").found == []


def test_a_revision_that_is_not_there_is_told(built: Stack) -> None:
    done = run_preorders("report-diff", "no-such-revision", home=built.home, check=False)
    assert done.returncode == 1
    assert "git has no dbt_project of no-such-revision" in done.stderr


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only in a clone")
def test_the_make_target_names_what_it_needs() -> None:
    done = subprocess.run(["make", "--no-print-directory", "report-diff"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "BASE" in done.stdout + done.stderr
