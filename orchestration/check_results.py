"""What a check says: what it found, and to whoever sees it red, what to do."""

from typing import Any

import dagster as dg

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
# Of what there may be thousands of.
ROWS_SHOWN = 50


def check_result(
    found: str, *, to_do: str, severity: dg.AssetCheckSeverity | None, metadata: dict[str, Any]
) -> dg.AssetCheckResult:
    """Return a check's result.

    Args:
        found: the finding as a sentence, without its full stop.
        to_do: what mends it, shown if it failed.
        severity: of the failure; None if the check has passed.
        metadata: figures, which Dagster plots over time.
    """
    if severity is None:
        return dg.AssetCheckResult(passed=True, description=found, metadata=metadata)
    return dg.AssetCheckResult(
        passed=False,
        severity=severity,
        description=f"{found}. To do: {to_do}",
        metadata={**metadata, "to_do": dg.MetadataValue.text(to_do)},
    )


def graded(value: float, *, warn_above: float, error_above: float) -> dg.AssetCheckSeverity | None:
    """Return how bad a value is; None if it is well."""
    if value > error_above:
        return ERROR
    return WARN if value > warn_above else None


def as_markdown(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dg.MarkdownMetadataValue:
    """Return rows as a table."""
    lines = (header, ("---",) * len(header), *rows)
    return dg.MetadataValue.md("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
