"""An analyst builds into a schema of their own, on a sample or on all, and what is served stays as it is."""

import os
import re
import subprocess
from typing import Any

import psycopg
import pytest
from conftest import ROOT, Stack

_COMMANDS = re.compile(r"^## Changing a model without fear$.*?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IN_SAMPLE = "('x' || left(md5(order_id::text), 7))::bit(28)::int %% 10000 < %s"


def run_in_shell(stack: Stack, commands: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PREORDERS_HOME": str(stack.home), "PREORDERS_DEV_NAME": "Ann-Lee"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def contents(stack: Stack) -> dict[tuple[str, str], Any]:
    """The number of rows of every table that dbt or publishing keeps, and a sum over their values."""
    with stack.primary() as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('analytics', 'reports')"
        ).fetchall()
        assert len(tables) > 30
        return {
            (schema, table): connection.execute(
                f"select count(*), sum(hashtextextended(rows::text, 0)) from {schema}.{table} as rows".encode()
            ).fetchone()
            for schema, table in tables
        }


def differing(stack: Stack, model: str, served_if: str, value: object) -> int:
    """Rows of a model that are only in the development schema or, of those that it should have, only in the served."""
    with stack.primary() as connection:
        columns = ", ".join(
            name
            for (name,) in connection.execute(
                "select column_name from information_schema.columns"
                " where table_schema = 'analytics' and table_name = %s",
                (model,),
            )
        )
        own = f"select {columns} from dev_ann_lee.{model}"
        served = f"select {columns} from analytics.{model} where {served_if}"
        row = connection.execute(
            f"""
            select
                (select count(*) from ({own} except all {served}) as more)
                + (select count(*) from ({served} except all {own}) as less),
                (select count(*) from ({own}) as every_row)
            """.encode(),
            (value, value),
        ).fetchone()
    assert row is not None and row[1] > 0, "nothing was built"
    return int(row[0])


@pytest.mark.long
def test_the_commands_work_as_printed_and_leave_what_is_served(built: Stack) -> None:
    [commands] = _COMMANDS.findall((ROOT / "CONTRIBUTING.md").read_text())
    before = contents(built)

    done = run_in_shell(built, commands)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.search(r"PASS the_audits_find_nothing", done.stdout), "the identities hold on the sample"
    assert "PASS fct_ledger::amounts_are_rounded_half_up_once" in done.stdout
    assert differing(built, "fct_ledger", _IN_SAMPLE, 1000) == 0
    assert differing(built, "fct_order_variants", _IN_SAMPLE, 1000) == 0

    done = run_in_shell(
        built,
        'eval "$(.venv/bin/preorders env)"\n'
        ".venv/bin/dbt build --quiet --project-dir dbt_project --vars 'sample_percent: 33.3'"
        " --exclude-resource-type unit_test --select +fct_ledger",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert differing(built, "fct_ledger", _IN_SAMPLE, 3330) == 0

    assert contents(built) == before
    with built.primary() as connection:
        connection.execute("drop schema dev_ann_lee cascade")


def test_the_analysts_role_can_write_to_no_schema_that_was_there(built: Stack) -> None:
    setting = {name: built.environment[f"PREORDERS_{name}"] for name in ("DBT_HOST", "DBT_PORT", "DBT_DBNAME")}
    with psycopg.connect(
        host=setting["DBT_HOST"],
        port=setting["DBT_PORT"],
        dbname=setting["DBT_DBNAME"],
        user=built.environment["PREORDERS_ANALYST_USER"],
        password=built.environment["PREORDERS_ANALYST_PASSWORD"],
        autocommit=True,
    ) as connection:
        assert connection.execute("select count(*) from analytics.fct_ledger").fetchone() != (0,)
        for statement in (
            "create table analytics.mine (i int)",
            "delete from analytics.fct_ledger",
            "update app.orders set name = ''",
            "select * from reports.dim_shops",
            "select * from service.api_keys",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_what_is_served_is_never_a_sample(built: Stack) -> None:
    done = run_in_shell(
        built,
        'eval "$(.venv/bin/preorders env)"\n'
        ".venv/bin/dbt parse --project-dir dbt_project --target served --vars 'sample_percent: 50'",
    )
    assert done.returncode != 0
    assert "what is served holds every order" in done.stdout
