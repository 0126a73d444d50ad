"""A shop's many exports don't hold up another shop's one (orchestration/dagster.yaml sets the limits)."""

import time

from conftest import Stack
from exports.exporting import ask, wait

WINDOW = {"from": "2025-01-01", "to": "2025-03-31"}
MANY, OF_ONE_SHOP, IN_ALL = 14, 2, 4


def test_the_one_export_of_a_shop_goes_before_most_of_anothers_many(built: Stack) -> None:
    busy, other = built.client("shop-1.example"), built.client("shop-3.example")
    many = [ask(busy, "summary", WINDOW) for _ in range(MANY)]
    one = ask(other, "summary", WINDOW)
    running: list[tuple[int, int]] = []
    while other.get(f"/exports/{one}").json()["status"] == "running":
        running.append(_running(built))
        time.sleep(0.05)
    assert wait(other, one)["status"] == "ready"
    ended = [job for job in many if busy.get(f"/exports/{job}").json()["status"] != "running"]
    assert len(ended) <= MANY // 2, f"{len(ended)} of {MANY} went before"
    for job in many:
        assert wait(busy, job)["status"] == "ready"
    assert max(of_one for of_one, _ in running) <= OF_ONE_SHOP
    assert max(in_all for _, in_all in running) <= IN_ALL


def _running(stack: Stack) -> tuple[int, int]:
    """Return how many exports run: most of one shop, and in all."""
    with stack.primary() as connection:
        row: tuple[int, int] | None = connection.execute(
            """
            select coalesce(max(jobs), 0), coalesce(sum(jobs), 0)::int
            from (select count(*) as jobs from service.export_jobs where status = 'running' group by shop_id) as by_shop
            """
        ).fetchone()
    assert row is not None
    return row
