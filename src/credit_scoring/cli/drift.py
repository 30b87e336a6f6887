"""``credit-scoring drift``: what has moved since training, and what the model is worth now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credit_scoring.batch import watch_matrix, watch_tables
from credit_scoring.cli.scoring import batch_counter
from credit_scoring.cli.watch_files import prepare_files, write_report
from credit_scoring.cli.wiring import checked_tables, opened_bundle, read_settings, terminal
from credit_scoring.monitoring.told import told

ALARM = 2


def drift(
    current: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the current tables (CSV, .gz, .zip, Parquet) or a database URL; for a model trained on a "
            "single table, that file; default: data under the home folder.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="champion, challenger, a version number, or the folder of a bundle.")
    ] = "champion",
    reference: Annotated[
        str,
        typer.Option(
            metavar="bundle|DIR",
            help="What an .html report draws beside the current rows: those kept when the model was trained, or "
            "applications as --current takes them. The verdicts are always by the model's own profile.",
        ),
    ] = "bundle",
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--out", help="File to write the whole report to, .json, or .html with Evidently; more than one goes."
        ),
    ] = None,
) -> None:
    """Compare application_test if there, else all applications, with training; exit code 2 if an alarm fires, else 0.

    Without drift, at most one window in a hundred gives any notice or alarm. Codes: docs/reference/checks.md.
    """
    paths, source = out or [], current or str(read_settings().data)
    with opened_bundle(model) as (bundle, _):
        samples = prepare_files(paths, bundle, reference)
        sample = samples.current if samples else None
        if bundle.manifest.portfolio == "matrix":
            with terminal.step(f"Comparing {source} with training") as bar:
                report = watch_matrix(bundle, Path(source), sample=sample, on_rows=batch_counter(bar))
        else:
            with (
                checked_tables(source) as (tables, _),
                terminal.step(f"Comparing {tables.scored()} with training") as bar,
            ):
                report = watch_tables(bundle, tables, sample=sample, on_rows=batch_counter(bar))
        write_report(report, paths, bundle, samples)
    typer.echo(told(report))
    if report.drift.alarms:
        raise typer.Exit(ALARM)
