"""The API's server: `python -m api --port 8000`."""

import click
import uvicorn
from litestar.serialization import encode_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.logs import log_as_json
from api.tracing import trace_if_asked

_DRAIN_SECONDS = 5


class OneShapeProtocol(HttpToolsProtocol):
    """Refuses what is no HTTP in the same shape as every other error; no application sees such a request."""

    def send_400_response(self, msg: str) -> None:
        """Answer, and close the connection."""
        body = encode_json({"errors": ["request is not valid HTTP/1.1, or its address or headers are too long"]})
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()


def serve(application: str, host: str, port: int, trusted_proxies: str = "") -> None:
    """Serve an application, named by its factory, until told to stop; then finish what is under way."""
    log_as_json()
    trace_if_asked()
    uvicorn.run(
        application,
        factory=True,
        host=host,
        port=port,
        http=OneShapeProtocol,
        server_header=False,
        log_config=None,
        access_log=False,
        # by default uvicorn believes whatever runs on the same machine
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8000, show_default=True)
@click.option(
    "--trusted-proxies",
    envvar="PREORDERS_TRUSTED_PROXIES",
    default="",
    help="Addresses or networks, comma-separated, whose X-Forwarded-For is believed; none by default.",
)
def main(host: str, port: int, trusted_proxies: str) -> None:
    """Serve the API."""
    serve("api.app:create_app", host, port, trusted_proxies)


if __name__ == "__main__":
    main()
