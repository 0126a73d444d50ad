"""One build at a time: a lock in the database that a run holds from its first step to its last."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

from orchestration.settings import required

_LOCK_NAME = "preorders build"


class BuildLock(dg.ConfigurableResource["BuildLock"]):
    """Held by the run's connection: the server frees it when the run's process dies, and with its own end.

    A run that goes on after the primary has restarted is without it; that another one has begun meanwhile, dbt's own
    guard sees (`refuse_if_another_began`).
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["BuildLock"]:
        """Take the lock, or end the run.

        Raises:
            dg.Failure: another build holds it.
        """
        with psycopg.connect(publisher_dsn(), autocommit=True) as connection:
            taken = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (_LOCK_NAME,)).fetchone()
            if taken != (True,):
                raise dg.Failure("another build is running; start this one again when it has ended")
            yield self


def publisher_dsn() -> str:
    """Return the connection string of the role that owns `reports`, on the primary.

    Raises:
        RuntimeError: PREORDERS_PUBLISHER_DSN is not set.
    """
    return required("PREORDERS_PUBLISHER_DSN")
