"""What the launcher and its worker use of Dagster beyond its public interface.

When this fails after Dagster's pin was moved, compare each name below with the new version, and read
`dagster/_cli/api.py` (execute_run), `dagster/_core/launcher/default_run_launcher.py` and
`dagster/_daemon/monitoring/run_monitoring.py` for what has changed in what they do.
Then run tests/exports, which launches real runs by the worker, kills and terminates them.
"""

import inspect

import click
import dagster
from dagster._cli.api import execute_run_command
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._daemon.monitoring import run_monitoring
from dagster._grpc.types import ExecuteRunArgs

from orchestration.launcher.forking_run_launcher import ForkingRunLauncher


def test_the_version_is_the_one_that_was_looked_at() -> None:
    assert dagster.__version__ == "1.13.27", "read what stands at the top of this file"


def test_a_run_is_executed_by_the_command_that_other_launchers_use() -> None:
    assert isinstance(execute_run_command, click.Command)
    assert execute_run_command.params[0].name == "input_json"
    names = list(inspect.signature(ExecuteRunArgs.__new__).parameters)
    assert names[:4] == ["cls", "job_origin", "run_id", "instance_ref"]


def test_the_launcher_overrides_what_dagster_calls() -> None:
    for name in ("launch_run", "terminate", "check_run_worker_health"):
        original = inspect.signature(getattr(DefaultRunLauncher, name))
        assert list(inspect.signature(getattr(ForkingRunLauncher, name)).parameters) == list(original.parameters), name
    assert LaunchRunContext._fields == ("dagster_run", "workspace")
    assert CheckRunHealthResult(WorkerStatus.RUNNING).status == WorkerStatus.RUNNING


def test_run_monitoring_fails_a_run_whose_worker_says_that_it_is_gone() -> None:
    source = inspect.getsource(run_monitoring.monitor_started_run)
    assert "supports_check_run_worker_health" in source
    assert "WorkerStatus.RUNNING, WorkerStatus.SUCCESS" in source
