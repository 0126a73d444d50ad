"""Exchange rates in the European Central Bank's published format: gaps, corrections and repetitions."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest
from cockpit.listener import Listener, listening
from conftest import Stack

from orchestration.rollups.fx_rates import first_day_needed, load_fx_rates
from orchestration.rollups.fx_rates_file import NotRates, read_daily, read_history

DAILY = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
    <gesmes:subject>Reference rates</gesmes:subject>
    <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
    <Cube><Cube time='{day}'>{rates}</Cube></Cube>
</gesmes:Envelope>"""
HEADER = "Date,USD,JPY,ISK,"


def daily(day: str, **rates: str) -> bytes:
    cubes = "".join(f"<Cube currency='{currency}' rate='{rate}'/>" for currency, rate in rates.items())
    return DAILY.format(day=day, rates=cubes).encode()


def history(*rows: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("eurofxref-hist.csv", "\n".join((HEADER, *rows, "")))
    return file.getvalue()


@pytest.fixture
def bank(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """The bank's files, and a table of rates that is the test's own while it runs."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    with stack.primary() as connection:
        connection.execute("create table public.kept as table app.fx_rates")
        connection.execute("delete from app.fx_rates")
    with listening() as listener:
        monkeypatch.setenv("PREORDERS_FX_RATES_URL", f"{listener.url}/")
        yield listener
    with stack.primary() as connection:
        connection.execute("delete from app.fx_rates")
        connection.execute("insert into app.fx_rates table public.kept")
        connection.execute("drop table public.kept")


def load(**config: Any) -> dict[str, Any]:
    run_config = {"ops": {"preorders__fx_rates": {"config": config}}}
    done = dg.materialize([load_fx_rates], run_config=run_config, instance=dg.DagsterInstance.ephemeral())
    [event] = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def kept(stack: Stack) -> list[tuple[date, str, Decimal]]:
    with stack.primary() as connection:
        return connection.execute(
            "select rate_date, currency::text, per_eur from app.fx_rates order by rate_date, currency"
        ).fetchall()


def test_the_history_fills_gaps_and_the_daily_file_adds_its_day(stack: Stack, bank: Listener) -> None:
    bank.files["eurofxref-daily.xml"] = daily("2026-11-19", USD="1.0900", JPY="161.50")
    bank.files["eurofxref-hist.zip"] = history(
        "2026-11-19,1.0900,161.50,N/A,", "2026-11-18,1.0800,161.00,N/A,", "2026-11-17,1.0700,N/A,N/A,"
    )
    assert load()["rates_added"] == 5
    assert kept(stack)[0] == (date(2026, 11, 17), "USD", Decimal("1.0700"))

    # Friday after Thursday is no gap: the history is not asked for
    bank.files = {"eurofxref-daily.xml": daily("2026-11-20", USD="1.1000", JPY="162.00")}
    assert load() == {"latest_day": "2026-11-20", "rates_read": 2, "rates_added": 2, "rates_corrected": 0}
    # nor is Monday after Friday
    bank.files = {"eurofxref-daily.xml": daily("2026-11-23", USD="1.1100", JPY="163.00")}
    assert load()["rates_added"] == 2
    # Wednesday after Monday is: Tuesday is missing
    bank.files = {
        "eurofxref-daily.xml": daily("2026-11-25", USD="1.13", JPY="165"),
        "eurofxref-hist.zip": history("2026-11-25,1.13,165,N/A,", "2026-11-24,1.12,164,N/A,", "2026-11-23,1.11,163,,"),
    }
    assert load()["rates_added"] == 4
    assert [row[0].day for row in kept(stack) if row[1] == "USD"] == [17, 18, 19, 20, 23, 24, 25]


def test_a_correction_is_seen_by_its_time_and_a_repetition_changes_nothing(stack: Stack, bank: Listener) -> None:
    bank.files["eurofxref-daily.xml"] = daily("2026-11-20", USD="1.09", JPY="161.5")
    bank.files["eurofxref-hist.zip"] = history("2026-11-20,1.09,161.5,N/A,", "2026-11-19,1.08,161,N/A,")
    load()
    with stack.primary() as connection:
        connection.execute("update app.fx_rates set updated_at = '2026-11-20'")
    assert load(history=True) == {"latest_day": "2026-11-20", "rates_read": 6, "rates_added": 0, "rates_corrected": 0}

    bank.files["eurofxref-hist.zip"] = history("2026-11-20,1.09,161.5,N/A,", "2026-11-19,1.0810,161,N/A,")
    assert load(history=True)["rates_corrected"] == 1
    with stack.primary() as connection:
        moved = connection.execute(
            "select rate_date, per_eur from app.fx_rates where updated_at > now() - interval '1 minute'"
        ).fetchall()
    assert moved == [(date(2026, 11, 19), Decimal("1.0810"))]


def test_without_the_address_of_the_files_the_load_says_what_to_set_and_is_not_tried_again(
    bank: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PREORDERS_FX_RATES_URL")
    with pytest.raises(dg.Failure, match="set it to the folder") as failure:
        load()
    assert not failure.value.allow_retries


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>", "no XML"),
        (b"<html/>", "holds no day"),
        (daily("2026-11-20", USD="0"), "no rate: 2026-11-20 USD '0'"),
        (daily("yesterday", USD="1"), "no rate: yesterday"),
    ],
)
def test_a_file_that_is_no_rates_is_refused_with_the_place(content: bytes, problem: str) -> None:
    with pytest.raises(NotRates, match=problem):
        list(read_daily(content))


@pytest.mark.parametrize("content", [b"<html>", history("2026-11-20,one,2,3,"), history("2026-11-20,-1,2,3,")])
def test_a_history_that_is_no_rates_is_refused(content: bytes) -> None:
    with pytest.raises(NotRates):
        list(read_history(content))


@pytest.mark.parametrize("day", ["0001-12-01 BC", "-infinity", "0001-01-01"])
def test_an_event_dated_before_all_rates_does_not_stop_them(
    built: Stack, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    for name, value in built.environment.items():
        monkeypatch.setenv(name, value)
    with built.primary() as connection:
        [(row,)] = connection.execute("select ctid::text from analytics.rollup_variants_monthly limit 1").fetchall()
        [(moved, before)] = connection.execute(
            "update analytics.rollup_variants_monthly as cells set starts_on = %s::text::date"
            " from (select ctid, starts_on from analytics.rollup_variants_monthly where ctid = %s::tid) as kept"
            " where cells.ctid = kept.ctid returning cells.ctid::text, kept.starts_on",
            [day, row],
        ).fetchall()
    try:
        assert first_day_needed(date.today()) == date(1998, 12, 25)
    finally:
        with built.primary() as connection:
            connection.execute(
                "update analytics.rollup_variants_monthly set starts_on = %s where ctid = %s::tid", [before, moved]
            )
