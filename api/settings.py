"""Settings of the API, read from the environment once at the start."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the API needs to run.

    Attributes:
        primary_dsn, replica_dsn: of the role preorders_api. Keys and the heartbeat are on the primary; every
            report is read from the replica. That one may name several, `postgresql://role:password@one:5432,two:5432/db`:
            one that is lost or lags is left out.
        dagster_url: of Dagster's webserver, which launches exports; None leaves that to the keeper of exports.
        rate_limit_storage: URL of the `limits` library: `memory://` for one process, Valkey or Redis for several.
        refusals_per_minute: how many calls without a valid key an address may make before it is answered 429.
        pool_size: most connections to each server.
        answer_cache_bytes: most memory for answers that are kept; 0 keeps none.
        stale_seconds: from which lag of the replica on answers say that they are stale.
        key_cache_seconds: how long a checked key is trusted, so at most how long a revoked one lives.
    """

    primary_dsn: str
    replica_dsn: str
    dagster_url: str | None = None
    rate_limit_storage: str = "memory://"
    refusals_per_minute: int = 300
    pool_size: int = 10
    answer_cache_bytes: int = 64 * 1024 * 1024
    stale_seconds: float = 30
    key_cache_seconds: float = 30

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings.

        Raises:
            RuntimeError: names the variables that are missing.
        """
        names = ("PREORDERS_API_PRIMARY_DSN", "PREORDERS_API_REPLICA_DSN")
        if missing := [name for name in names if not os.environ.get(name)]:
            raise RuntimeError(f"not set: {', '.join(missing)}; `preorders env` prints them for the local stack")
        return cls(
            primary_dsn=os.environ["PREORDERS_API_PRIMARY_DSN"],
            replica_dsn=os.environ["PREORDERS_API_REPLICA_DSN"],
            dagster_url=os.environ.get("PREORDERS_DAGSTER_URL"),
            rate_limit_storage=os.environ.get("PREORDERS_RATE_LIMIT_STORAGE", cls.rate_limit_storage),
            refusals_per_minute=int(os.environ.get("PREORDERS_REFUSALS_PER_MINUTE", cls.refusals_per_minute)),
            pool_size=int(os.environ.get("PREORDERS_API_POOL_SIZE", cls.pool_size)),
            stale_seconds=float(os.environ.get("PREORDERS_STALE_SECONDS", cls.stale_seconds)),
            key_cache_seconds=float(os.environ.get("PREORDERS_KEY_CACHE_SECONDS", cls.key_cache_seconds)),
            answer_cache_bytes=int(os.environ.get("PREORDERS_API_ANSWER_CACHE_BYTES", cls.answer_cache_bytes)),
        )
