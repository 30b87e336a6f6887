from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from credit_scoring.bundle.manifest import Metric
from credit_scoring.cli import app
from credit_scoring.cli import training as commands
from credit_scoring.domain.errors import DataError, StudyError
from credit_scoring.training import boosting
from credit_scoring.training.boosting import Boosting, boosting_parameters
from credit_scoring.training.development import TrainingOptions, TrainingSet, development
from credit_scoring.training.parameters import BoostingParameters, TunedParameters, read_parameters
from credit_scoring.training.run import Trained, train
from credit_scoring.training.sample import log_losses

optuna = pytest.importorskip("optuna", reason="needs the train extra")

from optuna import Study  # noqa: E402
from optuna.storages import RDBStorage  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

from credit_scoring.training.tune import tune, tuning_report  # noqa: E402

OPTIONS = TrainingOptions(folds=2, threads=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "MOST_ROUNDS", 20)


@pytest.fixture(scope="module")
def few(portfolio: TrainingSet) -> TrainingSet:
    return replace(portfolio, matrix=portfolio.matrix.head(400))


def storage(folder: Path, name: str = "tuning") -> str:
    return f"sqlite:///{folder / name}.db"


def tuned(data: TrainingSet, url: str, trials: int, options: TrainingOptions = OPTIONS) -> TunedParameters:
    return tune(data, options, trials=trials, study="study", storage=url)


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    database = RDBStorage(url)
    yield database
    database.remove_session()
    database.engine.dispose()


def trials_of(url: str) -> list[FrozenTrial]:
    with opened(url) as database:
        study: Study = optuna.load_study(study_name="study", storage=database)
        return study.get_trials()


def told(url: str) -> list[tuple[object, ...]]:
    return [(trial.number, trial.state, trial.params, trial.value) for trial in trials_of(url)]


def test_the_first_trial_is_the_defaults_measured_as_training_measures_them(few: TrainingSet, tmp_path: Path) -> None:
    tuned(few, storage(tmp_path), 1)
    (first,) = trials_of(storage(tmp_path))
    rows = development(few, OPTIONS)
    known = boosting_parameters(rows.sample, seed=OPTIONS.seed, threads=1)
    assert first.params == {name: known[name] for name in BoostingParameters.model_fields}
    margin = np.empty(rows.fold.size)
    for number in range(OPTIONS.folds):
        held = rows.fold == number
        fitted = Boosting("plain").fit(rows.sample.rows(~held), seed=OPTIONS.seed, threads=1)
        margin[held] = fitted.model(rows.sample.encoder).margin(rows.sample.values[held])
    assert first.value == log_losses(margin, rows.sample.defaulted).mean()


def require_pruned_where_above_the_median(trials: list[FrozenTrial], after_folds: int) -> None:
    pruned = [trial.number for trial in trials if trial.state == TrialState.PRUNED]
    assert pruned
    for trial in trials:
        full = [other for other in trials[: trial.number] if other.state == TrialState.COMPLETE]
        losses = [other.intermediate_values[after_folds] for other in full]
        behind = len(full) >= 5 and trial.intermediate_values[after_folds] > np.median(losses)
        assert behind == (trial.number in pruned)


@pytest.mark.slow
def test_a_study_that_was_left_and_taken_up_again_is_the_same_study(few: TrainingSet, tmp_path: Path) -> None:
    whole, parts = storage(tmp_path, "whole"), storage(tmp_path, "parts")
    options = replace(OPTIONS, folds=3)
    at_once = tuned(few, whole, 14, options)  # beyond the first ten, which are drawn without looking at the others
    for number in (6, 7, 1):
        in_parts = tuned(few, parts, number, options)
    assert told(whole) == told(parts)
    assert len({str(trial.params) for trial in trials_of(whole)}) == 14
    require_pruned_where_above_the_median(trials_of(whole), after_folds=2)
    assert at_once == in_parts == tuned(few, whole, 0, options)
    assert at_once.log_loss["best"] <= at_once.log_loss["defaults"]
    assert at_once.trials == 14


