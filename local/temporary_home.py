"""A home for one command: nothing of it is left, wherever its databases lie."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.database_folder import remove_abandoned_folders
from local.home import Home, open_home
from local.stack import stop_stack


@contextmanager
def temporary_home() -> Iterator[Home]:
    """Stop at the end what was started in it, and delete it: 10 million order lines are 70 GB."""
    try:
        # not the folder itself: PostgreSQL may run as another user, who passes through a home, but not through this
        with tempfile.TemporaryDirectory() as folder:
            home = open_home(Path(folder) / "home")
            try:
                yield home
            finally:
                stop_stack(home)
    finally:
        remove_abandoned_folders()
