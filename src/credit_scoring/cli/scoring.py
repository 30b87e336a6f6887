"""``credit-scoring features`` and ``score``: whole tables at once, on this machine or on Spark."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from credit_scoring.batch import score_matrix, score_tables, write_features
from credit_scoring.cli.options import (
    ApplicationsOption,
    EngineOption,
    OptionalSourceArgument,
    ShardsOption,
    SourceArgument,
)
from credit_scoring.cli.wiring import checked_tables, opened_bundle, terminal
from credit_scoring.cluster import features_on_spark, score_on_spark
from credit_scoring.console import Bar
from credit_scoring.scoring.score import BatchSummary


def features(
    source: SourceArgument,
    out: Annotated[str, typer.Option("-o", "--out", help="File to write, .parquet; with --engine spark, a folder.")],
    applications: ApplicationsOption = None,
    engine: EngineOption = "polars",
    shards: ShardsOption = None,
) -> None:
    """Write the feature matrix: a row an application, and TARGET where it is known."""
    if engine == "spark":
        features_on_spark(terminal, source, out, applications=applications, shards=shards)
        return
    _refuse_shards(shards)
    with checked_tables(source, needed=applications) as (tables, _):
        chosen = applications or tables.scored()
        with terminal.step(f"Building features of {chosen}") as bar:
            rows, number = write_features(tables, chosen, Path(out), on_family=lambda name: bar.at(name, 0, None))
            bar.made = f"{out}: {number} features of {rows:,} applications"


def score(
    source: OptionalSourceArgument = None,
    out: Annotated[
        str, typer.Option("-o", "--out", help="File to write, .parquet or .csv; with --engine spark, a folder.")
    ] = "decisions.parquet",
    model: Annotated[
        str, typer.Option(help="champion, challenger, a version number, or the folder of a bundle.")
    ] = "champion",
    matrix: Annotated[Path | None, typer.Option(help="A single-table file, for a model trained on one.")] = None,
    reasons: Annotated[bool, typer.Option("--reasons", help="Add the reasons, in English and French.")] = False,
    engine: EngineOption = "polars",
    shards: ShardsOption = None,
) -> None:
    """Score application_test if there, else all applications: approve, decline, or refer to a person."""
    if (source is None) == (matrix is None):
        raise typer.BadParameter("give either the folder of the tables, or --matrix FILE")
    if matrix is not None and engine == "spark":
        raise typer.BadParameter("--engine spark goes with the folder of the tables, not with --matrix")
    if engine == "polars":
        _refuse_shards(shards)
    with opened_bundle(model, portfolio="home_credit" if matrix is None else "matrix") as (bundle, folder):
        if engine == "spark":
            summary = score_on_spark(terminal, str(source), out, bundle, folder, explained=reasons, shards=shards)
        elif matrix is not None:
            with terminal.step(f"Scoring {matrix}") as bar:
                summary = score_matrix(bundle, matrix, Path(out), explained=reasons, on_rows=batch_counter(bar))
                bar.made = summary.told(out)
        else:
            with checked_tables(str(source)) as (tables, _), terminal.step(f"Scoring {tables.scored()}") as bar:
                summary = score_tables(bundle, tables, Path(out), explained=reasons, on_rows=batch_counter(bar))
                bar.made = summary.told(out)
        _tell_unseen(summary)


def _refuse_shards(shards: int | None) -> None:
    if shards is not None:
        raise typer.BadParameter("--shards goes with --engine spark; Polars divides large tables by itself")


def batch_counter(bar: Bar) -> Callable[[int], None]:
    """Return what tells on `bar` that another batch of so many applications is done."""
    scored = itertools.count(1)

    def on_rows(rows: int) -> None:
        bar.at(f"batches of {rows:,} applications", next(scored), None)

    return on_rows


def _tell_unseen(summary: BatchSummary) -> None:
    for name, count in summary.unseen.items():
        terminal.notice(f"{name}: {count:,} values that training never saw are taken as missing")
