"""`make docs`: dbt's exposures, one for each report of the registry, with the models that its statements read."""

from typing import Any

import yaml

from api.reports.metrics import Metrics
from api.reports.registry import REPORTS
from api.reports.report import Report
from api.reports.tables import tables_of_report
from local.metric_pages import MODELS, defined_metrics
from local.ports import PREFERRED_PORTS

EXPOSURES = MODELS / "exposures.yml"
_GENERATED = "# Written by `make docs` from the reports of api/reports/registry.py: edit that.\n"
_URL = f"{{{{ env_var('PREORDERS_API_URL', 'http://127.0.0.1:{PREFERRED_PORTS['api']}') }}}}/docs"
_OWNER = {"name": "Data team", "email": "data@preorders.example"}


def main() -> None:
    """Write the exposures."""
    EXPOSURES.write_text(exposures())


def exposures() -> str:
    """Return the file's text."""
    metrics = defined_metrics()
    told = [_exposure(report, metrics) for report in REPORTS.values()]
    text: str = yaml.safe_dump({"exposures": told}, sort_keys=False, width=1000)
    return _GENERATED + text


def _exposure(report: Report, metrics: Metrics) -> dict[str, Any]:
    return {
        "name": report.name,
        "label": report.name,
        "type": "application",
        "description": report.description,
        "url": _URL,
        "owner": dict(_OWNER),
        "depends_on": [f"ref('{model}')" for model in _models_read(report, metrics)],
    }


def _models_read(report: Report, metrics: Metrics) -> list[str]:
    models = {file.stem for file in MODELS.rglob("*.sql")}
    # every request is resolved by the definitions; who builds what is in no model
    return sorted({"metric_definitions", *tables_of_report(report, metrics)} & models)


if __name__ == "__main__":
    main()
