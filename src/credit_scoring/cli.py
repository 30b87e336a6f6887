"""The command line: arguments, wiring and exit codes only."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from polars.exceptions import PolarsError
from pydantic import ValidationError

from credit_scoring.batch import score_matrix, score_tables, write_features
from credit_scoring.bootstrap import published_bundles
from credit_scoring.bundle.card import model_card
from credit_scoring.bundle.model import usable_cores
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.cluster import features_on_spark, score_on_spark
from credit_scoring.console import Bar, Terminal
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.domain.errors import CreditScoringError, DataError, MissingExtraError
from credit_scoring.scoring import BatchSummary
from credit_scoring.settings import Settings
from credit_scoring.tables.download import download as download_tables
from credit_scoring.tables.read import Tables, read_tables
from credit_scoring.tables.synthetic import Drift, synthesize
from credit_scoring.tables.validate import validate

if TYPE_CHECKING:
    from credit_scoring.adapters.mlflow_registry import MlflowRegistry, RegisteredVersion
    from credit_scoring.training.development import TrainingSet

app = typer.Typer(
    name="credit-scoring",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Probability of default, cheapest decision and honest reasons, from raw application files.",
    epilog="Everything a run keeps lies under CREDIT_SCORING_HOME, by default the working directory.",
)
data_app = typer.Typer(no_args_is_help=True, help="Get tables and check them.")
model_app = typer.Typer(no_args_is_help=True, help="Registered models: which one decides.")
app.add_typer(data_app, name="data")
app.add_typer(model_app, name="model")

terminal = Terminal()
INTERRUPTED = 130
SourceArgument = Annotated[
    str,
    typer.Argument(metavar="DIR", help="Folder of the tables (CSV, .gz, .zip, Parquet) or a database URL."),
]
OptionalSourceArgument = Annotated[
    str | None,
    typer.Argument(metavar="DIR", help="Folder of the tables (CSV, .gz, .zip, Parquet) or a database URL."),
]
MatrixOption = Annotated[Path | None, typer.Option(help="Any lender's single-table file instead (CSV, Parquet).")]
TargetOption = Annotated[str | None, typer.Option(help="With --matrix: the column that tells who defaulted.")]
IdOption = Annotated[str | None, typer.Option("--id", help="With --matrix: the key column; default: row numbers.")]
BadOption = Annotated[
    str | None, typer.Option(help="With --matrix: the target's value that means default; default: 1.")
]
LabelsOption = Annotated[Path | None, typer.Option(help="With --matrix: YAML of column meanings.")]
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


@app.command()
def train(
    source: OptionalSourceArgument = None,
    matrix: MatrixOption = None,
    target: TargetOption = None,
    id_column: IdOption = None,
    bad: BadOption = None,
    labels: LabelsOption = None,
    promote: Annotated[bool, typer.Option("--promote", help="Make the new version champion at once.")] = False,
    cost_fn: Annotated[float, typer.Option(help="Cost of approving an application that defaults.")] = 10.0,
    cost_fp: Annotated[float, typer.Option(help="Cost of declining one that would have repaid.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Two runs with one seed on one machine agree to the last bit.")] = 7,
    folds: FoldsOption = 5,
    holdout: HoldoutOption = 0.2,
    threads: ThreadsOption = 0,
    parameters: Annotated[
        Path | None,
        typer.Option(help="LightGBM parameters for lightgbm and blend, as tune writes them."),
    ] = None,
) -> None:
    """Train candidates and register the best by cost, then Brier score: first champion, later ones challenger."""
    _require_one_input(source, matrix, target, id_column, bad, labels)
    registry = _registry()
    from credit_scoring.training.development import TrainingOptions  # noqa: PLC0415 - the training extra
    from credit_scoring.training.parameters import TunedParameters, read_parameters  # noqa: PLC0415
    from credit_scoring.training.run import train as run_training  # noqa: PLC0415

    tuned = read_parameters(parameters) if parameters else TunedParameters()
    options = TrainingOptions(
        costs=CostMatrix(cost_fn, cost_fp),
        seed=seed,
        folds=folds,
        holdout_share=holdout,
        threads=threads or usable_cores(),
        boosting=tuned.parameters.given(),
    )
    data = _training_set(source, matrix, target, id_column, bad, labels)
    if notice := tuned.holdout_notice(data, options):
        terminal.notice(notice)
    with terminal.step("Training") as bar:
        trained = run_training(data, options, on_step=bar.at)
        bar.made = trained.bundle.manifest.candidate
    with terminal.step("Registering") as bar:
        version, bundle = registry.record(trained, promote=promote)
        bar.made = f"version {version.version}, {', '.join(version.aliases)}"
    typer.echo(model_card(bundle))


@app.command()
def tune(
    source: OptionalSourceArgument = None,
    matrix: MatrixOption = None,
    target: TargetOption = None,
    id_column: IdOption = None,
    bad: BadOption = None,
    labels: LabelsOption = None,
    trials: Annotated[int, typer.Option(min=0, help="Trials of this process; 0: only tell what was found.")] = 20,
    study: Annotated[str, typer.Option(help="Name of the study, to go on with it later or elsewhere.")] = "tuning",
    storage: Annotated[
        str | None, typer.Option(help="Database URL of the study; default: tuning.db under the home folder.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="As train: it draws the hold-out, the folds and the trials.")] = 7,
    folds: FoldsOption = 5,
    holdout: HoldoutOption = 0.2,
    threads: ThreadsOption = 0,
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, for train --parameters.")] = Path(
        "parameters.json"
    ),
) -> None:
    """Search LightGBM parameters around the defaults, by log loss out of fold; stop with Ctrl-C, run again to go on."""
    _require_one_input(source, matrix, target, id_column, bad, labels)
    if not out.absolute().parent.is_dir():
        raise DataError(f"{out} cannot be written: there is no folder {out.parent}")
    settings = _settings()
    from credit_scoring.training.development import TrainingOptions  # noqa: PLC0415 - the training extra
    from credit_scoring.training.tune import tune as run_tuning  # noqa: PLC0415
    from credit_scoring.training.tune import tuning_report  # noqa: PLC0415

    settings.home.mkdir(parents=True, exist_ok=True)
    options = TrainingOptions(seed=seed, folds=folds, holdout_share=holdout, threads=threads or usable_cores())
    data = _training_set(source, matrix, target, id_column, bad, labels)
    with terminal.step(f"Tuning, study {study}") as bar:
        tuned = run_tuning(
            data, options, trials=trials, study=study, storage=storage or settings.studies, on_step=bar.at
        )
        bar.made = f"{tuned.trials} trials, the best in {out}"
    tuned.write(out)
    typer.echo(tuning_report(tuned))


def _require_one_input(source: str | None, matrix: Path | None, target: str | None, *of_matrix: object) -> None:
    if (source is None) == (matrix is None):
        raise typer.BadParameter("give either the folder of the tables, or --matrix FILE")
    if matrix is not None and target is None:
        raise typer.BadParameter("--matrix needs --target COLUMN")
    if matrix is None and (target or any(of_matrix)):
        raise typer.BadParameter("--target, --id, --bad and --labels go with --matrix")


def _training_set(
    source: str | None,
    matrix: Path | None,
    target: str | None,
    id_column: str | None,
    bad: str | None,
    labels: Path | None,
) -> TrainingSet:
    if matrix is not None and target is not None:
        return _matrix_set(matrix, target, id_column, bad, labels)
    return _home_credit_set(str(source))


def _home_credit_set(source: str) -> TrainingSet:
    from credit_scoring.training.prepare import home_credit_set  # noqa: PLC0415 - the training extra

    with read_tables(source) as tables:
        for notice in tables.notices:
            terminal.notice(notice)
        if "application_train" not in tables.frames:
            raise DataError(f"{source} holds no application_train to learn from")
        with terminal.step("Checking the tables") as bar:
            rows = validate(tables, on_table=lambda name: bar.at(name, 0, None))
            bar.made = f"{len(rows)} tables, {sum(rows.values()):,} rows, no violation"
        with terminal.step("Building features") as bar:
            data = home_credit_set(tables, rows, on_family=lambda name: bar.at(name, 0, None))
            bar.made = f"{len(data.cards)} features of {data.matrix.height:,} applications"
    return data


def _matrix_set(path: Path, target: str, id_column: str | None, bad: str | None, labels: Path | None) -> TrainingSet:
    from credit_scoring.training.prepare import matrix_set  # noqa: PLC0415 - the training extra

    with terminal.step(f"Reading {path}") as bar:
        data, notices = matrix_set(path, target=target, id_column=id_column, bad=bad, labels=labels)
        bar.made = f"{len(data.cards)} features of {data.matrix.height:,} applications"
    for notice in notices:
        terminal.notice(notice)
    return data


@app.command()
def features(
    source: SourceArgument,
    out: Annotated[str, typer.Option("-o", "--out", help="File to write, .parquet; with --engine spark, a folder.")],
    applications: Annotated[
        str | None,
        typer.Option(help="application_train or application_test; default: application_test if there."),
    ] = None,
    engine: EngineOption = "polars",
    shards: ShardsOption = None,
) -> None:
    """Write the feature matrix: a row an application, and TARGET where it is known."""
    if engine == "spark":
        features_on_spark(terminal, source, out, applications=applications, shards=shards)
        return
    _refuse_shards(shards)
    with _checked_tables(source) as tables:
        chosen = applications or tables.scored()
        with terminal.step(f"Building features of {chosen}") as bar:
            rows, number = write_features(tables, chosen, Path(out), on_family=lambda name: bar.at(name, 0, None))
            bar.made = f"{out}: {number} features of {rows:,} applications"


@app.command()
def score(
    source: Annotated[
        str | None,
        typer.Argument(metavar="DIR", help="Folder of the tables (CSV, .gz, .zip, Parquet) or a database URL."),
    ] = None,
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
    with _opened_bundle(model, portfolio="home_credit" if matrix is None else "matrix") as (bundle, folder):
        if engine == "spark":
            summary = score_on_spark(terminal, str(source), out, bundle, folder, explained=reasons, shards=shards)
        elif matrix is not None:
            with terminal.step(f"Scoring {matrix}") as bar:
                summary = score_matrix(bundle, matrix, Path(out), explained=reasons, on_rows=_counter(bar))
                bar.made = summary.told(out)
        else:
            with _checked_tables(str(source)) as tables, terminal.step(f"Scoring {tables.scored()}") as bar:
                summary = score_tables(bundle, tables, Path(out), explained=reasons, on_rows=_counter(bar))
                bar.made = summary.told(out)
        _tell_unseen(summary)


def _refuse_shards(shards: int | None) -> None:
    if shards is not None:
        raise typer.BadParameter("--shards goes with --engine spark; Polars divides large tables by itself")


@contextmanager
def _checked_tables(source: str) -> Iterator[Tables]:
    """Open tables, tell their notices and check them against the schema."""
    with read_tables(source) as tables:
        for notice in tables.notices:
            terminal.notice(notice)
        with terminal.step("Checking the tables") as bar:
            rows = validate(tables, on_table=lambda name: bar.at(name, 0, None))
            bar.made = f"{len(rows)} tables, {sum(rows.values()):,} rows, no violation"
        yield tables


@model_app.command("list")
def model_list() -> None:
    """List the registered versions, oldest first."""
    versions = _registry().versions()
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
    with _opened_bundle(model) as (bundle, _):
        typer.echo(model_card(bundle))


@model_app.command("promote")
def model_promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version number, or challenger.")],
) -> None:
    """Make a registered version the champion."""
    registry = _registry()
    number = registry.resolve(version)
    registry.promote(number)
    typer.echo(_line(registry.version(number)))


@model_app.command("rollback")
def model_rollback() -> None:
    """Make the former champion champion again."""
    typer.echo(_line(_registry().rollback()))


def _registry() -> MlflowRegistry:
    """Return the registry; MLflow is imported only here, as it is slow and optional."""
    from credit_scoring.adapters.mlflow_registry import MlflowRegistry  # noqa: PLC0415

    settings = _settings()
    return MlflowRegistry(
        settings.home,
        published_bundles(settings),
        tracking_uri=settings.tracking_uri,
        model_name=settings.model_name,
    )


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise DataError(f"a CREDIT_SCORING_ setting is not valid: {wrong}") from error


@contextmanager
def _opened_bundle(model: str, *, portfolio: str | None = None) -> Iterator[tuple[Bundle, Path]]:
    """Open the bundle that `model` names, with its folder; the champion and folders need no MLflow."""
    with TemporaryDirectory(prefix="credit-scoring-") as scratch:
        if model == "champion":
            published = published_bundles(_settings())
            bundle = published.champion()
            folder = published.path(bundle.digest)
        else:
            registered = model == "challenger" or model.isdecimal()
            registry = _registry() if registered else None
            folder = registry.fetch(registry.resolve(model), Path(scratch)) if registry else Path(model)
            bundle = load_bundle(folder)
        if portfolio is not None and bundle.manifest.portfolio != portfolio:
            trained = {"home_credit": "the eight tables: give their folder", "matrix": "one table: give --matrix FILE"}
            raise DataError(f"the model {model} was trained on {trained[bundle.manifest.portfolio]}")
        yield bundle, folder


def _counter(bar: Bar) -> Callable[[int], None]:
    scored = itertools.count(1)

    def on_rows(rows: int) -> None:
        bar.at(f"batches of {rows:,} applications", next(scored), None)

    return on_rows


def _line(version: RegisteredVersion) -> str:
    aliases = f"  {', '.join(version.aliases)}" if version.aliases else ""
    return (
        f"version {version.version}  {version.created_at}  {version.candidate}  out-of-fold AUC {version.auc}, "
        f"cost {version.cost}{aliases}"
    )


def _tell_unseen(summary: BatchSummary) -> None:
    for name, count in summary.unseen.items():
        terminal.notice(f"{name}: {count:,} values that training never saw are taken as missing")


def main() -> None:
    """Run the command line; what goes wrong is one sentence: exit code 1, or 3 for a missing extra."""
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            terminal.say("stopped: the champion is as it was; nothing half-written is left but temporary files")
        raise
    except MissingExtraError as error:
        terminal.say(f"error: {error}")
        sys.exit(3)
    except (CreditScoringError, OSError, PolarsError) as error:
        terminal.say(f"error: {error}")
        sys.exit(1)
