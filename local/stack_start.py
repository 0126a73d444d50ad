"""The order in which the parts start, and what each needs before."""

import contextlib
import time
from collections.abc import Collection, Iterator

import httpx

from local.dagster_files import write_dagster_files
from local.dagster_graphql import CodeNotLoaded, DagsterClient
from local.database_folder import binaries_of, prepare_database_folder
from local.database_setup import has_dagster_tables, set_up_databases
from local.environment import dagster_url, process_environment
from local.errors import PartFailed, StackError
from local.home import Home
from local.object_store import object_store_environment, prepare_object_store
from local.parts import PARTS, Modules, programs
from local.ports import PortClaims, choose_ports, claim_ports
from local.postgres import connect, follows, prepare_primary, prepare_replica
from local.processes import ports_of_others, stop_leftovers
from local.progress import line, step
from local.readiness import await_data, readiness_check, wait_until_ready
from local.supervision import Supervisor


class StackStart:
    """One start of the stack: what runs already is left alone."""

    def __init__(self, home: Home, wanted: Collection[str], claims: PortClaims, modules: Modules) -> None:
        self.home = home
        self.supervisor = Supervisor(home)
        self.wanted = wanted
        self.claims = claims
        self.was_running = self.supervisor.pid is not None
        if not self.was_running:
            stop_leftovers(home)
            choose_ports(home, claims, ports_of_others(home))
        with _blamed(home, "primary"):
            self.folder = prepare_database_folder(home)
            self.binaries = binaries_of(home)
        self.modules = modules

    def run(self) -> None:
        """Start the wanted parts, each one after those it needs."""
        home = self.home
        if not self.was_running:
            write_dagster_files(home)
            prepare_object_store(home)
            parts = programs(home, self.binaries, self.folder, self.modules)
            self.supervisor.launch(parts, {**process_environment(home), **object_store_environment(home)})
        began = time.time()
        up = {part for part, state in self.supervisor.states().items() if state.is_up}
        to_start = [part for part in PARTS if part in self.wanted and part not in up]
        if self.was_running:
            claim_ports(home, to_start, self.claims)
        if "primary" in to_start:
            self._start_primary()
        if "replica" in to_start:
            self._start_replica()
        if "exports" in to_start and not has_dagster_tables(home):
            # Alone at the first start: two code servers that make Dagster's tables at once get in each
            # other's way.
            self._start_together(["exports"])
            to_start.remove("exports")
        self._start_together(
            [part for part in ("s3", "rollups", "exports", "exports-worker", "api") if part in to_start]
        )
        # The worker after its code server, which has parsed the dbt project by then.
        self._start_together([part for part in ("rollups-worker", "webserver", "daemon") if part in to_start], began)

    def _start_primary(self) -> None:
        home = self.home
        with step("primary", self._address("primary")), _blamed(home, "primary"):
            prepare_primary(home, self.binaries, self.folder)
            self.supervisor.start("primary")

            def check() -> None:
                connect(home, "preorders", database="postgres").close()

            wait_until_ready(home, "primary", check, 120)
            set_up_databases(home, self.binaries)

    def _start_replica(self) -> None:
        home = self.home
        with step("replica", self._address("replica")), _blamed(home, "replica"):
            prepare_replica(home, self.binaries, self.folder)
            self.supervisor.start("replica")
            try:
                wait_until_ready(home, "replica", lambda: follows(home), 45)
            except PartFailed:
                # Too far behind, or of another primary: a fresh copy costs seconds.
                line("replica", "cannot follow the primary; copying it anew")
                self.supervisor.stop("replica")
                prepare_replica(home, self.binaries, self.folder, anew=True)
                self.supervisor.start("replica")
                wait_until_ready(home, "replica", lambda: follows(home), 60)

    def _start_together(self, parts: list[str], began: float = 0.0) -> None:
        for part in parts:
            self.supervisor.start(part)
        for part in parts:
            with step(part, self._address(part)):
                try:
                    wait_until_ready(self.home, part, readiness_check(self.home, part, began), 120)
                except CodeNotLoaded as problem:
                    log = self.home.log_of(problem.location)
                    raise PartFailed(problem.location, str(problem), log) from None
                if part == "api":
                    await_data(self.home)
                if part == "webserver":
                    with contextlib.suppress(StackError, httpx.HTTPError):
                        DagsterClient(dagster_url(self.home)).hide_welcome()

    def _address(self, part: str) -> str:
        port = self.home.ports.get(part)
        return f"127.0.0.1:{port}" if port else ""


@contextlib.contextmanager
def _blamed(home: Home, part: str) -> Iterator[None]:
    try:
        yield
    except PartFailed:
        raise
    except Exception as problem:
        raise PartFailed(part, str(problem).strip(), home.log_of(part)) from problem
