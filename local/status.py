"""What runs where: supervisord's word on each part, checked by a connection to its port."""

from dataclasses import dataclass
from pathlib import Path

from local.errors import StackError
from local.home import Home
from local.parts import PARTS
from local.ports import answers
from local.supervision import Supervisor


@dataclass(frozen=True)
class PartStatus:
    """One line of `preorders status`."""

    name: str
    address: str
    pid: int
    state: str
    log: Path

    @property
    def is_up(self) -> bool:
        """Whether it runs and answers."""
        return self.state == "running"


def part_statuses(home: Home) -> list[PartStatus]:
    """The state of every part, in the order of starting."""
    supervisor = Supervisor(home)
    try:
        states = supervisor.states() if supervisor.pid is not None else {}
    except StackError:
        states = {}
    ports: dict[str, int] = home.state.get("ports", {})
    statuses = []
    for name in PARTS:
        known, port = states.get(name), ports.get(name)
        state = known.state.lower() if known else "stopped"
        if known and known.is_up and port:  # supervisord says "starting" for a second after it answers
            state = "running" if answers(port) else f"{state}, not answering"
        address = f"127.0.0.1:{port}" if port else "-"
        statuses.append(PartStatus(name, address, known.pid if known else 0, state, home.log_of(name)))
    return statuses
