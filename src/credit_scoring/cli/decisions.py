"""``credit-scoring decisions``: the decision log, verified and purged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from credit_scoring.cli.wiring import opened_decisions, read_settings, terminal
from credit_scoring.domain.errors import DataError

decisions_app = typer.Typer(no_args_is_help=True, help="The decision log: verify its chain, purge personal data.")
CALLER = "command line"


@decisions_app.command("info")
def decisions_info() -> None:
    """Show how many entries there are of each kind, and the head: kept elsewhere, it vouches for all before it."""
    with opened_decisions() as log:
        counts, head = log.count(), log.head()
    for kind, number in sorted(counts.items()):
        typer.echo(f"{kind}: {number:,}")
    typer.echo(f"head: {head.sequence} {head.hash.hex()}")


@decisions_app.command("verify")
def decisions_verify() -> None:
    """Check every entry against the chain; exit code 1 at the first that does not fit."""
    with opened_decisions() as log, terminal.step("Verifying the decision log") as bar:
        total = log.head().sequence
        found = log.verify(on_entry=lambda one: bar.at("entries", one.sequence, total))
        bar.made = f"{found.entries:,} entries fit, {found.purged:,} of them purged"
    typer.echo(f"head: {found.head.sequence} {found.head.hash.hex()}")


@decisions_app.command("purge")
def decisions_purge(
    older_than: Annotated[
        int | None, typer.Option(min=0, metavar="DAYS", help="Purge what is older; default: the retention setting.")
    ] = None,
    applicant: Annotated[int | None, typer.Option(min=0, help="Purge all about one applicant instead.")] = None,
) -> None:
    """Delete inputs, feature values and what was told, for good; PDs and decisions stay, and the chain verifies."""
    settings = read_settings()
    days = settings.retention_days if older_than is None else older_than
    if applicant is None and days is None:
        raise DataError("say what to purge: --older-than DAYS, --applicant, or set CREDIT_SCORING_RETENTION_DAYS")
    if applicant is not None and older_than is not None:
        raise typer.BadParameter("give either --older-than or --applicant")
    with opened_decisions() as log, terminal.step("Purging") as bar:
        if applicant is not None:
            number = log.purge_applicant(applicant, CALLER)
        else:
            number = log.purge(datetime.now(UTC) - timedelta(days=days or 0), CALLER)
        bar.made = f"{number:,} records"
