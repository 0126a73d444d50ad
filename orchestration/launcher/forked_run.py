"""What a fork of the worker does: become a process of its own, then execute a run, or report that one has crashed."""

import ctypes
import os
import signal
import socket
import sys
from typing import NoReturn

_SET_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def become_run(worker: int, inherited: tuple[socket.socket, ...]) -> None:
    """Turn a fork into a process of its own: default signals, no sockets of the worker, and no life without it."""
    os.setsid()  # a signal to the worker's group is the worker's to pass on
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for one in inherited:
        os.close(one.fileno())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != worker:  # it died before that was set
            os._exit(1)


def execute(arguments: str) -> NoReturn:
    """Execute the run as `dagster api execute_run` does, and end the process."""
    from dagster._cli.api import execute_run_command

    code = 1
    try:
        execute_run_command.main([arguments], standalone_mode=False)
        code = 0
    except BaseException as error:
        print(f"a run ended with {error!r}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # not by way of the worker's own frames


def fail_unfinished(arguments: str, exit_code: int) -> NoReturn:
    """Report a run as failed that ended without saying so, and end the process."""
    from dagster import DagsterInstance
    from dagster._grpc.types import ExecuteRunArgs
    from dagster._serdes import deserialize_value

    code = 1
    try:
        asked = deserialize_value(arguments, ExecuteRunArgs)
        with DagsterInstance.from_ref(asked.instance_ref) as instance:  # type: ignore[arg-type]
            run = instance.get_run_by_id(asked.run_id)
            if run is not None and not run.is_finished:
                cause = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
                instance.report_run_failed(run, f"The run's process ended by {cause}.")
        code = 0
    except BaseException as error:
        print(f"a crash could not be reported: {error!r}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)
