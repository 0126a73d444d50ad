"""HTTP as the server speaks it: who is slow to ask or to take an answer is left, and what is no HTTP is told so."""

import asyncio
import socket

from litestar.serialization import encode_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """One connection. uvicorn itself bounds only the time between two requests.

    Attributes:
        client_seconds: how long a client may take to send a request whole, and to take any byte of an answer.
    """

    client_seconds = 30
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux has it
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * self.client_seconds)
        self._expect()

    def on_message_begin(self) -> None:
        """Expect the rest of a request."""
        super().on_message_begin()
        self._expect()

    def on_message_complete(self) -> None:
        """Let the application take the time that it needs."""
        self._expect_no_more()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._expect_no_more()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the same shape as every other error; no application sees such a request."""
        body = encode_json({"errors": ["request is not valid HTTP/1.1, or its address or headers are too long"]})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def _expect(self) -> None:
        if self._overdue is None:
            self._overdue = self.loop.call_later(self.client_seconds, self.transport.close)

    def _expect_no_more(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
