"""Walks Dagster's page in a real browser on a stack of its own, and keeps what a person sees there in docs/images.

    make pictures

Needs Chromium on the PATH (Debian: apt-get install chromium) and Playwright, which `make pictures` installs.
"""

import shutil
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from api.exports.launch import LAUNCH, launch_params, launched_run_id
from api.paths import BASE_PATH, REPORTS_PATH
from local.build_command import run_build
from local.dagster_graphql import DagsterClient
from local.demo_build import demo_key, fill_with_demo
from local.environment import api_url, dagster_url
from local.errors import StackError
from local.home import Home
from local.postgres import connect
from local.runs import follow_run
from local.stack import start_stack
from local.temporary_home import temporary_home

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1280, "height": 760}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
_SHOP = "update app.shops set timezone = %s, updated_at = now() where id = (select min(id::text)::uuid from app.shops)"


def main() -> None:
    """Bring up the demo, break a shop, look at all of it, and mend it."""
    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.exit("chromium is not on the PATH; on Debian: apt-get install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with temporary_home() as home:
        start_stack(home)
        fill_with_demo(home)
        dagster = DagsterClient(dagster_url(home))
        build = _last_build(dagster)
        _export(home)
        with connect(home, "preorders_app") as connection:
            connection.execute(_SHOP, ["Mars/Olympus"])
        run_build(home)
        for location, job in (("rollups", "check_rollups"), ("exports", "check_exports")):
            run_id = launched_run_id(dagster.ask(LAUNCH, params=launch_params(location, job, {})))
            follow_run(dagster, run_id, lambda event: None, 120)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
            try:
                _walk(browser.new_page(viewport=SIZE), dagster.url, build)  # type: ignore[arg-type]
            finally:
                browser.close()


def _walk(page: Page, url: str, build: str) -> None:
    """Look at each page until it shows what it is for, and keep it."""

    def keep(name: str, path: str, *texts: str) -> None:
        page.goto(url + path)
        for text in texts:
            page.get_by_text(text).first.wait_for(timeout=60_000)
        page.wait_for_timeout(2000)  # its graph and plots are drawn after their texts are there
        page.screenshot(path=IMAGES / f"{name}.png")
        print(f"docs/images/{name}.png")

    keep("asset_graph", "/asset-groups", "Global asset lineage", "staging")
    keep("build", f"/runs/{build}", "build_rollups")
    keep("freshness", "/assets/published_reports?view=overview", "published_reports")
    keep("shop_held_back", "/assets/published_reports?view=checks&checkDetail=audited", "To do")
    keep("exports", "/assets/export_bucket?view=events", "by_date")
    keep("schedules", "/automation", "build_every_15_minutes", "keep_exports")
    keep("launchpad", "/locations/rollups/jobs/rebuild_orders/playground", "dry_run")


def _last_build(dagster: DagsterClient) -> str:
    question = (
        '{ runsOrError(filter: {pipelineName: "build_rollups"}, limit: 1) { ... on Runs { results { runId } } } }'
    )
    return str(dagster.ask(question)["runsOrError"]["results"][0]["runId"])


def _export(home: Home) -> None:
    key = demo_key(home)
    assert key is not None
    answer = httpx.post(
        f"{api_url(home)}{BASE_PATH}{REPORTS_PATH}/by_date/export",
        json={},
        headers={"X-Auth-Token": key},
        trust_env=False,
    )
    if answer.status_code != 202:
        raise StackError(f"the export was not taken: {answer.text}")


if __name__ == "__main__":
    main()
