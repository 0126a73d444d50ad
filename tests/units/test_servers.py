"""A DSN may name several servers."""

import pytest

from api.servers import split_hosts


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://api:p%40ss@one:5432/db", ["postgresql://api:p%40ss@one:5432/db"]),
        (
            "postgresql://api:p%40ss@one:5432,two:5433/db?sslmode=require",
            [
                "postgresql://api:p%40ss@one:5432/db?sslmode=require",
                "postgresql://api:p%40ss@two:5433/db?sslmode=require",
            ],
        ),
        ("postgresql://one,two/db", ["postgresql://one/db", "postgresql://two/db"]),
    ],
)
def test_each_host_has_a_dsn_of_its_own(dsn: str, expected: list[str]) -> None:
    assert split_hosts(dsn) == expected
