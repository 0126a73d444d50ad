"""The jobs as Dagster runs them: the nightly one passes and mends, and a shop held back is a red check."""

from typing import Any

from conftest import Stack

from api.exports.launch import LAUNCH, REPOSITORY
from local.dagster_graphql import DagsterClient
from local.runs import LOCATION, follow_run

CHECK = """
query Check($key: AssetKeyInput!, $name: String!) { assetCheckExecutions(assetKey: $key, checkName: $name, limit: 1) {
    evaluation { success severity description metadataEntries { label ... on MarkdownMetadataEntry { mdStr } } }
} }
"""


def run_job(stack: Stack, job: str) -> None:
    dagster = DagsterClient(stack.environment["PREORDERS_DAGSTER_URL"])
    selector = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "jobName": job}
    launched = dagster.ask(LAUNCH, params={"selector": selector})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    follow_run(dagster, launched["run"]["runId"], print, 240)


def check(stack: Stack, name: str) -> dict[str, Any]:
    dagster = DagsterClient(stack.environment["PREORDERS_DAGSTER_URL"])
    found = dagster.ask(CHECK, key={"path": ["published_reports"]}, name=name)["assetCheckExecutions"]
    evaluation: dict[str, Any] = found[0]["evaluation"]
    return evaluation


def execute(stack: Stack, statement: str) -> None:
    with stack.primary() as connection:
        connection.execute(statement.encode())


def test_the_nightly_job_mends_a_purge_and_dates_the_shops(built: Stack) -> None:
    built.build()  # what the next build would change is no difference
    client = built.client("shop-0.example")
    before = client.get("/summary").json()["freshness"]["reconciled"]
    execute(
        built,
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
    evaluation = check(built, "equals_source")
    assert evaluation["success"]
    assert "mended" in evaluation["description"]
    assert any("collected" in (entry.get("mdStr") or "") for entry in evaluation["metadataEntries"])
    assert client.get("/summary").json()["freshness"]["reconciled"] != before


def test_a_shop_held_back_is_a_red_check_and_tells_so_by_its_freshness(built: Stack) -> None:
    built.build()
    client = built.client("shop-0.example")
    before = client.get("/summary").json()["freshness"]
    execute(built, "update app.shops set timezone = 'Mars/Olympus', updated_at = now() where domain = 'shop-0.example'")
    run_job(built, "reconcile_rollups")
    for name in ("audited", "equals_source"):  # it can't be told to equal the source either
        evaluation = check(built, name)
        assert not evaluation["success"] and evaluation["severity"] == "ERROR", name
        assert "Mars/Olympus" in evaluation["description"], name
    after = client.get("/summary").json()["freshness"]
    assert {name: after[name] for name in ("as_of", "built_at", "build_id")} == {
        name: before[name] for name in ("as_of", "built_at", "build_id")
    }
    execute(
        built, "update app.shops set timezone = 'America/New_York', updated_at = now() where domain = 'shop-0.example'"
    )
    built.build()
    assert check(built, "audited")["success"]
    assert client.get("/summary").json()["freshness"]["as_of"] > before["as_of"]
