"""A real HTTP listener: serves files, and keeps what is posted to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener:
    """What is served and what came. `refuses` makes every answer a 503."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.posted: list[dict[str, Any]] = []
        self.refuses = False
        self.url = ""


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of the loopback."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = listener.files.get(self.path.removeprefix("/"))
            self._answer(404 if content is None else 200, content or b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not listener.refuses:
                listener.posted.append(json.loads(body))
            self._answer(200, b"ok")

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(503 if listener.refuses else status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
