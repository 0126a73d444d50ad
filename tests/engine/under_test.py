"""Building and publishing in this process: a Dagster run costs ten seconds more."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import ROOT, Stack
from dbt.cli.main import dbtRunner

from orchestration.rollups.dbt_project import PublishedModel, project_digest, published_models
from orchestration.rollups.project_built import WHAT_MOVES, is_built, remember_built
from orchestration.rollups.publish import Publication, publish
from orchestration.rollups.removed_metrics import removed_columns


class BuildFailed(Exception):
    """dbt failed."""


@dataclass(repr=False)
class Engine:
    """What builds and publishes, on a stack without Dagster."""

    stack: Stack
    project: Path = ROOT / "dbt_project"
    manifest: Any = None

    def build(self, *options: str) -> None:
        """Run dbt as a scheduled build does."""
        digest = project_digest(self.project)
        with self.stack.primary() as connection:
            selected = ["--select", *WHAT_MOVES] if not options and is_built(connection, digest) else []
        with self.settings():
            command = ["--quiet", "--log-level-file", "none", "build", "--exclude-resource-type", "unit_test"]
            done = dbtRunner(manifest=self.parsed()).invoke(
                [*command, "--no-write-json", *self._folders(), *options, *selected]
            )
        if done.success and "--select" not in options:
            with self.stack.primary() as connection:
                remember_built(connection, digest)
        if not done.success:
            broken = [node for node in getattr(done.result, "results", []) if node.status in ("error", "fail")]
            raise BuildFailed(done.exception or "; ".join(f"{node.node.name}: {node.message}" for node in broken))

    def start_build(self, *options: str) -> multiprocessing.Process:
        """Start a build in a process of its own, to be killed."""
        self.parsed()
        process = multiprocessing.get_context("fork").Process(target=self._build_quietly, args=options)
        process.start()
        return process

    def publish(self, every_row: bool = False) -> Publication:
        """Publish what is built."""
        with psycopg.connect(self.stack.environment["PREORDERS_PUBLISHER_DSN"], autocommit=True) as connection:
            return publish(connection, self.models, removed_columns(self.parsed().to_dict()), every_row)

    def build_and_publish(self, *options: str) -> Publication:
        self.build(*options)
        return self.publish()

    def await_replica(self) -> None:
        """Wait until the replica shows what the primary has committed."""
        with (
            self.stack.primary() as primary,
            psycopg.connect(self.stack.environment["PREORDERS_REPLICA_DSN"]) as replica,
        ):
            replica.autocommit = True
            row = primary.execute("select pg_current_wal_lsn()::text").fetchone()
            assert row is not None
            for _ in range(200):
                if replica.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", row).fetchone() == (True,):
                    return
                time.sleep(0.05)
        raise AssertionError("the replica does not follow")

    def execute(self, statement: str) -> None:
        """Run a statement on the primary, and commit."""
        self.stack.execute(statement)

    def scalar(self, query: str) -> Any:
        """The first column of a query's first row."""
        with self.stack.primary() as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def shown(self) -> dict[str, Any]:
        """The build that each shop shows."""
        query = "select shop_id::text, build_id, as_of, built_at from reports.shop_builds"
        with self.stack.primary() as connection:
            rows = connection.execute(query).fetchall()
        return {shop: {"build_id": build, "as_of": as_of, "built_at": built} for shop, build, as_of, built in rows}

    def served_rows(self, shop_id: str) -> dict[str, list[Any]]:
        """Everything that is served of a shop, by table."""
        with self.stack.primary() as connection:
            return {
                model.name: connection.execute(
                    f"select * from reports.{model.name} where shop_id = '{shop_id}' order by {', '.join(model.grain)}"
                ).fetchall()
                for model in self.models
                if model.is_per_shop
            }

    @property
    def models(self) -> list[PublishedModel]:
        """The published models of the project."""
        return published_models(self.parsed().to_dict())

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Let dbt see the stack's settings."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.stack.environment.items():
                patch.setenv(name, value)
            if self.project != ROOT / "dbt_project":  # dbt would take one project for an edit of the other
                patch.setenv("DBT_TARGET_PATH", str(self.project.parent / "target"))
            yield

    def parsed(self) -> Any:
        """The project's manifest."""
        if self.manifest is None:
            with self.settings():
                parsed = dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse", *self._folders()])
            if not parsed.success:
                raise BuildFailed(parsed.exception)
            self.manifest = parsed.result
        return self.manifest

    def _build_quietly(self, *options: str) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        self.build(*options)

    def _folders(self) -> list[str]:
        return ["--project-dir", str(self.project), "--profiles-dir", str(ROOT), "--target", "served"]
