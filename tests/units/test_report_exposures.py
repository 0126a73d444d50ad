"""dbt's exposures are what `make docs` writes: every report, with what its statements read."""

from local.report_exposures import EXPOSURES, exposures


def test_the_exposures_are_current() -> None:
    assert EXPOSURES.read_text() == exposures(), "run `make docs`"
