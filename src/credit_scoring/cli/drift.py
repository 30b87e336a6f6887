"""``credit-scoring drift``: what has moved since training, and what the model is worth now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credit_scoring.batch import watch_matrix, watch_tables
from credit_scoring.cli.scoring import batch_counter
from credit_scoring.cli.wiring import checked_tables, opened_bundle, terminal
from credit_scoring.monitoring.told import told

ALARM = 2


def drift(
    current: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Folder of the current tables (CSV, .gz, .zip, Parquet) or a database URL; "
            "for a model trained on a single table, that file.",
        ),
    ],
    model: Annotated[
        str, typer.Option(help="champion, challenger, a version number, or the folder of a bundle.")
    ] = "champion",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File to write the whole report to, .json.")] = None,
) -> None:
    """Compare application_test if there, else all applications, with training; exit code 2 if an alarm fires, else 0.

    Without drift, at most one window in a hundred gives any notice or alarm. Codes: docs/reference/checks.md.
    """
    with opened_bundle(model) as (bundle, _):
        if bundle.manifest.portfolio == "matrix":
            with terminal.step(f"Comparing {current} with training") as bar:
                report = watch_matrix(bundle, Path(current), out, on_rows=batch_counter(bar))
        else:
            with (
                checked_tables(current) as (tables, _),
                terminal.step(f"Comparing {tables.scored()} with training") as bar,
            ):
                report = watch_tables(bundle, tables, out, on_rows=batch_counter(bar))
    typer.echo(told(report))
    if report.drift.alarms:
        raise typer.Exit(ALARM)
