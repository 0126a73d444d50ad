"""Signals that end a command: all of them unwind it, as Ctrl-C does, so that nothing it started is left."""

import signal
from types import FrameType
from typing import NoReturn

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def catch_stop_signals() -> None:
    """Turn each into a KeyboardInterrupt."""
    for number in _STOP_SIGNALS:
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in _STOP_SIGNALS:  # a second Ctrl-C must not leave half of the stack running
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
