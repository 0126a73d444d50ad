"""Real servers for the tests: one stack a session, source rows by SQL, builds by Dagster, answers by HTTP."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from data.awkward import awkward_rows
from data.golden import DOMAIN, OTHER_DOMAIN, golden_rows
from data.load import insert_rows
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from local.dagster_graphql import DagsterClient

ROOT = Path(__file__).parents[1]
PREORDERS = [str(Path(sys.executable).with_name("preorders"))]
REPORTS = "/api/v2/external/preorders/reports"
AWKWARD_SEED = 20261123
SCHEDULES = """
query Schedules { repositoriesOrError { ... on RepositoryConnection { nodes { schedules { id } } } } }
"""
STOP_SCHEDULE = """
mutation Stop($id: String!) { stopRunningSchedule(id: $id) {
    ... on ScheduleStateResult { scheduleState { status } }
    ... on PythonError { message }
} }
"""
# The longest first, so that two processes end at about the same time: those of the engine, those that share the stack
# below, and last those that bring their own or need none.
GROUPS = ("engine", "shared", "alone")
ALONE = ("tests/docs/", "tests/local/", "tests/oracle/", "tests/units/")


def run_preorders(*arguments: str, home: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line on a home; its output is shown by pytest if the test fails."""
    done = subprocess.run(
        [*PREORDERS, *arguments, "--home", str(home)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    print(done.stdout, done.stderr, sep="\n")
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass
class Stack:
    """A running stack, and the keys made for its shops."""

    home: Path
    environment: dict[str, str]
    keys: dict[str, str] = field(default_factory=dict)

    def primary(self) -> psycopg.Connection:
        """Connect to the primary as the owner of all schemas."""
        return psycopg.connect(self.environment["PREORDERS_PRIMARY_DSN"])

    def execute(self, statement: str) -> None:
        """Change rows, as the application would, or somebody at psql."""
        with self.primary() as connection:
            connection.execute(statement.encode())

    def build(self, *options: str) -> None:
        """Run the rollup job in Dagster."""
        run_preorders("build", *options, home=self.home)

    def load(self, *sources: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Load rows and build them, unless they are there: the stack may be one that was kept."""
        with self.primary() as connection:
            domain = sources[0]["shops"][0]["domain"]
            if connection.execute("select from app.shops where domain = %s", [domain]).fetchone() is not None:
                return
            for rows in sources:
                insert_rows(connection, rows)
        self.build()

    def key(self, domain: str, *options: str) -> str:
        """Make a key, as a person would."""
        return run_preorders("keys", "create", "--shop", domain, *options, home=self.home).stdout.split()[-1]

    def client(self, domain: str) -> httpx.Client:
        """Return an HTTP client of a shop, below the reports' path."""
        if domain not in self.keys:
            self.keys[domain] = self.key(domain, "--rate-limit", "1000000")
        return self.anonymous(headers={"X-Auth-Token": self.keys[domain]})

    def anonymous(self, **options: Any) -> httpx.Client:
        """Return an HTTP client without a key."""
        return httpx.Client(base_url=self.environment["PREORDERS_API_URL"] + REPORTS, timeout=30, **options)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take a home whose stack is kept from one run to the next."""
    parser.addoption("--home", type=Path, help="run on the stack in this folder, and leave it running")


def group_of(nodeid: str) -> str:
    """Return which tests have to run in the same process as this one."""
    if nodeid.startswith("tests/engine/"):
        return "engine"
    return "alone" if nodeid.startswith(ALONE) else "shared"


class Groups(LoadScopeScheduling):
    """A group goes to one process whole; the process that has nothing left takes the next."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the groups."""
    items.sort(key=lambda item: GROUPS.index(group_of(item.nodeid)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Have `make test` run these groups, in their order."""
    config.option.loadscopereorder = False
    return Groups(config, log)


def _stop_schedules(dagster: DagsterClient) -> None:
    """Leave the tests alone with their faults: a scheduled run would fail of one, or mend what a test looks at."""
    for repository in dagster.ask(SCHEDULES)["repositoriesOrError"]["nodes"]:
        for schedule in repository["schedules"]:
            stopped = dagster.ask(STOP_SCHEDULE, id=schedule["id"])["stopRunningSchedule"]
            assert stopped["scheduleState"]["status"] == "STOPPED", stopped


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """Start everything with empty tables; stop it at the end."""
    kept: Path | None = pytestconfig.getoption("--home")
    home = kept or tmp_path_factory.mktemp("stack")
    os.environ["PREORDERS_CRASH_POINT_FILE"] = str(home / "crash_point")
    try:
        run_preorders("up", "--detach", "--no-demo", home=home)
        lines = run_preorders("env", home=home).stdout.splitlines()
        exported = dict(shlex.split(line)[1].split("=", 1) for line in lines)
        _stop_schedules(DagsterClient(exported["PREORDERS_DAGSTER_URL"]))
        yield Stack(home, exported)
    finally:
        if kept is None:
            run_preorders("down", home=home, check=False)


@pytest.fixture(scope="session")
def built(stack: Stack) -> Stack:
    """Load the golden and the awkward rows and build them, as a merchant's history would be."""
    stack.load(awkward_rows(AWKWARD_SEED), golden_rows())
    return stack


@pytest.fixture
def golden(built: Stack) -> httpx.Client:
    """Return a client of the golden shop."""
    return built.client(DOMAIN)


@pytest.fixture
def empty_shop(built: Stack) -> httpx.Client:
    """Return a client of the shop without orders."""
    return built.client(OTHER_DOMAIN)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_another_stack() -> None:
    """Keep a developer's own stack out of the tests."""
    for name in [name for name in os.environ if name.startswith(("PREORDERS_", "DBT_", "DAGSTER_"))]:
        if name != "PREORDERS_PG_BIN":  # another PostgreSQL, if the tests are to run on it
            del os.environ[name]
