"""The schema `service`, as numbered SQL files; the local stack applies them at every start."""

from urllib.parse import urlsplit

from yoyo import get_backend, read_migrations


def migrate(dsn: str) -> list[str]:
    """Apply the migrations that are missing, in order, and return their names.

    Args:
        dsn: `postgresql://..`, connecting as the role that owns the schema `service`.
    """
    separator = "&" if urlsplit(dsn).query else "?"
    backend = get_backend(f"postgresql+psycopg://{dsn.split('://', 1)[1]}{separator}schema=service")
    try:
        # By file ending, because yoyo takes this module for a migration too.
        migrations = read_migrations("package:api:migrations").filter(lambda one: one.path.endswith(".sql"))
        with backend.lock(timeout=60):
            missing = backend.to_apply(migrations)
            backend.apply_migrations(missing)
        return [migration.id for migration in missing]
    finally:
        backend.connection.close()
