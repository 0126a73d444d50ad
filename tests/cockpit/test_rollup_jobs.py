"""The jobs as Dagster runs them: the nightly one passes and mends, and a shop held back is a red check."""

from cockpit.dagster_jobs import check, run_job
from conftest import Stack

from local.dagster_graphql import DagsterClient

AUTOMATION = """
query Automation { repositoriesOrError { ... on RepositoryConnection { nodes {
    schedules { name defaultStatus } sensors { name defaultStatus }
} } } }
"""


def test_the_nightly_job_mends_a_purge_and_dates_the_shops(built: Stack) -> None:
    built.build()  # what the next build would change is no difference
    client = built.client("shop-0.example")
    before = client.get("/summary").json()["freshness"]["reconciled"]
    built.execute(
        """
        delete from app.payments where id in (
            select payments.id
            from app.payments
            join app.order_lines as lines on lines.id = payments.order_line_id
            join app.orders on orders.id = lines.order_id
            where payments.status = 'succeeded' and not orders.test and orders.deleted_at is null
            order by payments.id limit 3
        )
        """,
    )
    run_job(built, "reconcile_rollups")
    evaluation = check(built, "published_reports", "equals_source")
    assert evaluation["success"]
    assert "mended" in evaluation["description"]
    assert any("collected" in (entry.get("mdStr") or "") for entry in evaluation["metadataEntries"])
    assert client.get("/summary").json()["freshness"]["reconciled"] != before


def test_a_shop_held_back_is_a_red_check_and_tells_so_by_its_freshness(built: Stack) -> None:
    built.build()
    client = built.client("shop-0.example")
    before = client.get("/summary").json()["freshness"]
    built.execute("update app.shops set timezone = 'Mars/Olympus', updated_at = now() where domain = 'shop-0.example'")
    run_job(built, "reconcile_rollups")
    for name in ("audited", "equals_source"):  # it can't be told to equal the source either
        evaluation = check(built, "published_reports", name)
        assert not evaluation["success"] and evaluation["severity"] == "ERROR", name
        assert "Mars/Olympus" in evaluation["description"], name
    after = client.get("/summary").json()["freshness"]
    assert {name: after[name] for name in ("as_of", "built_at", "build_id")} == {
        name: before[name] for name in ("as_of", "built_at", "build_id")
    }
    built.execute(
        "update app.shops set timezone = 'America/New_York', updated_at = now() where domain = 'shop-0.example'"
    )
    built.build()
    assert check(built, "published_reports", "audited")["success"]
    assert client.get("/summary").json()["freshness"]["as_of"] > before["as_of"]


def test_every_schedule_and_sensor_is_on_from_the_start(built: Stack) -> None:
    dagster = DagsterClient(built.environment["PREORDERS_DAGSTER_URL"])
    repositories = dagster.ask(AUTOMATION)["repositoriesOrError"]["nodes"]
    made = [one for repository in repositories for one in repository["schedules"] + repository["sensors"]]
    assert len(made) >= 9
    assert [one["name"] for one in made if one["defaultStatus"] != "RUNNING"] == []
