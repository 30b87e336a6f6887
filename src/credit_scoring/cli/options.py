"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

SourceArgument = Annotated[
    str,
    typer.Argument(metavar="DIR", help="Folder of the tables (CSV, .gz, .zip, Parquet) or a database URL."),
]
OptionalSourceArgument = Annotated[
    str | None,
    typer.Argument(metavar="DIR", help="Folder of the tables (CSV, .gz, .zip, Parquet) or a database URL."),
]
FoldsOption = Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")]
HoldoutOption = Annotated[float, typer.Option(min=0, max=0.5, help="Share of persons kept for the end; 0: none.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Threads of LightGBM; 0: as many as there are cores.")]
EngineOption = Annotated[
    Literal["polars", "spark"],
    typer.Option(
        help="polars: this machine, one file; spark: this machine or a cluster, files only, a folder of Parquet."
    ),
]
ShardsOption = Annotated[
    int | None,
    typer.Option(min=1, help="With --engine spark: parts of the clients; default: one a core, or 50,000 each."),
]
ApplicationsOption = Annotated[
    Literal["application_train", "application_test"] | None,
    typer.Option(help="Table of the applications; default: application_test if there."),
]
ByOption = Annotated[
    str | None, typer.Option(help="Who decides this, for the ledger; default: the operating system's user.")
]
ReasonOption = Annotated[str, typer.Option(help="Why, for the ledger.")]
