"""LightGBM's parameters by out-of-fold log loss, around the defaults; the hold-out stays closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from credit_scoring.domain.errors import MissingExtraError

try:
    from threadpoolctl import threadpool_limits
except ImportError as error:  # pragma: no cover - exercised by the minimal-install check
    raise MissingExtraError("train", "tuning") from error

from credit_scoring.bundle.evaluate import Figures, figures, paired_difference
from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.training.boosting import boosting_parameters
from credit_scoring.training.candidates import trees_for
from credit_scoring.training.development import Development, TrainingOptions, TrainingSet, development
from credit_scoring.training.parameters import BoostingParameters, Origin, TunedParameters
from credit_scoring.training.provenance import data_fingerprint
from credit_scoring.training.run import Step
from credit_scoring.training.sample import Floats, log_losses
from credit_scoring.training.study import (
    Study,
    Trial,
    TrialPruned,
    best_trial,
    falls_behind,
    finished_trials,
    is_defaults,
    opened_study,
)

COMPARED = ("log_loss", "auc")


def tune(
    data: TrainingSet,
    options: TrainingOptions,
    *,
    trials: int,
    study: str,
    storage: str,
    on_step: Step = lambda *_: None,
) -> TunedParameters:
    """Return the parameters of lowest out-of-fold log loss in the study, after `trials` more.

    A trial measures the candidate ``lightgbm`` as training does: same hold-out set aside, same folds, rounds chosen
    inside the rows that are fitted to. The first trial is the defaults.

    Parameters
    ----------
    study, storage
        The study's name and its database's address. Other processes may work on it at the same time.
    on_step
        Called with a title, the folds done and the folds in all.

    Raises
    ------
    DataError
        If there are too few defaults to cross-validate.
    StudyError
        If the study was made on something else, or its database cannot be used.
    """
    with threadpool_limits(1, user_api="blas"):
        rows = development(data, options)
        made_on = Origin(
            data_fingerprint=data_fingerprint(data.matrix),
            definitions_digest=rows.definitions_digest,
            folds=options.folds,
            seed=options.seed,
            holdout_share=options.holdout_share,
        )
        search = _Search(rows, options, trials, on_step)
        with opened_study(storage, study, made_on, search.defaults) as found:
            found.optimize(search.measured, n_trials=trials)
            return search.result(found, made_on)


@dataclass(frozen=True)
class _Measured:
    """A finished trial of this process."""

    number: int
    loss: float
    margin: Floats


class _Search:
    """What this process measures; it keeps the margins of the defaults and of its best trial."""

    def __init__(self, rows: Development, options: TrainingOptions, trials: int, on_step: Step) -> None:
        self._rows, self._options, self._on_step = rows, options, on_step
        self._begun, self._trials = 0, trials
        fitted_to = rows.sample.rows(rows.fold != 0)
        known = boosting_parameters(fitted_to, seed=options.seed, threads=options.threads)
        names = BoostingParameters.model_fields
        self.defaults = BoostingParameters.model_validate({name: known[name] for name in names}).given()
        self._least_share = 1 / fitted_to.values.shape[1]
        self._of_defaults: Floats | None = None
        self._best = _Measured(-1, np.inf, np.empty(0))

    def measured(self, trial: Trial) -> float:
        """Return the trial's mean out-of-fold log loss; a trial that falls behind the median is given up."""
        before, total = self._begun * self._options.folds, self._trials * self._options.folds
        self._begun += 1
        title = f"trial {self._begun} of {self._trials}{_best_so_far(trial.study)}"
        self._on_step(title, before, total)

        def after_fold(done: int, margin: Floats) -> None:
            self._on_step(title, before + done, total)
            loss = self._loss(margin)
            trial.report(loss, done)
            if done < self._options.folds and not is_defaults(trial) and falls_behind(trial, done, loss):
                raise TrialPruned

        margin = self._out_of_fold(self._drawn(trial), after_fold)
        measured = _Measured(trial.number, self._loss(margin), margin)
        if is_defaults(trial):
            self._of_defaults = margin
        self._best = min(self._best, measured, key=lambda one: one.loss)
        return measured.loss

    def result(self, study: Study, made_on: Origin) -> TunedParameters:
        """Return the best of all finished trials; the defaults if none is better."""
        of_defaults = self._out_of_fold(self.defaults) if self._of_defaults is None else self._of_defaults
        loss, found = self._loss(of_defaults), best_trial(study)
        if found is None or is_defaults(found[1]) or found[0] >= loss:
            parameters, losses, difference = self.defaults, {"best": loss, "defaults": loss}, {}
        else:
            number, parameters = found[1].number, found[1].params
            margin = self._best.margin if self._best.number == number else self._out_of_fold(parameters)
            losses = {"best": self._loss(margin), "defaults": loss}
            difference = paired_difference(self._figures(margin), self._figures(of_defaults), COMPARED)
        return TunedParameters(
            parameters=BoostingParameters.model_validate(parameters),
            study=study.study_name,
            trials=finished_trials(study),
            log_loss=losses,
            difference=difference,
            made_on=made_on,
        )

    def _drawn(self, trial: Trial) -> dict[str, float]:
        """Return the trial's parameters, from a region around the defaults.

        The learning rate stays: a smaller one is hardly ever worse, only slower.
        """
        leaves, least, share = (self.defaults[name] for name in ("num_leaves", "min_child_samples", "feature_fraction"))
        lowest, highest = max(self._least_share, share / 4), min(1.0, share * 4)
        return {
            "num_leaves": trial.suggest_int("num_leaves", int(leaves) // 2, int(leaves) * 3, log=True),
            "min_child_samples": trial.suggest_int("min_child_samples", int(least) // 4, int(least) * 4, log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", lowest, highest, log=True),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
            "lambda_l2": trial.suggest_float("lambda_l2", 10.0, 300.0, log=True),
        }

    def _out_of_fold(
        self, parameters: Mapping[str, float], after_fold: Callable[[int, Floats], None] = lambda *_: None
    ) -> Floats:
        """Return the margin of each row by the model that never saw its fold; missing while a fold is to come."""
        sample, options = self._rows.sample, self._options
        trees = trees_for(sample.encoder.features, parameters)
        margin = np.full(sample.defaulted.size, np.nan)
        for number in range(options.folds):
            held = self._rows.fold == number
            fitted = trees.fit(sample.rows(~held), seed=options.seed, threads=options.threads)
            margin[held] = fitted.model(sample.encoder).margin(sample.values[held])
            after_fold(number + 1, margin)
        return margin

    def _loss(self, margin: Floats) -> float:
        known = ~np.isnan(margin)
        return float(log_losses(margin[known], self._rows.sample.defaulted[known]).mean())

    def _figures(self, margin: Floats) -> Figures:
        p_default, costs = logistic(margin), CostMatrix()
        declined = p_default >= costs.theoretical_cutoff
        return figures(p_default, self._rows.sample.defaulted, declined=declined, costs=costs, seed=self._options.seed)


def _best_so_far(study: Study) -> str:
    best = best_trial(study)
    return f", best log loss so far {best[0]:.5f}" if best else ""


def tuning_report(tuned: TunedParameters) -> str:
    """Return what a study found and what to believe of it, as lines of text."""
    best, defaults = tuned.log_loss["best"], tuned.log_loss["defaults"]
    head = f"study {tuned.study}: {tuned.trials} trials, out-of-fold log loss {best:.5f}, defaults {defaults:.5f}"
    if not tuned.difference:
        return f"{head}\nNo trial is better than the defaults: keep them."
    chosen = ", ".join(f"{name} {value:.4g}" for name, value in tuned.parameters.given().items())
    lines = [head, f"best: {chosen}", "Best less defaults, same rows (paired 95 % interval):"]
    lines += [f"  {name:<9}{_signed(metric)}" for name, metric in tuned.difference.items()]
    lines.append("The best of many trials flatters itself: it was chosen by these very figures.")
    if tuned.difference["log_loss"].upper < 0:
        lines.append("The interval of the log loss excludes 0: worth a training with --parameters.")
    else:
        lines.append("The interval of the log loss holds 0: the gain may be chance. Keep the defaults.")
    return "\n".join(lines)


def _signed(metric: Metric) -> str:
    return f"{metric.value:+.5f} [{metric.lower:+.5f}, {metric.upper:+.5f}]"
