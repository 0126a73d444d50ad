"""What the jobs for hands share: fields of their configuration that are checked when a run is launched."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field


def _uuid(text: str) -> str:
    return str(UUID(text)) if text else ""


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat() if text else ""


# Dagster's configuration knows texts and numbers alone; an empty text means "all" or "any".
ShopId = Annotated[str, AfterValidator(_uuid)]
Day = Annotated[str, AfterValidator(_day)]
DRY_RUN = Field(default=True, description="Only tell what would be done. Set to false to do it.")


def as_uuid(text: str) -> UUID | None:
    """Return the id, or None for an empty text."""
    return UUID(text) if text else None
