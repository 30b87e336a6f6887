"""``credit-scoring keys``: who may call the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from credit_scoring.cli.wiring import read_settings, require_extra, terminal

if TYPE_CHECKING:
    from credit_scoring.adapters.decision_log.keys import ApiKeys, Scope

keys_app = typer.Typer(no_args_is_help=True, help="API keys: who may call the service, and for what.")


class KeyScope(StrEnum):
    """What a key allows; the command line lists them."""

    score = "score"
    review = "review"
    admin = "admin"


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="Whose key it is, or what for.")],
    scope: Annotated[
        list[KeyScope] | None,
        typer.Option(help="score: PDs and applicants; review: records, reviews and outcomes; admin: all. Repeatable."),
    ] = None,
) -> None:
    """Make a key and show it, once: only a hash of it is kept."""
    with _opened() as keys:
        token = keys.create(name, cast("set[Scope]", {str(one) for one in scope or [KeyScope.score]}))
    typer.echo(token)
    terminal.notice("shown this once; send it as Authorization: Bearer KEY")


@keys_app.command("list")
def keys_list() -> None:
    """List the keys: id, name, scopes, since when, until when."""
    with _opened() as keys:
        found = keys.list()
    if not found:
        terminal.say("there is no key: the API is open on this machine, and makes one when called from elsewhere")
    for key in found:
        until = f"  revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        typer.echo(
            f"{key.id}  {key.name}  {' '.join(sorted(key.scopes))}  since {key.created_at:%Y-%m-%d %H:%M}{until}"
        )


@keys_app.command("revoke")
def keys_revoke(key: Annotated[str, typer.Argument(metavar="ID", help="Id of the key, as list shows it.")]) -> None:
    """Revoke a key; services take it up within seconds."""
    with _opened() as keys:
        keys.revoke(key)
    typer.echo(f"{key} is revoked")


@contextmanager
def _opened() -> Iterator[ApiKeys]:
    with require_extra("serve", "API keys"):
        from credit_scoring.bootstrap import opened_keys, opened_log  # noqa: PLC0415 - the serve extra
    with opened_log(read_settings()) as (log, _), opened_keys(log) as keys:
        yield keys
