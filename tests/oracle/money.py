"""Amounts and conversion: metrics.md, section "Money and currencies".

An amount is either an int in minor units of its currency or a `NoRate`, which remembers the day
whose exchange rate is missing. A `NoRate` becomes an error only where a report shows it.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

CARRY_DAYS = 7

_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENT = {code: digits for digits, codes in _EXPONENTS.items() for code in codes.split()}


class MissingRate(Exception):
    """A shown amount depends on an exchange rate that does not exist (answered as 503)."""

    def __init__(self, currency: str, day: date):
        super().__init__(f"no exchange rate for a report in {currency} on {day}")
        self.currency = currency
        self.day = day


class NoRate:
    """Stands in for an amount that cannot be converted, for want of a rate on `day`."""

    __slots__ = ("day",)

    def __init__(self, day: date):
        self.day = day


Amount = int | NoRate


def exponent(currency: str) -> int:
    return EXPONENT.get(currency, 2)


def round_half_up(value: Fraction) -> int:
    """To the nearest integer; a half goes away from zero."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -magnitude if value < 0 else magnitude


def text(minor: int, currency: str) -> str:
    """Decimal text with exactly the currency's ISO 4217 digits."""
    digits = exponent(currency)
    sign, figures = ("-" if minor < 0 else ""), str(abs(minor)).rjust(digits + 1, "0")
    return sign + (f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures)


def add(amounts: Iterable[Amount], missing: set[date]) -> int:
    """The sum; days without a rate are put into `missing`, for the report to raise."""
    total = 0
    for amount in amounts:
        if isinstance(amount, NoRate):
            missing.add(amount.day)
        else:
            total += amount
    return total


class Converter:
    """Converts major-unit decimals into minor units of any currency, at the rate of a day."""

    def __init__(self, fx_rates: list[dict]):
        self._per_eur = {(row["currency"], row["rate_date"]): Fraction(row["per_eur"]) for row in fx_rates}
        self._quotients: dict[tuple[str, str, date], Fraction | None] = {}

    def per_eur(self, currency: str, day: date) -> Fraction | None:
        """The latest rate from `day` or at most 7 days before it. EUR is 1."""
        if currency == "EUR":
            return Fraction(1)
        for back in range(CARRY_DAYS + 1):
            rate = self._per_eur.get((currency, day - timedelta(days=back)))
            if rate is not None:
                return rate
        return None

    def _quotient(self, source: str, target: str, day: date) -> Fraction | None:
        if source == target:
            return Fraction(1)
        key = (source, target, day)
        if key not in self._quotients:
            # Each of the two rates is carried forward on its own.
            above, below = self.per_eur(target, day), self.per_eur(source, day)
            self._quotients[key] = None if above is None or below is None else above / below
        return self._quotients[key]

    def convert(self, amount: Decimal, source: str, target: str, day: date) -> Amount:
        """Exactly amount x per_eur(target) / per_eur(source), rounded once."""
        if amount == 0:
            return 0
        quotient = self._quotient(source, target, day)
        if quotient is None:
            return NoRate(day)
        return round_half_up(Fraction(amount) * quotient * 10 ** exponent(target))
