"""The launcher that Dagster's daemon uses: runs go to the worker of their code location, if there is one."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster import DagsterRun
from dagster._config import StringSource
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClassData, serialize_value

from orchestration.launcher.protocol import NoWorker, ask, launch_question, socket_path

WORKER_TAG = "preorders/run_worker"


class ForkingRunLauncher(DefaultRunLauncher):
    """Has a preloaded worker fork each run; without a worker, or with a stale one, Dagster's own way is taken."""

    def __init__(self, worker_folder: str = "", inst_data: ConfigurableClassData | None = None) -> None:
        """Look for workers' sockets in the folder; an empty name means Dagster's own way for all runs."""
        super().__init__(inst_data)
        self._worker_folder = worker_folder

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return the settings under `run_launcher.config`."""
        return {"worker_folder": dg.Field(StringSource, is_required=False, default_value="")}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> "ForkingRunLauncher":
        """Make the launcher of an instance."""
        return cls(inst_data=inst_data, **config_value)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch the run by a worker, or as Dagster would."""
        run = context.dagster_run
        origin = run.remote_job_origin
        location = origin.repository_origin.code_location_origin.location_name if origin else ""
        if not self._worker_folder:
            super().launch_run(context)
            return
        # before the run begins, which ends so soon that a tag written after it might be too late
        self._instance.add_run_tags(run.run_id, {WORKER_TAG: location})
        arguments = ExecuteRunArgs(
            job_origin=run.job_code_origin,  # type: ignore[arg-type]
            run_id=run.run_id,
            instance_ref=self._instance.get_ref(),
        )
        answer = self._ask(location, launch_question(run.run_id, serialize_value(arguments)))
        if "pid" not in answer:
            self._instance.add_run_tags(run.run_id, {WORKER_TAG: ""})
            self._instance.report_engine_event(f"Launched without a worker: {answer['problem']}", run)
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the run; it takes away what it has written, and ends as canceled."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        location = run.tags.get(WORKER_TAG)
        if not location:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        return bool(self._ask(location, {"do": "terminate", "run_id": run_id}).get("is_running"))

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether the run's process lives. Dagster's own code server watches the ones that it started."""
        location = run.tags.get(WORKER_TAG)
        if not location:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        answer = self._ask(location, {"do": "check", "run_id": run.run_id})
        if answer.get("is_running"):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, answer.get("problem", "its process is gone"))

    def _ask(self, location: str, question: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(socket_path(self._worker_folder, location), question)
        except NoWorker as error:
            return {"problem": str(error)}
