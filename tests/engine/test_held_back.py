"""A shop whose numbers fail an audit stays on its last good build, alone, and loses nothing."""

import random
from uuid import UUID

import psycopg
import pytest
from data.changes import CHANGES
from engine.test_equals_full_refresh import differences_from_full_refresh
from engine.under_test import BuildFailed, Engine

from orchestration.rollups import publish as publishing
from orchestration.rollups.audits import AuditFailure, audit
from orchestration.rollups.serving_tables import check_table

EDGE = 900_000_000
NEW_YORK, BERLIN = (str(UUID(int=0xA << 124 | number)) for number in (1, 2))


def test_a_shop_with_a_wrong_cell_is_held_back_alone_until_it_is_mended(engine: Engine) -> None:
    engine.build_and_publish()
    before = engine.shown()
    kept_rows = engine.served_rows(NEW_YORK)
    change_orders(engine, NEW_YORK, "placed_at = placed_at - interval '1 day'")
    change_orders(engine, BERLIN, "cancelled_at = placed_at")
    engine.build()
    day = engine.scalar(
        f"update analytics.rollup_variants_daily set units = units + 5 where ctid = (select cells.ctid"
        " from analytics.rollup_variants_daily as cells join analytics.ledger_changes as changes"
        " on (cells.shop_id, cells.currency, cells.starts_on) = (changes.shop_id, changes.currency, changes.entry_on)"
        f" where cells.shop_id = '{NEW_YORK}' limit 1) returning starts_on",
    )

    publication = engine.publish()

    assert publication.shops_held_back == {UUID(NEW_YORK)}
    finding = next(
        one for one in publication.failures if one.audit == "days equal the ledger" and one.metric == "units"
    )
    assert (finding.shop_id, finding.day, finding.found) == (UUID(NEW_YORK), str(day), finding.expected + 5)
    after = engine.shown()
    assert after[NEW_YORK] == before[NEW_YORK]
    assert after[BERLIN]["build_id"] == publication.build_id > before[BERLIN]["build_id"]
    assert engine.served_rows(NEW_YORK) == kept_rows

    engine.build("--full-refresh", "--select", "path:models/rollups+")
    mended = engine.publish()
    assert mended.failures == []
    assert engine.shown()[NEW_YORK]["as_of"] == mended.as_of
    assert engine.served_rows(NEW_YORK) != kept_rows


def test_shops_are_not_published_ahead_of_the_ledger_that_their_timezone_dates(engine: Engine) -> None:
    engine.build_and_publish()
    kept_rows = engine.served_rows(NEW_YORK)
    as_killed = ("--select", "int_build_snapshot", "int_shops_frozen")
    engine.execute(f"update app.shops set timezone = 'Asia/Tokyo', updated_at = now() where id = '{NEW_YORK}'")
    engine.build(*as_killed)
    with pytest.raises(RuntimeError, match=f"timezone and currencies that dim_shops shows for {NEW_YORK}: build"):
        engine.publish()
    engine.execute(f"update app.shops set timezone = 'America/New_York', updated_at = now() where id = '{NEW_YORK}'")
    engine.build(*as_killed)
    assert engine.publish().failures == []
    assert engine.served_rows(NEW_YORK) == kept_rows


@pytest.mark.parametrize(
    ("column", "value", "finding"),
    [
        ("timezone", "Mars/Olympus", "the shop has a known timezone and currency"),
        pytest.param("currency", "QQQ", "the shop has a known timezone and currency", marks=pytest.mark.long),
    ],
)
def test_a_shop_that_cannot_be_computed_is_held_back_alone(
    engine: Engine, column: str, value: str, finding: str
) -> None:
    engine.build_and_publish()
    before, kept_rows = engine.shown(), engine.served_rows(NEW_YORK)
    good = engine.scalar(f"select {column} from app.shops where id = '{NEW_YORK}'")
    engine.execute(f"update app.shops set {column} = '{value}', updated_at = now() where id = '{NEW_YORK}'")
    publication = engine.build_and_publish()
    assert {failure.audit for failure in publication.failures} == {finding}
    assert publication.shops_held_back == {UUID(NEW_YORK)}
    assert engine.served_rows(NEW_YORK) == kept_rows
    assert engine.shown()[NEW_YORK] == before[NEW_YORK]

    engine.execute(f"update app.shops set {column} = '{good}', updated_at = now() where id = '{NEW_YORK}'")
    assert engine.build_and_publish().failures == []
    assert engine.served_rows(NEW_YORK) == kept_rows


