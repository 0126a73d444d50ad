"""The files in which the European Central Bank publishes its reference rates: units of a currency for 1 EUR.

`eurofxref-daily.xml` has the last day, `eurofxref-hist.zip` all days since 1999 as a CSV of one column a currency.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

DAILY_FILE, HISTORY_FILE = "eurofxref-daily.xml", "eurofxref-hist.zip"
_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_NO_RATE = {"", "N/A"}


@dataclass(frozen=True)
class Rate:
    """Units of a currency for 1 EUR, on a day."""

    day: date
    currency: str
    per_eur: Decimal


class NotRates(ValueError):
    """The file is not of the published format; the message says what is wrong with it."""


def read_daily(content: bytes) -> Iterator[Rate]:
    """Yield the rates of the XML file.

    Raises:
        NotRates: it is no such file.
    """
    try:
        days = [cube for cube in ElementTree.fromstring(content).iter(_CUBE) if "time" in cube.attrib]
    except ElementTree.ParseError as error:
        raise NotRates(f"{DAILY_FILE} is no XML: {error}") from None
    if not days:
        raise NotRates(f"{DAILY_FILE} holds no day")
    for day in days:
        for cube in day.iter(_CUBE):
            if "currency" in cube.attrib:
                yield _rate(day.attrib["time"], cube.attrib["currency"], cube.attrib.get("rate", ""))


def read_history(content: bytes) -> Iterator[Rate]:
    """Yield the rates of the zipped CSV file, the newest day first; days without a rate of a currency are left out.

    Raises:
        NotRates: it is no such file.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        with archive.open(archive.namelist()[0]) as file:
            rows = csv.reader(io.TextIOWrapper(file, "ascii"))
            header = [name.strip() for name in next(rows, [])]
            if header[:1] != ["Date"]:
                raise NotRates(f"{HISTORY_FILE} does not begin with the column Date")
            for row in rows:
                for currency, text in zip(header[1:], row[1:], strict=False):
                    if currency and text.strip() not in _NO_RATE:
                        yield _rate(row[0], currency, text)
    except (zipfile.BadZipFile, IndexError, UnicodeDecodeError) as error:
        raise NotRates(f"{HISTORY_FILE} is no zipped CSV: {error}") from None


def _rate(day: str, currency: str, text: str) -> Rate:
    try:
        rate = Rate(date.fromisoformat(day.strip()), currency.strip(), Decimal(text.strip()))
    except (ValueError, InvalidOperation):
        raise NotRates(f"no rate: {day} {currency} {text!r}") from None
    if not (rate.per_eur.is_finite() and rate.per_eur > 0 and len(rate.currency) == 3):
        raise NotRates(f"no rate: {day} {currency} {text!r}")
    return rate
