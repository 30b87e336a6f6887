"""``credit-scoring model``: which registered model decides, and who has decided that."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from credit_scoring.bundle.card import model_card
from credit_scoring.bundle.ledger import LedgerEntry, Period, on_day, periods
from credit_scoring.bundle.published import Pointer, PublishedBundles
from credit_scoring.cli.options import ByOption, ReasonOption
from credit_scoring.cli.wiring import open_registry, opened_bundle, read_settings, terminal, who

if TYPE_CHECKING:
    from credit_scoring.adapters.mlflow_registry import RegisteredVersion

model_app = typer.Typer(no_args_is_help=True, help="Registered models: which one decides.")


@model_app.command("list")
def model_list() -> None:
    """List the registered versions, oldest first."""
    versions = open_registry().versions()
    if not versions:
        terminal.say("no version is registered: train a model with `credit-scoring train DIR`")
    for version in versions:
        typer.echo(_line(version))


@model_app.command("show")
def model_show(
    model: Annotated[
        str, typer.Argument(help="champion, challenger, a version number, or the folder of a bundle.")
    ] = "champion",
) -> None:
    """Show what a model is, how it was measured and what it costs."""
    with opened_bundle(model) as (bundle, _):
        typer.echo(model_card(bundle))


@model_app.command("promote")
def model_promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version number, or challenger.")],
    by: ByOption = None,
    reason: ReasonOption = "",
) -> None:
    """Make a registered version the champion."""
    registry = open_registry()
    number = registry.resolve(version)
    registry.promote(number, by=by or who(), reason=reason)
    typer.echo(_line(registry.version(number)))


@model_app.command("rollback")
def model_rollback(by: ByOption = None, reason: ReasonOption = "") -> None:
    """Make the former champion champion again."""
    typer.echo(_line(open_registry().rollback(by=by or who(), reason=reason)))


@model_app.command("ledger")
def model_ledger(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A day, UTC; default: tell all changes."),
    ] = None,
) -> None:
    """Tell which model decided when, who promoted it and why."""
    published = PublishedBundles(read_settings().models)
    entries, pointer = published.ledger.entries(), published.pointer()
    found = periods(entries, pointer.champion.digest if pointer else "")
    if not found:
        terminal.say("no model has decided here: train one with `credit-scoring train DIR`")
    elif on is not None:
        days = on_day(found, on.date())
        typer.echo("\n".join(_period(one, pointer) for one in days) or f"no model decided on {on:%Y-%m-%d}")
    else:
        if found[0].entry is None:
            typer.echo(_period(found[0], pointer))
        for entry in entries:
            typer.echo(_change(entry))


def _change(entry: LedgerEntry) -> str:
    replaced = f"  replaces bundle {entry.replaced[:16]}" if entry.replaced else ""
    return f"{_moment(entry.at)}  {entry.action:<9}  {_named(entry)}{replaced}  {_by(entry)}"


def _period(period: Period, pointer: Pointer | None) -> str:
    until = f"until {_moment(period.until)}" if period.until else "to now"
    if period.entry is not None:
        since = f"{_moment(period.entry.at)} {until}"
        return f"{since}  {_named(period.entry)}  {period.entry.action} {_by(period.entry)}"
    known = (pointer.champion, *pointer.former) if pointer else ()
    versions = [f"version {one.version}, " for one in known if one.digest == period.digest][:1]
    since = "from before the ledger, its beginning is unknown," if period.since is None else "at some time after"
    after = "" if period.since is None else f" {_moment(period.since)}, by other hands than the ledger knows,"
    return f"{since}{after} {until}  {''.join(versions)}bundle {period.digest[:16]}"


def _named(entry: LedgerEntry) -> str:
    return f"{entry.model_name} version {entry.version}, bundle {entry.digest[:16]}"


def _by(entry: LedgerEntry) -> str:
    return f"by {entry.by or 'nobody named'}" + (f": {entry.reason}" if entry.reason else "")


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _line(version: RegisteredVersion) -> str:
    aliases = f"  {', '.join(version.aliases)}" if version.aliases else ""
    return (
        f"version {version.version}  {version.created_at}  {version.candidate}  out-of-fold AUC {version.auc}, "
        f"cost {version.cost}{aliases}"
    )