def test_a_redaction_does_not_wait_for_a_shop_that_is_held_back(engine: Engine) -> None:
    engine.build_and_publish()
    good = engine.scalar(f"select timezone from app.shops where id = '{NEW_YORK}'")
    customer = engine.scalar(
        f"select customer_id from reports.dim_customers where shop_id = '{NEW_YORK}' and customer_name > '' limit 1",
    )
    engine.execute(f"update app.shops set timezone = 'Mars/Olympus', updated_at = now() where id = '{NEW_YORK}'")
    engine.execute(f"update app.customers set redacted_at = now(), updated_at = now() where id = {customer}")
    assert engine.build_and_publish().shops_held_back == {UUID(NEW_YORK)}
    shown_name = f"select coalesce(email, customer_name) from reports.dim_customers where customer_id = {customer}"
    assert engine.scalar(shown_name) is None
    engine.execute(f"update app.shops set timezone = '{good}', updated_at = now() where id = '{NEW_YORK}'")
    assert engine.build_and_publish().failures == []


@pytest.mark.long
def test_instants_that_no_calendar_tells_stop_no_build(engine: Engine) -> None:
    engine.build_and_publish()
    engine.execute(
        "insert into app.orders (id, shop_id, name, currency, placed_at, cancelled_at)"
        f" values ({EDGE}, '{NEW_YORK}', '#edge', 'USD', '4713-01-02 BC', '294276-12-31 23:00Z')"
    )
    engine.execute(
        "insert into app.order_lines (id, shop_id, order_id, offer_id, product_id, variant_id, quantity, total,"
        f" deposit, balance, balance_due_on) select {EDGE}, shop_id, {EDGE}, offer_id, product_id, variant_id, 1, 10,"
        f" 2, 8, '5874897-12-31' from app.order_lines where shop_id = '{NEW_YORK}' limit 1"
    )
    assert engine.build_and_publish().failures == []
    assert engine.scalar(
        "select jsonb_object_agg(entry, extract(year from entry_on)) from analytics.fct_ledger"
        f" where order_id = {EDGE} and currency = 'USD' and events = 1"
    ) == {"placed": 1, "cancelled": 9999}
    engine.execute(
        f"update app.orders set placed_at = now(), cancelled_at = null, updated_at = now() where id = {EDGE}"
    )
    assert engine.build_and_publish().failures == []
    assert differences_from_full_refresh(engine) == {}


@pytest.mark.long
@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("update app.orders set currency = 'QQQ'", "update app.orders set currency = 'EUR'"),
        (
            "update app.order_lines set total = 'NaN', deposit = 'NaN'",
            "update app.order_lines set total = balance, deposit = 0",
        ),
    ],
)
def test_an_order_of_no_known_currency_or_amount_holds_back_its_shop(engine: Engine, broken: str, mended: str) -> None:
    order_id = engine.scalar(
        f"select max(id) from app.orders where shop_id = '{BERLIN}' and not test and deleted_at is null"
        " and currency = 'EUR' and id in (select order_id from app.order_lines)",
    )
    where = f"updated_at = now() where {'id' if 'app.orders' in broken else 'order_id'} = {order_id}"
    engine.execute(f"{broken}, {where}")
    for _ in range(2):  # the finding does not fade
        publication = engine.build_and_publish()
        assert publication.shops_held_back == {UUID(BERLIN)}
        assert any(str(order_id) in str(failure) for failure in publication.failures)
    engine.execute(f"{mended}, {where}")
    assert engine.build_and_publish().failures == []


def test_nothing_is_published_without_row_level_security(engine: Engine) -> None:
    engine.execute("drop policy tenant on reports.rollup_balances_daily")
    engine.execute(CHANGES["a quantity is lowered"](random.Random(1)))
    engine.build()
    before = engine.shown()
    with pytest.raises(RuntimeError, match=r"rollup_balances_daily lacks row-level security"):
        engine.publish()
    assert engine.shown() == before
    engine.execute("alter table reports.rollup_balances_daily disable row level security")
    assert engine.publish().failures == []  # it makes the policy anew


