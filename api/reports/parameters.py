"""Parameters of the reports: what each accepts, as JSON Schema and as a check (spec: api.md, Parameters).

One definition serves a read's query string, an export's JSON body, `/help` and OpenAPI.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from api.reports.window import GRANULARITIES

INT64_MAX = 2**63 - 1
_LONGEST_TEXT = 200
# The heartbeat comes every second: asked for less, a replica would be refused now and then though all is well.
_LEAST_MAX_LAG = 5
_LONGEST_MAX_LAG = 86_400
MOST_OFFERS = 500
YEARS = range(2000, 2101)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INTEGER = re.compile(r"-?[0-9]{1,19}")


class Refused(ValueError):
    """A value that its parameter doesn't accept; the text says what it does accept, without the name."""


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: in a query string and in a JSON body.
        description: for people.
        schema: its JSON Schema.
        parse: checks a value of JSON and returns what the query needs; raises Refused.
        decode: turns the text of a query string into the value of JSON that it stands for.
    """

    name: str
    description: str
    schema: dict[str, Any]
    parse: Callable[[Any], Any]
    decode: Callable[[str], Any] = str

    @property
    def is_list(self) -> bool:
        """Whether it may be repeated as `name[]`."""
        return bool(self.schema["type"] == "array")

    @property
    def default(self) -> Any:
        """What it is where it isn't given; None if nothing stands for that."""
        return self.schema.get("default")

    def among(self, values: Mapping[str, Any]) -> Any:
        """Return its value among those given, or its default."""
        return values.get(self.name, self.default)


def parameters_schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the JSON Schema of an object of these parameters, all of them optional."""
    properties = {one.name: {**one.schema, "description": one.description} for one in parameters}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Refused("must be a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise Refused("must be a day that exists, as YYYY-MM-DD") from None
    if day.year not in YEARS:
        raise Refused(f"must lie in the years {YEARS[0]} to {YEARS[-1]}")
    return day


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Refused("must be a UUID, such as 1b4e28ba-2fa1-41d2-883f-0016d3cca427")
    return UUID(value)


def _uuids(value: Any) -> tuple[UUID, ...]:
    if not isinstance(value, list) or not value:
        raise Refused("must be a list of UUIDs, not empty")
    if len(value) > MOST_OFFERS:
        raise Refused(f"must name at most {MOST_OFFERS} offers")
    return tuple(map(_uuid, value))


def _integer(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("must be an integer")
        if not least <= value <= most:
            raise Refused(f"must be an integer from {least} to {most}")
        return value

    return parse


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused("must be true or false")
    return value


def _choice(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Refused(f"must be one of: {', '.join(choices)}")
        return value

    return parse


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\0" in value:  # PostgreSQL keeps no NUL
        raise Refused(f"must be text of at most {_LONGEST_TEXT} characters, none of them NUL")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Refused("must be a list of names, not empty")
    return tuple(map(_text, value))


def _decode_integer(text: str) -> int | str:
    return int(text) if _INTEGER.fullmatch(text) else text


def _decode_boolean(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


def _integer_parameter(name: str, description: str, least: int, most: int = INT64_MAX, **schema: Any) -> Parameter:
    return Parameter(
        name,
        description,
        {"type": "integer", "minimum": least, "maximum": most, **schema},
        _integer(least, most),
        _decode_integer,
    )


def _boolean_parameter(name: str, description: str) -> Parameter:
    return Parameter(name, description, {"type": "boolean", "default": True}, _boolean, _decode_boolean)


def choice_parameter(name: str, description: str, choices: tuple[str, ...]) -> Parameter:
    """Return a parameter of which one of the choices must be given; the first is the default."""
    return Parameter(
        name, description, {"type": "string", "enum": list(choices), "default": choices[0]}, _choice(choices)
    )


_DAY_SCHEMA = {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$|^2100-[0-9]{2}-[0-9]{2}$"}
_UUID_SCHEMA = {"type": "string", "format": "uuid"}

FROM = Parameter(
    "from",
    "First local day of the window. Given with `to` or not at all; by default the last 30 days.",
    _DAY_SCHEMA,
    _day,
)
TO = Parameter("to", "Last local day of the window, included.", _DAY_SCHEMA, _day)
OFFER_ID = Parameter("offer_id", "Scope to a single offer.", _UUID_SCHEMA, _uuid)
OFFER_IDS = Parameter(
    "offer_ids",
    f"Scope to several offers, up to {MOST_OFFERS}: offer_ids=a,b or offer_ids[]=a&offer_ids[]=b in a query.",
    {"type": "array", "items": _UUID_SCHEMA, "minItems": 1, "maxItems": MOST_OFFERS},
    _uuids,
)
CURRENCY = Parameter(
    "currency",
    "Reporting currency: the shop's own (the default), or one of its reporting currencies.",
    {"type": "string", "pattern": "^[A-Z]{3}$"},
    _text,
)
MAX_LAG = _integer_parameter(
    "max_lag",
    "Most seconds that the numbers may lag behind what was published (freshness.replica_lag_seconds); beyond it the"
    " answer is 503. By default stale numbers are told, and say so.",
    _LEAST_MAX_LAG,
    _LONGEST_MAX_LAG,
)
SCOPE = (FROM, TO, OFFER_ID, OFFER_IDS, CURRENCY, MAX_LAG)
LINE_FILTERS = (
    _integer_parameter("product_id", "Scope to a single product.", -INT64_MAX - 1),
    _integer_parameter("variant_id", "Scope to a single variant.", -INT64_MAX - 1),
    _integer_parameter("market_id", "Scope to a single market.", -INT64_MAX - 1),
)
GRANULARITY = choice_parameter(
    "granularity", "Size of the series' buckets: local days, weeks from Monday, or calendar months.", GRANULARITIES
)
INCLUDE_DEPOSITS = _boolean_parameter("include_deposits", "Whether the deposit portion of each line counts as revenue.")
INCLUDE_BALANCES = _boolean_parameter("include_balances", "Whether the balance portion of each line counts as revenue.")
BY_DATE_METRICS = Parameter(
    "metrics",
    "Metrics to compute; by default all. metrics=a,b or metrics[]=a&metrics[]=b in a query.",
    {"type": "array", "items": {"type": "string"}, "minItems": 1},
    _texts,
)
PAGE = _integer_parameter("page", "Page of the list, from 1.", 1, default=1)
PER_PAGE = _integer_parameter("per_page", "Rows on a page.", 1, 200, default=50)
PAGING = (PAGE, PER_PAGE)
PREFIX = Parameter("prefix", "Path below which actions are shown.", {"type": "string"}, _text)


def rows_before(page: int, per_page: int) -> int:
    """Return the number of rows before a page, at most what PostgreSQL can skip."""
    return min((page - 1) * per_page, INT64_MAX)
