"""`preorders keys`: make, list and revoke API keys."""

import os
from datetime import datetime

import click
import psycopg
from rich.table import Table

from api.keys import (
    HINT_LENGTH,
    SCOPES,
    Connection,
    create_key,
    generate_key,
    hash_key,
    list_keys,
    revoke_key,
)
from local.errors import StackError, first_line
from local.home import Home
from local.home_option import home_option, home_was_given
from local.postgres import connect
from local.progress import console, table_console
from local.shops import shop_domains, shop_of


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command()
@click.option("--shop", required=True, metavar="DOMAIN", help="The shop's domain, as in app.shops.")
@click.option("--rate-limit", type=int, metavar="N", help="Points a minute, for the shop as a whole.")
@click.option("--expires-in-days", type=int, metavar="N", help="Without it the key does not expire.")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, default=SCOPES)
@home_option
def create(home: Home, shop: str, rate_limit: int | None, expires_in_days: int | None, scopes: tuple[str, ...]) -> None:
    """Make a key for a shop. It is shown this once."""
    with _connected(home) as connection:
        key = create_key(
            connection, shop_of(connection, shop), scopes=scopes, rate_limit=rate_limit, expires_in_days=expires_in_days
        )
    console.print(f"A key for {shop}; only its hash is kept, so note it now:", markup=False)
    click.echo(key)  # never folded or coloured


@keys.command()
def generate() -> None:
    """Print a new key, and what Dagster's job rotate_key asks for; nothing is stored."""
    key = generate_key()
    console.print("A new key; note it now, and give Dagster's job rotate_key the other two:", markup=False)
    click.echo(f"key         {key}\nkey_sha256  {hash_key(key).hex()}\nhint        {key[:HINT_LENGTH]}")


@keys.command(name="list")
@home_option
def list_command(home: Home) -> None:
    """Show all keys, by their hints."""
    with _connected(home) as connection:
        found = list_keys(connection)
        domains = shop_domains(connection)
    table = Table(
        "id", "hint", "shop", "scopes", "points a minute", "created", "expires", "revoked", "used", "live", box=None
    )
    for key in found:
        table.add_row(
            str(key.api_key_id), key.hint, domains.get(key.shop_id, str(key.shop_id)), ",".join(key.scopes),
            str(key.points_per_minute), _day(key.created_at), _day(key.expires_at), _day(key.revoked_at),
            str(key.last_used_on or "-"), "yes" if key.is_live else "no",
        )  # fmt: skip
    table_console().print(table)


@keys.command()
@click.argument("key_id_or_hint")
@home_option
def revoke(home: Home, key_id_or_hint: str) -> None:
    """Revoke the key with that id or hint; the API stops taking it within a minute."""
    with _connected(home) as connection:
        key = revoke_key(connection, key_id_or_hint)
        domain = shop_domains(connection).get(key.shop_id, str(key.shop_id))
    console.print(f"Revoked key {key.api_key_id} ({key.hint}) of {domain}.", markup=False)


def _connected(home: Home) -> Connection:
    """Connect to the home's primary, or without any home to the one that the environment names."""
    named = os.environ.get("PREORDERS_PRIMARY_DSN")
    try:
        if named and not home.exists and not home_was_given():
            return psycopg.connect(named, autocommit=True, connect_timeout=5)
        return connect(home, "preorders")
    except psycopg.OperationalError as problem:
        raise StackError(f"the primary does not answer: {first_line(problem)}") from None


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "-"
