"""The API's server: `python -m api --port 8000`."""

import click
import uvicorn

from api.logs import log_as_json
from api.protocol import Protocol
from api.tracing import trace_if_asked

_DRAIN_SECONDS = 5


def serve(
    application: str, host: str, port: int, trusted_proxies: str = "", client_seconds: int = Protocol.client_seconds
) -> None:
    """Serve an application, named by its factory, until told to stop; then finish what is under way."""
    log_as_json()
    trace_if_asked()
    Protocol.client_seconds = client_seconds
    uvicorn.run(
        application,
        factory=True,
        host=host,
        port=port,
        http=Protocol,
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
@click.option(
    "--client-seconds",
    envvar="PREORDERS_CLIENT_SECONDS",
    type=click.IntRange(min=1),
    default=Protocol.client_seconds,
    show_default=True,
    help="How long a client may take to send a request, or to take a byte of an answer.",
)
def main(host: str, port: int, trusted_proxies: str, client_seconds: int) -> None:
    """Serve the API."""
    serve("api.app:create_app", host, port, trusted_proxies, client_seconds)


if __name__ == "__main__":
    main()
