"""A proxy before the object store that misbehaves as it is told."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>made up</Message></Error>'


@dataclass
class Fault:
    """What goes wrong: for which requests, and in which way.

    Attributes:
        applies: to a method and a path.
        kind: `status` (answer with `code`), `hang`, `slow` (a second late), `reset`, `cut` (store nothing of it and
            say that all is well), `lie` (200 with an error body).
        times: how often it happens.
    """

    applies: Callable[[str, str], bool]
    kind: str
    status: int = 500
    code: str = "InternalError"
    times: int = 10**6


class FaultyStore:
    """Stands before a store; passes on what no fault applies to."""

    def __init__(self, endpoint: str) -> None:
        self.fault: Fault | None = None
        self.requests: list[str] = []
        self._target = urlsplit(endpoint)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, method: str, path: str) -> Fault | None:
        self.requests.append(f"{method} {path}")
        fault = self.fault
        if fault is None or fault.times <= 0 or not fault.applies(method, path):
            return None
        fault.times -= 1
        return fault

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                if self.headers.get("Expect"):
                    self.send_response_only(100)
                    self.end_headers()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = store.take(self.command, self.path)
                if fault is not None and fault.kind == "slow":
                    time.sleep(1)
                if fault is None or fault.kind == "slow":
                    self._pass_on(dict(self.headers.items()), body)
                elif fault.kind == "hang":
                    time.sleep(300)
                elif fault.kind == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    self.connection.close()
                elif fault.kind == "cut":
                    self._answer(200, {"ETag": '"d41d8cd98f00b204e9800998ecf8427e"'}, b"")
                elif fault.kind == "lie":
                    self._answer(200, {}, _ERROR.format(code="InternalError").encode())
                else:
                    self._answer(fault.status, {}, _ERROR.format(code=fault.code).encode())

            def _pass_on(self, headers: dict[str, str], body: bytes) -> None:
                answer = store.forward(self.command, self.path, headers, body)
                kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
                self._answer(answer.status, kept, answer.read())

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response_only(status)
                length = headers.pop("Content-Length", str(len(body)))
                for name, value in {
                    **headers,
                    "Content-Length": length if self.command == "HEAD" else len(body),
                }.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


_HOP_BY_HOP = {"transfer-encoding", "connection"}
