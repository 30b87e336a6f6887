"""``credit-scoring data``: get tables and check them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credit_scoring.cli.options import SourceArgument
from credit_scoring.cli.wiring import terminal
from credit_scoring.domain.errors import DataError
from credit_scoring.tables.download import download as download_tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import Drift, synthesize
from credit_scoring.tables.validate import validate

data_app = typer.Typer(no_args_is_help=True, help="Get tables and check them.")


@data_app.command("synth")
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    applications: Annotated[int, typer.Option(min=1, help="Rows of application_train.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Two runs with one seed agree byte for byte.")] = 7,
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    test_shift: Annotated[
        float,
        typer.Option(help="Shift of application_test from application_train: 0 none, 1 as in the real data."),
    ] = 1.0,
    monthly: Annotated[
        float,
        typer.Option(help="Share of application_train so shifted in the last month; rises from 0 in the first."),
    ] = 0.0,
    months: Annotated[int, typer.Option(help="Months over which applications arrive, with --monthly.")] = 12,
) -> None:
    """Make seeded, linked, Home-Credit-shaped tables. No real row is in them."""
    if file_format not in {"csv", "parquet"}:
        raise DataError(f"--format must be csv or parquet, not {file_format!r}")
    drift = Drift(test_shift=test_shift, monthly=monthly, months=months)
    with terminal.step(f"Making {applications:,} applications with their histories in {out}") as bar:
        rows = synthesize(
            out,
            applications=applications,
            seed=seed,
            file_format="parquet" if file_format == "parquet" else "csv",
            drift=drift,
            on_progress=lambda done, total: bar.at("clients", done, total),
        )
        bar.made = f"{len(rows)} tables, {sum(rows.values()):,} rows"


@data_app.command("download")
def download(out: Annotated[Path, typer.Argument(help="Folder to fill.")]) -> None:
    """Download the competition's files with Kaggle's own client and your account."""
    files = download_tables(out)
    terminal.say(f"{len(files)} files in {out}")


@data_app.command("check")
def check(source: SourceArgument) -> None:
    """Check tables against the schema; exit 1 with every violation if there is any."""
    with terminal.step(f"Checking {source}") as bar, read_tables(source) as tables:
        for notice in tables.notices:
            terminal.notice(notice)
        rows = validate(tables, on_table=lambda name: bar.at(name, 0, None))
        bar.made = f"{len(rows)} tables, {sum(rows.values()):,} rows, no violation"
