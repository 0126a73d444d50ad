"""What a caller may choose about the demo data."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# Launches keep a week clear of both ends and need room between them.
FEWEST_DAYS = 30


@dataclass(frozen=True)
class DemoOptions:
    """The same options, with `until` given, yield the same rows byte for byte.

    seed: changes every draw, but not the shops' ids.
    shops: number of shops; their currencies repeat the cycle USD, EUR, JPY, KWD.
    orders: number of orders over all shops; the first shop has about half of them.
    days: length of the history, in days.
    until: the last day of the history, in UTC; None is today. A day that isn't over yet ends with its last
        full hour, so today's rows, and only today's, depend on the clock.
    """

    seed: int = 1
    shops: int = 4
    orders: int = 20_000
    days: int = 540
    until: date | None = None

    def __post_init__(self) -> None:
        if self.shops < 1:
            raise ValueError(f"shops is {self.shops}: give 1 or more")
        if self.orders < self.shops:
            raise ValueError(f"orders is {self.orders}: give at least one for each of {self.shops} shops")
        if self.days < FEWEST_DAYS:
            raise ValueError(f"days is {self.days}: give {FEWEST_DAYS} or more")
        if not -(2**63) <= self.seed < 2**63:
            raise ValueError(f"seed is {self.seed}: it must fit into 64 bits")

    @property
    def last_day(self) -> date:
        """The last UTC day of the history."""
        return self.until or datetime.now(UTC).date()

    @property
    def first_day(self) -> date:
        """The day of the first launch, and so of the first order, in the shops' own timezones."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def horizon(self) -> datetime:
        """The instant after which nothing has happened yet, in UTC."""
        this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        return min(datetime.combine(self.last_day + timedelta(days=1), time(), UTC), this_hour)
