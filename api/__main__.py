"""The API's server: `python -m api --port 8000`."""

import click
import uvicorn
from litestar.serialization import encode_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_DRAIN_SECONDS = 5


class OneShapeProtocol(HttpToolsProtocol):
    """Refuses what is no HTTP in the same shape as every other error; no application sees such a request."""

    def send_400_response(self, msg: str) -> None:
        """Answer, and close the connection."""
        body = encode_json({"errors": ["request is not valid HTTP/1.1, or its address or headers are too long"]})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8000, show_default=True)
def main(host: str, port: int) -> None:
    """Serve until told to stop, then finish what is under way."""
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=host,
        port=port,
        http=OneShapeProtocol,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


if __name__ == "__main__":
    main()
