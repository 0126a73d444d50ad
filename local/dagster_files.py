"""What Dagster reads from its home: the instance's settings, and where the code servers are."""

import json
import shutil

from local.home import PROJECT_ROOT, Home

LOCATIONS = ("rollups", "exports")


def write_dagster_files(home: Home) -> None:
    """Copy orchestration/dagster.yaml, and name the code servers' ports in workspace.yaml."""
    shutil.copyfile(PROJECT_ROOT / "orchestration" / "dagster.yaml", home.dagster / "dagster.yaml")
    servers = [
        {"grpc_server": {"host": "127.0.0.1", "port": home.ports[name], "location_name": name}} for name in LOCATIONS
    ]
    home.workspace.write_text(json.dumps({"load_from": servers}, indent=2))  # JSON is YAML
