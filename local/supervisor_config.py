"""Supervisord's configuration file."""

import os
import resource
import shlex
from collections.abc import Sequence

from local.home import Home
from local.parts import Program

# A failed start is tried again after 1, 2, 3 .. seconds: half an hour in all, so that a part outlasts
# the absence of another (the daemon without its database) and heals by itself.
START_RETRIES = 60


def supervisor_config(home: Home, programs: Sequence[Program]) -> str:
    """The text of supervisord.conf."""
    general: dict[str, dict[str, object]] = {
        "supervisord": {
            "logfile": home.log_of("supervisord"),
            "logfile_maxbytes": "1MB",
            "logfile_backups": 1,
            "pidfile": home.supervisor_pid_file,
            "childlogdir": home.logs,
            "minfds": _most_files(),
            **({"user": "root"} if os.geteuid() == 0 else {}),
        },
        "unix_http_server": {"file": home.control_socket, "chmod": "0700"},
        "supervisorctl": {"serverurl": f"unix://{home.control_socket}"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    sections = {**general, **{f"program:{program.name}": _program(home, program) for program in programs}}
    lines = []
    for name, options in sections.items():
        lines += [f"[{name}]", *(f"{key}={value}" for key, value in options.items()), ""]
    return "\n".join(lines).replace("%", "%%")


def _most_files() -> int:
    """Return how many files supervisord asks for: it would not start with less than its default, 1024."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 1024 if hard == resource.RLIM_INFINITY else min(1024, hard)


def _program(home: Home, program: Program) -> dict[str, object]:
    return {
        "command": shlex.join(program.command),
        "directory": program.directory,
        "priority": program.priority,
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": START_RETRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": program.stop_seconds,
        "stopasgroup": str(program.whole_group).lower(),
        "killasgroup": str(program.whole_group).lower(),
        "redirect_stderr": "true",
        "stdout_logfile": home.log_of(program.name),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 2,
        **({"user": program.user} if program.user else {}),
    }
