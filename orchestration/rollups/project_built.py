"""Whether the views of `analytics` are those of this project: then a build need not make them again.

Whatever runs dbt clears the note (macro create_build_state), so a build by hand, of another revision or half-done,
only costs the next one the time to make all views.
"""

import psycopg

# What a build has to do while the project is the same: views and seeds stay as they are.
WHAT_MOVES = ("config.materialized:table", "config.materialized:incremental", "resource_type:test")


def is_built(connection: psycopg.Connection, digest: str) -> bool:
    """Return whether the last build left all views of the project with that digest."""
    if connection.execute("select to_regclass('analytics.project_built')").fetchone() == (None,):
        return False
    found = connection.execute("select from analytics.project_built where digest = %s", (digest,)).fetchone()
    return found is not None


def remember_built(connection: psycopg.Connection, digest: str) -> None:
    """Note that all views of the project are there."""
    connection.execute("insert into analytics.project_built (digest) values (%s) on conflict do nothing", (digest,))
