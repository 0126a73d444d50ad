"""The contract of a request: every problem of it is found and told in one answer (spec: api.md, Parameters).

Two steps: `decode_query` and `check` need no database; `resolve` compares with what is published.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from api.reports.metrics import Metrics
from api.reports.parameters import (
    GRANULARITY,
    INCLUDE_BALANCES,
    INCLUDE_DEPOSITS,
    MOST_OFFERS,
    PAGE,
    PER_PAGE,
    Parameter,
    Refused,
)
from api.reports.query import FILTER_COLUMNS, Filters, ReportQuery, Shop
from api.reports.report import Report
from api.reports.window import Window, count_buckets

MOST_BUCKETS = 3700
DEFAULT_DAYS = 30
_LONGEST_NAME = 100
_UNREADABLE = object()  # instead of a value that is no UTF-8


class Invalid(Exception):
    """A request with problems; each of `problems` begins with the parameter's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Request:
    """Parameters that are right by themselves, and the problems of the others."""

    report: Report
    values: Mapping[str, Any]
    problems: tuple[str, ...]


def decode_query(parameters: Sequence[Parameter], query_string: bytes) -> tuple[dict[str, Any], list[str]]:
    """Return a query string's parameters as the JSON that they stand for, and what is wrong with the text itself."""
    lists = {parameter.name for parameter in parameters if parameter.is_list}
    decoders = {parameter.name: parameter.decode for parameter in parameters}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for pair in filter(None, query_string.split(b"&")):
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decoded(raw_name, errors="replace"), _decoded_value(raw_value)
        base = name.removesuffix("[]")
        if base in lists:
            is_item = name.endswith("[]") or value is _UNREADABLE
            values.setdefault(base, []).extend([value] if is_item else value.split(","))
        elif name in values and name in decoders:
            problems.append(f"{name} must be given once")
        else:
            values[name] = value if value is _UNREADABLE else decoders.get(name, str)(value)
    return values, problems


def checked_query(owner: str, parameters: Sequence[Parameter], query_string: bytes) -> dict[str, Any]:
    """Return the values of a query string's parameters, none of which depends on another.

    Raises:
        Invalid: with every problem.
    """
    return checked(owner, parameters, *decode_query(parameters, query_string))


def checked(
    owner: str, parameters: Sequence[Parameter], given: Mapping[str, Any], known_problems: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values of parameters given as JSON, none of which depends on another.

    Raises:
        Invalid: with every problem, known ones first.
    """
    values, problems = _parsed(owner, parameters, given)
    if known_problems or problems:
        raise Invalid([*known_problems, *problems])
    return values


def _decoded(raw: bytes, errors: str = "strict") -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode(errors=errors)


def _decoded_value(raw: bytes) -> Any:
    try:
        return _decoded(raw)
    except UnicodeDecodeError:
        return _UNREADABLE


def _shortened(name: str) -> str:
    return name or "(empty)" if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."


def _parsed(owner: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    accepted = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in accepted:
            takes = ", ".join(accepted) or "none"
            problems.append(f"{_shortened(name)} is not a parameter of {owner}; it takes {takes}")
            continue
        if value is _UNREADABLE or (isinstance(value, list) and _UNREADABLE in value):
            problems.append(f"{name} must be UTF-8 text")
            continue
        try:
            values[name] = accepted[name].parse(value)
        except Refused as refusal:
            problems.append(f"{name} {refusal}")
    return values, problems


def check(
    report: Report,
    given: Mapping[str, Any],
    known_problems: Sequence[str] = (),
    parameters: Sequence[Parameter] | None = None,
) -> Request:
    """Check each parameter, and those that go together.

    Args:
        report: the report asked for.
        given: parameters as JSON values.
        known_problems: found while decoding, to be told with the others.
        parameters: those accepted, if not the report's alone.
    """
    values, problems = _parsed(report.name, parameters or report.parameters, given)
    problems = [*known_problems, *problems]
    for name, other in (("from", "to"), ("to", "from")):
        if name not in given and other in given:
            problems.append(f"{name} must be given together with {other}")
    if "from" in values and "to" in values and values["from"] > values["to"]:
        problems.append("from must not be after to")
    if report.needs_offers and not {"offer_id", "offer_ids"} & given.keys():
        problems.append(f"offer_id is required: {report.name} needs offer_id or offer_ids")
    if not INCLUDE_DEPOSITS.among(values) and not INCLUDE_BALANCES.among(values):
        problems.append("include_deposits or include_balances must be true")
    if len(_offers(values)) > MOST_OFFERS:
        problems.append(f"offer_ids must name at most {MOST_OFFERS} offers, offer_id among them")
    return Request(report, values, tuple(problems))


def _offers(values: Mapping[str, Any]) -> tuple[UUID, ...]:
    single = (values["offer_id"],) if "offer_id" in values else ()
    return tuple(dict.fromkeys((*single, *values.get("offer_ids", ()))))


def offers_named(request: Request) -> tuple[UUID, ...]:
    """Return the offers that the request names, each once."""
    return _offers(request.values)


def resolve(request: Request, shop: Shop, metrics: Metrics, known_offers: Collection[UUID]) -> ReportQuery:
    """Return the query for a shop.

    Args:
        request: checked.
        shop, metrics: as published.
        known_offers: those of `offers_named` that are this shop's.

    Raises:
        Invalid: with every problem, those of `check` too.
    """
    values = request.values
    problems = list(request.problems)
    for offer in offers_named(request):
        if offer not in known_offers:
            problems.append(f"offer_ids contains an unknown offer: {offer}")
    currency = values.get("currency", shop.currency)
    if currency not in shop.currencies:
        problems.append(f"currency must be one of: {', '.join(sorted(shop.currencies))}")
    chosen = values.get("metrics")
    if chosen is not None and not set(chosen) <= set(metrics.names):
        problems.append(f"metrics must be among: {', '.join(metrics.names)}")
    window = Window(values.get("from", shop.today - timedelta(days=DEFAULT_DAYS - 1)), values.get("to", shop.today))
    granularity = GRANULARITY.among(values)
    has_window = ("from" in values) == ("to" in values)  # else one of them was refused already
    if request.report.has_series and has_window and count_buckets(window, granularity) > MOST_BUCKETS:
        problems.append(
            f"from and to span {count_buckets(window, granularity)} buckets by {granularity}; at most {MOST_BUCKETS}"
        )
    if problems:
        raise Invalid(problems)
    return ReportQuery(
        shop=shop,
        metrics=metrics,
        window=window,
        currency=currency,
        filters=Filters(offers_named(request), **{name: values.get(name) for name in FILTER_COLUMNS}),
        granularity=granularity,
        chosen_metrics=metrics.in_order(chosen) if chosen is not None else None,
        include_deposits=INCLUDE_DEPOSITS.among(values),
        include_balances=INCLUDE_BALANCES.among(values),
        page=PAGE.among(values),
        per_page=PER_PAGE.among(values),
    )
