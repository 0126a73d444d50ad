"""Which port each part listens on: the same one every time, unless somebody else has taken it."""

import errno
import socket
from collections.abc import Collection, Iterable

from local.errors import StackError
from local.home import Home

# Below the ephemeral range (32768 and up on Linux): there, an outgoing connection could hold the port
# just when a crashed server is being restarted.
PREFERRED_PORTS = {
    "api": 15430,
    "webserver": 15431,
    "primary": 15432,
    "replica": 15433,
    "s3": 15434,
    "rollups": 15435,
    "exports": 15436,
}
STEP_TO_NEXT_HOME = 10
ATTEMPTS = 200


class PortClaims:
    """Ports promised to a stack that has not bound them yet.

    Two homes started at the same moment would both see a port free, and Dagster's code servers would
    then even share it (gRPC sets SO_REUSEPORT). A claim is a name in Linux's abstract socket namespace:
    it belongs to one process of the machine at a time and vanishes with it, leaving no file behind.
    """

    def __init__(self) -> None:
        self._held: dict[int, socket.socket] = {}

    def claim(self, port: int) -> bool:
        """True when nobody listens on the port, and nobody else has claimed it."""
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0preorders-port-{port}")
        except OSError as problem:
            holder.close()
            if problem.errno == errno.EADDRINUSE:
                return False
        if not is_free(port):
            holder.close()
            return False
        self._held[port] = holder
        return True

    def release(self) -> None:
        """Give all claims back."""
        for holder in self._held.values():
            holder.close()
        self._held.clear()


def choose_ports(home: Home, claims: PortClaims, taken: Collection[int] = ()) -> dict[str, int]:
    """Claim a port for every part, the remembered one first, and remember the choice.

    Args:
        home: of the stack that is to start.
        claims: to be released once its parts listen.
        taken: ports of stacks that run: a part that is down, or was not started yet, will listen there.

    Raises:
        StackError: no free port was found.
    """
    remembered: dict[str, int] = home.state.get("ports", {})
    ports = {
        part: _first_claimed(
            part,
            [port for port in (remembered.get(part, preferred), *_candidates(preferred)) if port not in taken],
            claims,
        )
        for part, preferred in PREFERRED_PORTS.items()
    }
    home.remember(ports=ports)
    return ports


def claim_ports(home: Home, parts: Collection[str], claims: PortClaims) -> None:
    """Claim the ports of parts that join a running stack, whose settings are in use and can't change.

    Raises:
        StackError: somebody took one meanwhile.
    """
    for part, port in home.ports.items():
        if part in parts and not claims.claim(port):
            raise StackError(
                f"{part} can't start: something else took its port {port} meanwhile;"
                f" everything is stopped, `preorders up` will choose another port"
            )


def _candidates(preferred: int) -> Iterable[int]:
    return (preferred + STEP_TO_NEXT_HOME * step for step in range(ATTEMPTS))


def _first_claimed(part: str, candidates: Collection[int], claims: PortClaims) -> int:
    for port in candidates:
        if claims.claim(port):
            return port
    raise StackError(f"no free port for {part}: {len(candidates)} were tried, from {PREFERRED_PORTS[part]} on")


def is_free(port: int) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET) as probe:
        # As servers do: without it, connections in TIME_WAIT of the last run make the port look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
