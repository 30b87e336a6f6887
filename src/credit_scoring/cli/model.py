"""``credit-scoring model``: which registered model decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from credit_scoring.bundle.card import model_card
from credit_scoring.cli.wiring import open_registry, opened_bundle, terminal

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
) -> None:
    """Make a registered version the champion."""
    registry = open_registry()
    number = registry.resolve(version)
    registry.promote(number)
    typer.echo(_line(registry.version(number)))


@model_app.command("rollback")
def model_rollback() -> None:
    """Make the former champion champion again."""
    typer.echo(_line(open_registry().rollback()))


def _line(version: RegisteredVersion) -> str:
    aliases = f"  {', '.join(version.aliases)}" if version.aliases else ""
    return (
        f"version {version.version}  {version.created_at}  {version.candidate}  out-of-fold AUC {version.auc}, "
        f"cost {version.cost}{aliases}"
    )
