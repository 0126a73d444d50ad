"""The dbt project as Dagster sees it: its manifest, and which models are published."""

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

PROJECT_ROOT = Path(__file__).parents[2]
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
_SOURCE_FOLDERS = ("models", "macros", "seeds", "tests")


def dbt_folders() -> list[str]:
    """Return dbt's options for where the project and the profile lie, and what is built: the schema that is served."""
    return ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(PROJECT_ROOT), "--target", "served"]


def load_manifest() -> Mapping[str, Any]:
    """Return dbt's manifest, parsed anew only if a file of the project is newer.

    Without the worker every run loads this code location in a process of its own; parsing each time would cost seconds.

    Raises:
        RuntimeError: the project does not parse; the message is dbt's.
    """
    target = Path(os.environ.get("DBT_TARGET_PATH", DBT_PROJECT_DIR / "target"))
    target.mkdir(parents=True, exist_ok=True)
    path = target / "manifest.json"
    with open(target / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the code server and the worker see an edit at the same time
        if not path.exists() or path.stat().st_mtime < max(project_times().values()):
            parse()
        manifest: Mapping[str, Any] = json.loads(path.read_text())
    return manifest


def parse() -> Manifest:
    """Have dbt read the project, of which it keeps a copy for the next time.

    Raises:
        RuntimeError: the project does not parse; the message is dbt's.
    """
    parsed = dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse", *dbt_folders()])
    if not isinstance(parsed.result, Manifest):
        raise RuntimeError(f"dbt cannot parse {DBT_PROJECT_DIR}: {parsed.exception}")
    return parsed.result


def project_times(project: Path = DBT_PROJECT_DIR) -> dict[Path, float]:
    """Return when each file of the dbt project was changed, its folders too: taking a file out changes theirs alone."""
    files = [project / "dbt_project.yml", PROJECT_ROOT / "profiles.yml"]
    for folder in _SOURCE_FOLDERS:
        files += [project / folder, *(project / folder).rglob("*")]
    return {file: file.stat().st_mtime for file in files}


def project_digest(project: Path = DBT_PROJECT_DIR) -> str:
    """Return a hash of all that the project's files hold."""
    digest = hashlib.sha256()
    for file in sorted(project_times(project)):
        digest.update(f"{file}\n".encode() + (file.read_bytes() if file.is_file() else b""))
    return digest.hexdigest()


@dataclass(frozen=True)
class PublishedModel:
    """A model that `reports` serves, as its dbt meta declares it.

    Attributes:
        name: model and table name, the same in `analytics` and `reports`.
        grain: columns that identify a row; nulls count as equal.
        serving_indexes: further indexes that the reports' queries use.
        required: columns that are never null.
        long: columns of text of any length, more than an index can hold: their hash is indexed.
        is_moved: whether it is moved by the ledger's changes; others are compared whole each time.
        changes_by: of a moved one, columns of the ledger by which its changed rows are found; `starts_on` is the
            start of the `period` (day, week or month) that holds the ledger's `entry_on`.
        period: see `changes_by`.
        is_held_back: whether it waits with a shop that fails an audit; names don't, for a redaction must not wait.
    """

    name: str
    grain: tuple[str, ...]
    serving_indexes: tuple[tuple[str, ...], ...] = field(default=())
    required: tuple[str, ...] = field(default=())
    long: tuple[str, ...] = field(default=())
    is_moved: bool = False
    changes_by: tuple[str, ...] = field(default=())
    period: str = "day"
    is_held_back: bool = True

    @property
    def is_per_shop(self) -> bool:
        """Whether each row belongs to a shop, and is hidden from the others."""
        return "shop_id" in self.grain

    @property
    def indexed_grain(self) -> tuple[str, ...]:
        """The grain as its unique index holds it, in SQL."""
        return tuple(f"md5({name})" if name in self.long else name for name in self.grain)


def published_models(manifest: Mapping[str, Any]) -> list[PublishedModel]:
    """Return the models with `published: true` in their meta, by name.

    Raises:
        ValueError: a published model declares no grain.
    """
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    published = [node for node in nodes if node["config"].get("meta", {}).get("published")]
    return sorted(map(_published_model, published), key=lambda model: model.name)


def _published_model(node: Mapping[str, Any]) -> PublishedModel:
    meta = node["config"]["meta"]
    if not meta.get("grain"):
        raise ValueError(f"{node['name']} is published: its meta must list the columns of its grain")
    return PublishedModel(
        name=node["name"],
        grain=tuple(meta["grain"]),
        serving_indexes=tuple(tuple(columns) for columns in meta.get("serving_indexes", ())),
        required=tuple(name for name, column in node["columns"].items() if _is_required(column)),
        long=tuple(name for name, column in node["columns"].items() if column["config"]["meta"].get("is_long")),
        is_moved=node["config"]["materialized"] == "incremental",
        changes_by=tuple(meta.get("changes_by", meta["grain"])),
        period=meta.get("period", "day"),
        is_held_back=meta.get("held_back", True),
    )


def _is_required(column: Mapping[str, Any]) -> bool:
    return any(constraint["type"] == "not_null" for constraint in column.get("constraints") or ())
