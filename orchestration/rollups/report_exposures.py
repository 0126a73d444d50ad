"""The reports, as dbt's exposures tell of them: what the assets are for, with links to the API's page."""

import dagster as dg

from orchestration.rollups.dbt_models import MANIFEST, OWNERS

REPORT_ASSETS = [
    dg.AssetSpec(
        ["reports", exposure["name"]],
        # as it is read; which models that takes, dbt's own documentation shows
        deps=["reports_replica"],
        group_name="reports",
        kinds={"api"},
        owners=OWNERS,
        description=exposure["description"],
        metadata={"parameters": dg.MetadataValue.url(exposure["url"])},
    )
    for exposure in MANIFEST["exposures"].values()
]
