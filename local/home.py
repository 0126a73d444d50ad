"""A home: the folder that holds one stack's data, logs, secrets and the ports it was given."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import StackError
from local.private_json import read_json, write_private_json

PROJECT_ROOT = Path(__file__).resolve().parent.parent

# A Unix socket's path may have 107 bytes; supervisord first binds a name with its pid (".1234567") added.
LONGEST_SOCKET_PATH = 95
LONGEST_SOCKET_NAME = "supervisord.sock"

# Those of local/sql/roles.sql that can log in.
ROLES = (
    "preorders_app", "preorders_dbt", "preorders_publisher", "preorders_service", "preorders_api",
    "preorders_exports", "preorders_rates", "preorders_dagster", "preorders_replicator", "preorders_analyst",
)  # fmt: skip
_SECRET_NAMES = ("preorders", *ROLES, "s3_access_key", "s3_secret_key")


@dataclass(frozen=True)
class Home:
    """The paths of one stack and what it remembers. Make one with `open_home`."""

    path: Path

    @property
    def exists(self) -> bool:
        """Whether a stack was started here before."""
        return self._state_file.exists()

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs."""
        return self.path / "logs"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.path / "dagster"

    @property
    def workspace(self) -> Path:
        """The file that tells Dagster where the code servers are."""
        return self.dagster / "workspace.yaml"

    @property
    def s3(self) -> Path:
        """The folder that the object store serves; each folder in it is a bucket."""
        return self.path / "s3"

    @property
    def supervisor_config(self) -> Path:
        """Supervisord's configuration file."""
        return self.path / "supervisord.conf"

    @property
    def supervisor_pid_file(self) -> Path:
        """The file in which supervisord notes its pid."""
        return self.path / "supervisord.pid"

    @property
    def digest(self) -> str:
        """A short name for this home, the same each time."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:12]

    @property
    def sockets(self) -> Path:
        """The folder of Unix sockets: in the home, or below /tmp, whatever TMPDIR says, when that path is too long."""
        inside = self.path / "sockets"
        if len(os.fsencode(inside / LONGEST_SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return inside
        return Path("/tmp") / f"preorders-{os.getuid()}-{self.digest}"

    @property
    def control_socket(self) -> Path:
        """Supervisord's socket."""
        return self.sockets / LONGEST_SOCKET_NAME

    def log_of(self, part: str) -> Path:
        """The log file of a part."""
        return self.logs / f"{part}.log"

    @property
    def _state_file(self) -> Path:
        return self.path / "home.json"

    @property
    def _secrets_file(self) -> Path:
        return self.path / "secrets.json"

    def create(self) -> None:
        """Make the folders and the secrets that are missing."""
        # Others may pass through a new home (as root, PostgreSQL runs as another user), but not list it.
        for folder, mode in ((self.path, 0o711), (self.logs, 0o700), (self.dagster, 0o700), (self.s3, 0o700)):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(mode)
        known = self.secrets
        missing = {name: secrets.token_urlsafe(24) for name in _SECRET_NAMES if name not in known}
        if missing:
            write_private_json(self._secrets_file, {**known, **missing})
        if not self._state_file.exists():
            write_private_json(self._state_file, {})

    @property
    def secrets(self) -> dict[str, str]:
        """Passwords and keys by name."""
        return read_json(self._secrets_file)

    def keep_secret(self, name: str, value: str) -> None:
        """Add a secret, or replace it."""
        write_private_json(self._secrets_file, {**self.secrets, name: value})

    @property
    def state(self) -> dict[str, Any]:
        """What `remember` was told."""
        return read_json(self._state_file)

    def remember(self, **facts: Any) -> None:
        """Keep facts about this stack for later commands."""
        write_private_json(self._state_file, {**self.state, **facts})

    @property
    def ports(self) -> dict[str, int]:
        """The port of each part that listens.

        Raises:
            StackError: this home never was started.
        """
        ports = self.state.get("ports")
        if not ports:
            raise StackError(f"no stack in {self.path} yet; start one with: preorders up --home {self.path}")
        return dict(ports)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from starting or stopping this home meanwhile.

        Raises:
            StackError: another command is at it.
        """
        with open(self.path / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(f"another command is starting or stopping {self.path}; try again") from None
            yield


def open_home(path: Path) -> Home:
    """The home at that path, whether it exists or not.

    Raises:
        StackError: the path cannot stand in supervisord's configuration.
    """
    absolute = path.expanduser().resolve()
    for sign in ("%", " ;", " #", "\n"):
        if sign in str(absolute):
            raise StackError(f"choose another --home: supervisord can't cope with {sign!r} in {absolute}")
    return Home(absolute)
