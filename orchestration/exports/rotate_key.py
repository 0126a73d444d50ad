"""The job `rotate_key`, for hands: a shop gets a new key, and those before end after a time.

The key itself never comes here, where configurations and logs are kept: `preorders keys generate` prints it to the
person, with the hash that this job stores.
"""

from uuid import UUID

import dagster as dg
import psycopg
from pydantic import Field

from api.keys import HINT_LENGTH, KeyProblem, rotate_keys
from orchestration.hands import DRY_RUN, ShopId
from orchestration.settings import required


class RotateKeyConfig(dg.Config):
    """Whose key, and by what it is replaced."""

    shop_id: ShopId = Field(min_length=1)
    key_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of `preorders keys generate`; not the key itself.")
    hint: str = Field(min_length=HINT_LENGTH, max_length=HINT_LENGTH, description="The key's first characters.")
    grace_hours: int = Field(default=24, ge=0, le=2160, description="For how long the keys before are taken too.")
    dry_run: bool = DRY_RUN


@dg.op
def rotate_shop_key(context: dg.OpExecutionContext, config: RotateKeyConfig) -> None:
    """Store the new key's hash and let the live ones end."""
    shop_id, key_hash = UUID(config.shop_id), bytes.fromhex(config.key_sha256)
    try:
        with (
            psycopg.connect(required("PREORDERS_SERVICE_DSN"), autocommit=True) as connection,
            connection.transaction(force_rollback=config.dry_run),
        ):
            added, ending = rotate_keys(connection, shop_id, key_hash, config.hint, grace_hours=config.grace_hours)
    except KeyProblem as problem:
        raise dg.Failure(str(problem), allow_retries=False) from None
    would = "would be " if config.dry_run else ""
    for key in ending:
        context.log.info(f"{would}ended at {key.expires_at:%Y-%m-%d %H:%M} UTC: key {key.api_key_id} ({key.hint})")
    context.log.info(f"{would}added: key {added.hint}, with the scopes {', '.join(added.scopes)}")
    if config.dry_run:
        context.log.info("nothing was changed")


@dg.job(
    executor_def=dg.in_process_executor,
    tags={"dagster/max_runtime": "600"},
    description="By hand: give a shop a new key, made by `preorders keys generate`, and let the keys before end.",
)
def rotate_key() -> None:
    """One op."""
    rotate_shop_key()
