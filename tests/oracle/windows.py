"""Windows and buckets: metrics.md, section "The ledger"; api.md, "Parameters" and "Series"."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Bucket:
    label: date  # the bucket's first day, even one before the window
    first: date  # clipped to the window
    last: date
    partial: bool

    def shown(self) -> dict:
        return {
            "bucket": self.label.isoformat(),
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "partial": self.partial,
        }


def window(params: dict, today: date) -> tuple[date, date]:
    """The window asked for; without one, the 30 days that end today."""
    if params.get("from") is None:
        return today - 29 * DAY, today
    return _date(params["from"]), _date(params["to"])


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def label(day: date, granularity: str) -> date:
    """The first day of the bucket that holds `day`; weeks start on Monday."""
    if granularity == "week":
        return day - day.weekday() * DAY
    return day.replace(day=1) if granularity == "month" else day


def _last_day(first: date, granularity: str) -> date:
    if granularity == "week":
        return first + 6 * DAY
    return first.replace(day=monthrange(first.year, first.month)[1]) if granularity == "month" else first


def buckets(first: date, last: date, granularity: str) -> list[Bucket]:
    """Every bucket of the window, in order."""
    found = []
    start = label(first, granularity)
    while start <= last:
        end = _last_day(start, granularity)
        clipped = start < first or end > last
        found.append(Bucket(start, max(start, first), min(end, last), clipped))
        start = end + DAY
    return found


def instant(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    if value is None:
        return None
    value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat(timespec="microseconds" if value.microsecond else "seconds") + "Z"
