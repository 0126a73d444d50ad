"""A primary, a replica and an API of the engine's own, with many shops: each is an example of what one build does."""

from collections.abc import Iterator

import pytest
from conftest import Stack, run_preorders
from data.awkward import awkward_rows
from data.load import insert_rows
from engine.under_test import Engine

from local.environment import process_environment, settings
from local.home import open_home

COPIES = 4


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Many awkward shops, built in full and published."""
    home = tmp_path_factory.mktemp("engine")
    try:
        run_preorders("up", "--detach", "--only", "primary", "--only", "replica", "--only", "api", home=home)
        opened = open_home(home)
        variables = settings(opened) | {
            name: value for name, value in process_environment(opened).items() if name.startswith("DBT_")
        }
        engine = Engine(Stack(home, variables))
        with engine.stack.primary() as connection:
            insert_rows(connection, awkward_rows(7, orders=500, copies=COPIES))
        engine.build_and_publish()
        yield engine
    finally:
        run_preorders("down", home=home, check=False)
