"""Settings of the runs, read from the environment where they are needed."""

import os


def required(name: str) -> str:
    """Return a setting.

    Raises:
        RuntimeError: it is not set.
    """
    try:
        return os.environ[name]
    except KeyError:
        raise RuntimeError(f"{name} is not set; `preorders env` prints it") from None


def optional(name: str) -> str | None:
    """Return a setting, or None if it is not set or empty."""
    return os.environ.get(name) or None
