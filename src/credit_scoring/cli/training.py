"""``credit-scoring train`` and ``tune``: what needs the training extra, which only the commands import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credit_scoring.bundle.card import model_card
from credit_scoring.bundle.model import usable_cores
from credit_scoring.cli.groups import grouped
from credit_scoring.cli.options import FoldsOption, HoldoutOption, OptionalSourceArgument, ThreadsOption
from credit_scoring.cli.wiring import checked_tables, open_registry, read_settings, terminal, who
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.domain.errors import DataError

if TYPE_CHECKING:
    from credit_scoring.training.development import TrainingSet
    from credit_scoring.training.run import Trained


@dataclass(frozen=True)
class Input:
    """What is trained on, as a user gives it: the folder of the tables, or a single-table file with its columns."""

    source: OptionalSourceArgument = None
    matrix: Annotated[Path | None, typer.Option(help="Any lender's single-table file instead (CSV, Parquet).")] = None
    target: Annotated[str | None, typer.Option(help="With --matrix: the column that tells who defaulted.")] = None
    id_column: Annotated[
        str | None, typer.Option("--id", help="With --matrix: the key column; default: row numbers.")
    ] = None
    bad: Annotated[
        str | None, typer.Option(help="With --matrix: the target's value that means default; default: 1.")
    ] = None
    labels: Annotated[Path | None, typer.Option(help="With --matrix: YAML of column meanings.")] = None

    def require_one(self) -> None:
        """Refuse options that name no input, or two."""
        if (self.source is None) == (self.matrix is None):
            raise typer.BadParameter("give either the folder of the tables, or --matrix FILE")
        if self.matrix is not None and self.target is None:
            raise typer.BadParameter("--matrix needs --target COLUMN")
        if self.matrix is None and (self.target or self.id_column or self.bad or self.labels):
            raise typer.BadParameter("--target, --id, --bad and --labels go with --matrix")


@dataclass(frozen=True)
class Fitting:
    """How it is trained."""

    seed: Annotated[int, typer.Option(min=0, help="Two runs with one seed on one machine agree to the last bit.")] = 7
    folds: FoldsOption = 5
    holdout: HoldoutOption = 0.2
    threads: ThreadsOption = 0
    parameters: Annotated[
        Path | None, typer.Option(help="LightGBM parameters for lightgbm and blend, as tune writes them.")
    ] = None


@grouped
def train(
    given: Input,
    *,
    promote: Annotated[bool, typer.Option("--promote", help="Make the new version champion at once.")] = False,
    cost_fn: Annotated[float, typer.Option(help="Cost of approving an application that defaults.")] = 10.0,
    cost_fp: Annotated[float, typer.Option(help="Cost of declining one that would have repaid.")] = 1.0,
    fitting: Fitting,
) -> None:
    """Train candidates and register the best by cost, then Brier score: first champion, later ones challenger."""
    given.require_one()
    registry = open_registry()
    _, trained = trained_from(given, CostMatrix(cost_fn, cost_fp), fitting)
    with terminal.step("Registering") as bar:
        version, bundle = registry.record(trained, promote=promote, by=who())
        bar.made = f"version {version.version}, {', '.join(version.aliases)}"
    typer.echo(model_card(bundle))


def trained_from(given: Input, costs: CostMatrix, fitting: Fitting) -> tuple[TrainingSet, Trained]:
    """Return what was trained on, and what training made of it."""
    from credit_scoring.training.development import TrainingOptions  # noqa: PLC0415 - the training extra
    from credit_scoring.training.parameters import TunedParameters, read_parameters  # noqa: PLC0415
    from credit_scoring.training.run import train as run_training  # noqa: PLC0415

    tuned = read_parameters(fitting.parameters) if fitting.parameters else TunedParameters()
    options = TrainingOptions(
        costs=costs,
        seed=fitting.seed,
        folds=fitting.folds,
        holdout_share=fitting.holdout,
        threads=fitting.threads or usable_cores(),
        boosting=tuned.parameters.given(),
    )
    data = _training_set(given)
    if notice := tuned.holdout_notice(data, options):
        terminal.notice(notice)
    with terminal.step("Training") as bar:
        trained = run_training(data, options, on_step=bar.at)
        bar.made = trained.bundle.manifest.candidate
    return data, trained


@grouped
def tune(
    given: Input,
    *,
    trials: Annotated[int, typer.Option(min=0, help="Trials of this process; 0: only tell what was found.")] = 20,
    study: Annotated[str, typer.Option(help="Name of the study, to go on with it later or elsewhere.")] = "tuning",
    storage: Annotated[
        str | None, typer.Option(help="Database URL of the study; default: tuning.db under the home folder.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="As train: it draws the hold-out, the folds and the trials.")
    ] = Fitting.seed,
    folds: FoldsOption = Fitting.folds,
    holdout: HoldoutOption = Fitting.holdout,
    threads: ThreadsOption = Fitting.threads,
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, for train --parameters.")] = Path(
        "parameters.json"
    ),
) -> None:
    """Search LightGBM parameters around the defaults, by log loss out of fold; stop with Ctrl-C, run again to go on."""
    given.require_one()
    if not out.absolute().parent.is_dir():
        raise DataError(f"{out} cannot be written: there is no folder {out.parent}")
    settings = read_settings()
    from credit_scoring.training.development import TrainingOptions  # noqa: PLC0415 - the training extra
    from credit_scoring.training.tune import tune as run_tuning  # noqa: PLC0415
    from credit_scoring.training.tune import tuning_report  # noqa: PLC0415

    settings.home.mkdir(parents=True, exist_ok=True)
    options = TrainingOptions(seed=seed, folds=folds, holdout_share=holdout, threads=threads or usable_cores())
    data = _training_set(given)
    with terminal.step(f"Tuning, study {study}") as bar:
        tuned = run_tuning(
            data, options, trials=trials, study=study, storage=storage or settings.studies, on_step=bar.at
        )
        bar.made = f"{tuned.trials} trials, the best in {out}"
    tuned.write(out)
    typer.echo(tuning_report(tuned))


def _training_set(given: Input) -> TrainingSet:
    if given.matrix is not None and given.target is not None:
        return _matrix_set(given.matrix, given.target, given.id_column, given.bad, given.labels)
    return _home_credit_set(str(given.source))


def _home_credit_set(source: str) -> TrainingSet:
    from credit_scoring.training.prepare import home_credit_set  # noqa: PLC0415 - the training extra

    with (
        checked_tables(source, needed="application_train") as (tables, rows),
        terminal.step("Building features") as bar,
    ):
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
