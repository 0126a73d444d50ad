"""How to build: the configuration of dbt's models, for the schedules and for hands."""

import dagster as dg
from pydantic import Field, model_validator

from orchestration.hands import Day, ShopId, as_uuid
from orchestration.rollups.rebuilding import Rebuilding


class BuildConfig(dg.Config):
    """How to build."""

    full_refresh: bool = Field(default=False, description="From all source rows, instead of from the changed orders.")
    rebuild: bool = Field(
        default=False, description="Beside what changed, compute anew the orders of a shop, of a window, or of both."
    )
    shop_id: ShopId = Field(default="", description="Rebuild this shop's orders; empty: every shop's.")
    first_day: Day = Field(
        default="", description="Rebuild orders with an entry on this local day (YYYY-MM-DD) or later; empty: any."
    )
    last_day: Day = Field(default="", description="And on this local day or earlier; empty: any.")
    dry_run: bool = Field(default=False, description="Only tell what would be computed anew.")

    @model_validator(mode="after")
    def _is_meant(self) -> "BuildConfig":
        if not self.rebuild and (self.shop_id or self.first_day or self.last_day):
            raise ValueError("shop_id, first_day and last_day choose what to rebuild: set rebuild to true")
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValueError(f"first_day {self.first_day} is after last_day {self.last_day}")
        return self

    @property
    def chosen(self) -> Rebuilding:
        """The orders that a rebuild would compute anew; with full_refresh that is all of them."""
        return Rebuilding(as_uuid(self.shop_id), self.first_day or None, self.last_day or None)
