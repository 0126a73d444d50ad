"""The first start's demo: a shop's data, a build of it, and a key to read the reports with."""

from api.keys import create_key, is_live
from api.paths import BASE_PATH, REPORTS_PATH
from local.build_command import run_build
from local.environment import api_url
from local.errors import StackError
from local.home import Home
from local.postgres import connect
from local.progress import counting, line
from local.shops import shop_domains, shop_of

DEMO_KEY = "demo_api_key"


def fill_with_demo(home: Home) -> None:
    """Load the demo data when there are no shops yet, and build what is not built.

    Raises:
        StackError: the data could not be loaded, or the build failed.
    """
    if _has_no_shops(home):
        home.remember(demo="loading")
        load_demo_data(home)
        home.remember(demo="loaded")  # an interrupted start goes on from here
    if home.state.get("demo") == "loaded":
        run_build(home)
        home.remember(demo="built")


def demo_key(home: Home) -> str | None:
    """The key of the demo's shop: the one kept in the home while it is live. None without that shop."""
    from local.demo import DEMO_SHOP_DOMAIN

    kept = home.secrets.get(DEMO_KEY)
    with connect(home, "preorders") as connection:
        if kept and is_live(connection, kept):
            return kept
        if DEMO_SHOP_DOMAIN not in shop_domains(connection).values():
            return None
        key = create_key(connection, shop_of(connection, DEMO_SHOP_DOMAIN))
    home.keep_secret(DEMO_KEY, key)
    return key


def example_commands(home: Home, key: str) -> list[str]:
    """Two calls that work as they are printed."""
    base = f"{api_url(home)}{BASE_PATH}{REPORTS_PATH}"
    calls = ("summary", "revenue?granularity=week")
    return [f'curl -sS --noproxy "*" -H "X-Auth-Token: {key}" "{base}/{call}"' for call in calls]


def _has_no_shops(home: Home) -> bool:
    with connect(home, "preorders_app") as connection:
        return connection.execute("select 1 from app.shops limit 1").fetchone() is None


def load_demo_data(home: Home) -> None:
    """Load the demo's rows into empty tables of the source.

    Raises:
        StackError: they could not be loaded.
    """
    from local.demo import DemoOptions, load_demo

    try:
        with counting("demo data") as progress, connect(home, "preorders_app") as connection:
            connection.autocommit = False
            counts = load_demo(connection, DemoOptions(), progress)
            connection.commit()
    except Exception as problem:
        raise StackError(f"the demo data could not be loaded: {problem}") from problem
    line("demo data", f"{counts.get('orders', 0):,} orders of {counts.get('shops', 0):,} shops")