def test_corrupted_holdout_labels_change_nothing(few: TrainingSet, tmp_path: Path) -> None:
    held = development(few, OPTIONS).held
    flipped = pl.Series("bad", np.where(held, 1.0 - few.matrix["bad"].to_numpy(), few.matrix["bad"].to_numpy()))
    other = replace(few, matrix=few.matrix.with_columns(flipped))
    one, two = tuned(few, storage(tmp_path, "one"), 4), tuned(other, storage(tmp_path, "two"), 4)
    assert told(storage(tmp_path, "one")) == told(storage(tmp_path, "two"))
    assert one.model_dump(exclude={"made_on"}) == two.model_dump(exclude={"made_on"})


def test_a_study_refuses_other_data_and_other_options(few: TrainingSet, tmp_path: Path) -> None:
    url = storage(tmp_path)
    tuned(few, url, 1)
    with pytest.raises(StudyError, match="not the same data fingerprint"):
        tuned(replace(few, matrix=few.matrix.with_columns(debt=pl.col("debt") + 1)), url, 1)
    for option in ({"seed": 8}, {"folds": 3}, {"holdout_share": 0.1}):
        with pytest.raises(StudyError, match="another --study NAME"):
            tuned(few, url, 1, replace(OPTIONS, **option))
    assert len(trials_of(url)) == 1
    with opened(url) as database:
        optuna.create_study(storage=database, study_name="foreign").enqueue_trial({})
    with pytest.raises(StudyError, match="made on something else"):
        tune(few, OPTIONS, trials=1, study="foreign", storage=url)


@pytest.mark.parametrize("finished", [0, 2])
def test_an_interrupt_keeps_finished_trials_and_the_next_run_goes_on(
    few: TrainingSet, tmp_path: Path, finished: int
) -> None:
    url = storage(tmp_path)

    def interrupt(title: str, done: int, total: int) -> None:
        if done == finished * OPTIONS.folds + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(few, OPTIONS, trials=5, study="study", storage=url, on_step=interrupt)
    kept = told(url)
    assert [state for _, state, *_ in kept] == [TrialState.COMPLETE] * finished + [TrialState.FAIL]
    tuned(few, url, 2)
    assert told(url)[: finished + 1] == kept
    assert len(told(url)) == finished + 3
    whole = [trial for trial in trials_of(url) if trial.state == TrialState.COMPLETE]
    assert sum("defaults" in trial.user_attrs for trial in whole) == 1


@pytest.mark.parametrize("finished", [0, 1])
def test_a_trial_that_a_killed_process_left_counts_for_nothing(few: TrainingSet, tmp_path: Path, finished: int) -> None:
    url = storage(tmp_path)
    tuned(few, url, finished)
    with opened(url) as database:
        left = optuna.load_study(study_name="study", storage=database).ask().number
    found = tuned(few, url, 1)
    assert (found.trials, trials_of(url)[left].state) == (finished + 1, TrialState.RUNNING)
    assert found.log_loss["best"] <= found.log_loss["defaults"]


def test_the_parameters_are_trained_with_and_told(few: TrainingSet, tmp_path: Path) -> None:
    given = BoostingParameters(num_leaves=3, lambda_l2=12.5)
    TunedParameters(parameters=given).write(tmp_path / "p.json")
    parameters = read_parameters(tmp_path / "p.json").parameters
    assert parameters == given
    plain = train(few, OPTIONS)
    trained = train(few, replace(OPTIONS, boosting=parameters.given()))
    for before, after in zip(plain.candidates, trained.candidates, strict=True):
        changed = after.candidate.name in {"lightgbm", "blend"}
        assert np.array_equal(before.p_default, after.p_default) != changed
    for result in trained.bundle.manifest.candidates:
        if result.name in {"lightgbm", "blend"}:
            assert result.settings["num_leaves"] == "3"
            assert result.settings["lambda_l2"] == "12.5"


class RecordedError(Exception):
    """Carries what would have been registered."""


class Registry:
    def record(self, trained: Trained, *, promote: bool, by: str) -> None:
        assert (promote, bool(by)) == (False, True)
        raise RecordedError(trained)


