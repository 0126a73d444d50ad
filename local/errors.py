"""What can go wrong with the local stack, told in one line each.

StackError           a line for the user; the command line prints it and exits with 1
└── PartFailed       one part did not start; names the part and its log
"""

from pathlib import Path


class StackError(Exception):
    """A failure whose message is meant for the person at the terminal."""


def first_line(problem: Exception) -> str:
    """An exception in one line; its class if it says nothing."""
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]


class PartFailed(StackError):
    """One part of the stack did not become ready."""

    def __init__(self, part: str, reason: str, log: Path) -> None:
        super().__init__(f"{part} did not start: {reason.rstrip('.')}. Its log: {log}")
        self.part = part
