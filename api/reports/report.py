"""A report: its parameters and the blocks of its answer."""

from dataclasses import dataclass
from typing import Any

from api.reports.blocks import Block
from api.reports.metrics import Metrics
from api.reports.parameters import Parameter, parameters_schema
from api.reports.query import FILTER_COLUMNS
from api.reports.rollups import choose_rollup


@dataclass(frozen=True, eq=False)
class Report:
    """One report of the catalog.

    Attributes:
        name: last part of its path.
        description, aliases, notes: for people and for search.
        parameters: those it accepts; any other is refused.
        blocks: of its answer, in order.
        exported: key of the block that a CSV holds.
        echoes: parameters that the answer repeats.
        needs_offers: whether an offer scope is required.
    """

    name: str
    description: str
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    blocks: tuple[Block, ...]
    exported: str
    echoes: tuple[str, ...] = ()
    needs_offers: bool = False
    notes: str | None = None

    def __post_init__(self) -> None:
        """Refuse a report that could not be answered.

        Raises:
            ValueError: says what to mend.
        """
        if unknown := set(self.echoes) - {parameter.name for parameter in self.parameters}:
            raise ValueError(f"{self.name}: echoes must be among its parameters, {', '.join(unknown)} are not")
        keys = [block.key for block in self.blocks]
        if self.exported not in keys:
            raise ValueError(f"{self.name}: exported must be one of its blocks, {', '.join(keys)}")
        for block in self.blocks:
            if block.has_rows and not block.order:
                raise ValueError(f"{self.name}.{block.key}: rows need an order, a total one")
            filters = {parameter.name for parameter in self.parameters} & {"offer_id", *FILTER_COLUMNS}
            try:
                choose_rollup(block.grouping.dimensions | filters)
            except ValueError as error:
                raise ValueError(f"{self.name}.{block.key}: {error}; add one, or take the parameter out") from error

    @property
    def exported_block(self) -> Block:
        """The block that a CSV holds."""
        return next(block for block in self.blocks if block.key == self.exported)

    @property
    def exports_persons(self) -> bool:
        """Whether a CSV tells who customers are."""
        block = self.exported_block
        return any(column.is_personal for column in (*block.columns.values(), *block.trailing_columns.values()))

    @property
    def has_series(self) -> bool:
        """Whether the answer has a row for each bucket of the window."""
        return any(block.grouping.is_series for block in self.blocks)

    def request_schema(self, metrics: Metrics) -> dict[str, Any]:
        """Return the JSON Schema of a request: a read's parameters or an export's body."""
        schema = parameters_schema(self.parameters)
        if metrics.names and "metrics" in schema["properties"]:
            schema["properties"]["metrics"]["items"] = {"type": "string", "enum": list(metrics.names)}
        if self.needs_offers:
            schema["anyOf"] = [{"required": ["offer_id"]}, {"required": ["offer_ids"]}]
        schema["dependentRequired"] = {"from": ["to"], "to": ["from"]}
        return schema