def test_the_command_tunes_and_trains_on_one_holdout(
    few: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_SCORING_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(commands, "open_registry", Registry)
    few.matrix.write_csv(tmp_path / "few.csv")
    shared = ["--matrix", f"{tmp_path}/few.csv", "--target", "bad", "--id", "id", "--folds", "2", "--threads", "1"]
    found = CliRunner().invoke(app, ["tune", *shared, "--trials", "3", "-o", f"{tmp_path}/p.json"])
    assert "study tuning: 3 trials" in found.output
    assert (tmp_path / "home" / "tuning.db").exists()
    parameters = read_parameters(tmp_path / "p.json").parameters.given()
    train_with = ["train", *shared, "--parameters", f"{tmp_path}/p.json"]
    recorded = CliRunner().invoke(app, train_with).exception
    assert isinstance(recorded, RecordedError)
    for result in recorded.args[0].bundle.manifest.candidates:
        told = {name: str(value) for name, value in parameters.items()}.items() <= result.settings.items()
        assert told == (result.name in {"lightgbm", "blend"})
    refused = CliRunner().invoke(app, [*train_with, "--seed", "8"]).exception
    assert isinstance(refused, DataError)
    nowhere = CliRunner().invoke(app, ["tune", *shared, "-o", f"{tmp_path}/nowhere/p.json"]).exception
    assert isinstance(nowhere, DataError)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ('{"parameters": {"scale_pos_weight": 11}}', "parameters.scale_pos_weight: Extra"),
        ('{"parameters": {"num_leaves": "many"}}', "parameters.num_leaves: .*integer"),
        ('{"parameters": {"num_leaves": 8.5}}', "parameters.num_leaves: .*integer"),
        ('{"parameters": {"feature_fraction": 1.5}}', "feature_fraction: .*less than or equal to 1"),
        ('{"parameters": {"lambda_l2": NaN}}', "lambda_l2: .*finite|JSON"),
        ("[]", "file: "),
        ("num_leaves: 8", "What may be set: num_leaves, "),
    ],
)
def test_nonsense_is_refused_with_what_may_be_set(tmp_path: Path, content: str, match: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=match):
        read_parameters(path)


def test_rows_that_were_tuned_on_never_become_the_holdout(few: TrainingSet, tmp_path: Path) -> None:
    found = tuned(few, storage(tmp_path), 1)
    smaller, none = replace(OPTIONS, holdout_share=0.1), replace(OPTIONS, holdout_share=0.0, seed=8)
    for options in (OPTIONS, smaller, none, replace(OPTIONS, folds=4)):
        assert found.holdout_notice(few, options) == ""
        assert not (development(few, options).held & ~development(few, OPTIONS).held).any()
    for options in (replace(OPTIONS, seed=8), replace(OPTIONS, holdout_share=0.3)):
        with pytest.raises(DataError, match=r"--seed 7 --holdout 0\.2"):
            found.holdout_notice(few, options)
    more = replace(few, matrix=few.matrix.head(300))
    assert "other data" in found.holdout_notice(more, replace(OPTIONS, seed=8))
    assert TunedParameters().holdout_notice(more, OPTIONS) == ""


@pytest.mark.parametrize(("upper", "advice"), [(-0.001, "worth a training"), (0.001, "Keep the defaults")])
def test_the_report_advises_by_the_interval(upper: float, advice: str) -> None:
    difference = {"log_loss": Metric(value=-0.002, lower=-0.003, upper=upper)}
    found = TunedParameters(log_loss={"best": 0.24, "defaults": 0.242}, difference=difference, trials=9)
    assert advice in tuning_report(found)
    assert "flatters itself" in tuning_report(found)
    assert "keep them" in tuning_report(found.model_copy(update={"difference": {}}))


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("nonsense", r"not an address"),
        ("mssql+pymssql://me:secret@server/study", r"me:\*\*\*@server/study needs a driver"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/study", r"me:\*\*\*@127"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(few: TrainingSet, url: str, match: str) -> None:
    with pytest.raises(StudyError, match=match) as refused:
        tuned(few, url, 1)
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_told(few: TrainingSet, tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_text("this is no database " * 100, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Optuna leaves the connection to the collector
        with pytest.raises(StudyError, match=r"cannot be used: .*not a database"):
            tuned(few, storage(tmp_path), 1)
        gc.collect()


def test_a_file_of_parameters_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_parameters(tmp_path / "none.json")
