"""Starting and stopping the whole stack."""

import contextlib
import shutil
import time
from collections.abc import Collection

from local.errors import StackError
from local.home import Home
from local.parts import PARTS, Modules
from local.ports import PortClaims
from local.processes import is_running, stop_leftovers
from local.stack_start import StackStart
from local.supervision import Supervisor

STOP_SECONDS = 150


def start_stack(home: Home, wanted: Collection[str] = PARTS, modules: Modules | None = None) -> None:
    """Start the parts that don't run yet, each one after those it needs are ready.

    Raises:
        StackError: a part did not start; by then all parts are stopped again.
    """
    home.create()
    claims = PortClaims()
    with home.locked():
        try:
            StackStart(home, wanted, claims, modules or Modules()).run()
        except BaseException:
            _stop(home)
            raise
        finally:
            claims.release()


def stop_stack(home: Home) -> int:
    """Stop everything of this home, also when its supervisor or the home itself is gone.

    Returns:
        How many processes had to be stopped without the supervisor.
    """
    with home.locked() if home.exists else contextlib.nullcontext():
        return _stop(home)


def _stop(home: Home) -> int:
    supervisor = Supervisor(home)
    pid = supervisor.pid
    if pid is not None:
        with contextlib.suppress(StackError):
            supervisor.shutdown()
            deadline = time.monotonic() + STOP_SECONDS
            while is_running(pid, "supervisord") and time.monotonic() < deadline:
                # It looks at its children once a second, unless a request wakes it: `down` in 1 s, not 4.
                with contextlib.suppress(StackError):
                    supervisor.states()
                time.sleep(0.05)
    left = stop_leftovers(home)
    shutil.rmtree(home.sockets, ignore_errors=True)
    return left
