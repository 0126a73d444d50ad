"""JSON files that only their owner may read."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from local.errors import StackError


def write_private_json(file: Path, content: dict[str, Any]) -> None:
    """Replace a file in one step, readable by its owner alone."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # made with mode 0600
    with os.fdopen(descriptor, "w") as handle:
        json.dump(content, handle, indent=2)
    os.replace(name, file)


def read_json(file: Path) -> dict[str, Any]:
    """The file's content, empty when there is no file.

    Raises:
        StackError: it is not JSON.
    """
    try:
        content: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StackError(f"{file} is damaged; delete the folder {file.parent} to begin anew") from None
    return content
