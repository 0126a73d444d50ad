"""Old runs are removed with what they logged, a bounded number at a time; young ones and unfinished ones stay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from conftest import Stack

from orchestration.rollups.history import remove_old_history


@dg.op
def say(context: dg.OpExecutionContext) -> None:
    print("something")


@dg.job
def something() -> None:
    say()


def runs_of(instance: dg.DagsterInstance, job: str) -> set[str]:
    return {run.run_id for run in instance.get_runs(dg.RunsFilter(job_name=job))}


def test_old_runs_are_removed_with_their_events_and_logs(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        old = [something.execute_in_process(instance=instance).run_id for _ in range(3)]
        young = something.execute_in_process(instance=instance).run_id
        folders = [folder for run_id in old for folder in tmp_path.rglob(run_id)]
        assert len(folders) == 3
        then = datetime.now(UTC) - timedelta(days=31)
        with instance.run_storage.connect() as connection:
            ids = ", ".join(f"'{run_id}'" for run_id in old)
            connection.exec_driver_sql(
                f"update runs set create_timestamp = '{then:%Y-%m-%d %H:%M:%S.%f}' where run_id in ({ids})"
            )

        def remove(**config: object) -> None:
            run_config = {"ops": {"remove_old_runs": {"config": config}}}
            assert remove_old_history.execute_in_process(run_config, instance=instance).success

        remove(dry_run=True)
        assert runs_of(instance, "something") == {*old, young}
        remove(most_runs=2)
        assert len(runs_of(instance, "something")) == 2
        remove()
        assert runs_of(instance, "something") == {young}
        assert all(not instance.all_logs(run_id) for run_id in old)
        assert instance.all_logs(young)
        assert not [file for folder in folders for file in folder.rglob("*") if file.is_file()]