@pytest.mark.parametrize(
    ("missing", "breakage"),
    [
        (
            "a unique index on its grain",
            """
            do $$ begin
                execute (
                    select 'drop index ' || indexrelid::regclass from pg_index
                    where indrelid = 'reports.rollup_balances_daily'::regclass and indisunique
                );
            end $$;
            create index on reports.rollup_balances_daily (shop_id, currency, starts_on, offer_id, balance_due_on);
            create unique index on reports.rollup_balances_daily
                (shop_id, currency, starts_on, offer_id, balance_due_on) where entries > 0
            """,
        ),
        ("the readers' right to read it", "revoke select on reports.rollup_balances_daily from preorders_reader"),
        ("row-level security by shop", "alter table reports.rollup_balances_daily disable row level security"),
        ("row-level security by shop", "drop policy tenant on reports.rollup_balances_daily"),
    ],
)
def test_a_served_table_that_lacks_something_is_refused(engine: Engine, missing: str, breakage: str) -> None:
    model = next(model for model in engine.models if model.name == "rollup_balances_daily")
    with engine.stack.primary() as connection:
        check_table(connection, model)
        connection.execute(breakage.encode())
        with pytest.raises(RuntimeError, match=f"reports.rollup_balances_daily lacks {missing}: nothing is published"):
            check_table(connection, model)
        connection.rollback()


@pytest.mark.long
def test_a_grain_that_has_changed_is_made_unique_instead_of_the_old_one(engine: Engine) -> None:
    engine.build_and_publish()
    model = next(model for model in engine.models if model.name == "rollup_balances_daily")
    old = next(name for name, columns in unique_indexes(engine, model.name).items() if columns == [*model.grain])
    engine.execute(f"drop index reports.{old}")
    engine.execute(f"create unique index old_grain on reports.{model.name} ({', '.join(model.grain)}, entries)")
    change_orders(engine, BERLIN, "cancelled_at = placed_at")

    assert engine.build_and_publish().failures == []

    assert [*unique_indexes(engine, model.name).values()] == [[*model.grain]]

    # as if the publication that made the new one had been killed then
    engine.execute(f"create unique index old_grain on reports.{model.name} ({', '.join(model.grain)}, entries)")
    engine.publish()
    assert [*unique_indexes(engine, model.name).values()] == [[*model.grain]]


def test_dbt_by_hand_empties_no_table_that_is_being_published(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.build_and_publish()
    waited = []

    def audit_while_dbt_truncates(connection: psycopg.Connection, whole_history: bool) -> list[AuditFailure]:
        with engine.stack.primary() as dbt:
            dbt.autocommit = True
            dbt.execute("set lock_timeout = '200ms'")
            for table in ("currencies", "rollup_customer_gaps", "fct_ledger"):
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    dbt.execute(f"truncate analytics.{table}")
                waited.append(table)
        return audit(connection, whole_history)

    monkeypatch.setattr(publishing, "audit", audit_while_dbt_truncates)
    assert engine.publish().failures == []
    assert len(waited) == 3


def test_nothing_is_published_of_half_a_build(engine: Engine) -> None:
    engine.execute(CHANGES["an order is cancelled"](random.Random(2)))
    engine.build("--exclude", "rollup_variants_weekly")
    with pytest.raises(RuntimeError, match="rollup_variants_weekly lack changes"):
        engine.publish()
    assert engine.build_and_publish().failures == []


def test_a_build_that_needs_a_full_refresh_says_how_to_run_it(engine: Engine) -> None:
    engine.execute("alter table analytics.fct_ledger add column gone int")
    with pytest.raises(BuildFailed, match=r"fct_ledger have changed \(gone\).* Dagster's job full_refresh, or"):
        engine.build()
    engine.execute("alter table analytics.fct_ledger drop column gone")
    assert engine.build_and_publish().failures == []


def change_orders(engine: Engine, shop_id: str, change: str) -> None:
    engine.execute(
        f"update app.orders set {change}, updated_at = now() where id in (select id from app.orders"
        f" where shop_id = '{shop_id}' and cancelled_at is null order by id limit 5)",
    )


def unique_indexes(engine: Engine, table: str) -> dict[str, list[str]]:
    with engine.stack.primary() as connection:
        rows = connection.execute(
            "select indexrelid::regclass::text, array(select pg_get_indexdef(indexrelid, position, true)"
            " from generate_series(1, indnkeyatts) as position order by position) from pg_index"
            f" where indrelid = 'reports.{table}'::regclass and indisunique".encode()
        ).fetchall()
    return {name.removeprefix("reports."): columns for name, columns in rows}
