"""``credit-scoring drift``: what has moved since training, and what the model is worth now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credit_scoring.batch import watch_matrix, watch_tables
from credit_scoring.bundle.store import Bundle
from credit_scoring.cli.monitor import left_out, recorded_now
from credit_scoring.cli.periods import moment
from credit_scoring.cli.scoring import batch_counter
from credit_scoring.cli.watch_files import prepare_files, write_report
from credit_scoring.cli.wiring import checked_tables, opened_bundle, opened_decisions, read_settings, terminal
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.told import told
from credit_scoring.monitoring.watch import WatchReport
from credit_scoring.scoring.sample import RowSample

ALARM = 2


def drift(
    current: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the current tables (CSV, .gz, .zip, Parquet) or a database URL; for a model trained on a "
            "single table, that file; or decisions: those that the decision log recorded (a folder of this name is "
            "./decisions). Default: data under the home folder.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="champion, challenger, a version number, or the folder of a bundle.")
    ] = "champion",
    since: Annotated[
        str, typer.Option(help="With --current decisions: from when on; 30d for so long ago, a day, a moment.")
    ] = "30d",
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
        if current == "decisions":
            report = _of_decisions(bundle, since, sample)
        elif bundle.manifest.portfolio == "matrix":
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
    if report.alarms:
        raise typer.Exit(ALARM)


def _of_decisions(bundle: Bundle, since: str, sample: RowSample | None) -> WatchReport:
    now = recorded_now()
    with opened_decisions() as log, terminal.step("Comparing recorded decisions with training") as bar:
        from credit_scoring.watch_log import watch_decisions  # noqa: PLC0415 - the serve extra

        found = watch_decisions(bundle, log, moment(since, now), now, sample=sample, on_rows=batch_counter(bar))
    for notice in left_out(found):
        terminal.notice(notice)
    if found.report is None:
        raise DataError(f"this model made no decision since {since} whose feature values are in the decision log")
    return found.report
