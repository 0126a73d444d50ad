"""`preorders lifecycle`: have the object store itself remove old exports."""

import os

import click

from local.environment import settings
from local.errors import StackError
from local.home import Home
from local.home_option import home_option, home_was_given
from local.progress import console


@click.command()
@home_option
def lifecycle(home: Home) -> None:
    """Set the bucket's lifecycle rules: exports for 8 days, unfinished uploads for 1.

    For the home's bucket, or without any home for the one that PREORDERS_S3_BUCKET names.
    """
    from api.exports.object_store import export_bucket, s3_client
    from orchestration.exports.leftovers import StoreFailed
    from orchestration.exports.retention import set_lifecycle_rules

    if home.exists or home_was_given() or "PREORDERS_S3_BUCKET" not in os.environ:
        os.environ.update(settings(home))
    try:
        set_lifecycle_rules(s3_client(), export_bucket())
    except StoreFailed as problem:
        raise StackError(f"{problem}. Without such rules Dagster's job remove_expired_exports does it") from None
    console.print(f"{export_bucket()} keeps exports for 8 days.", markup=False)
