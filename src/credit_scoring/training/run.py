"""Candidates, calibration, cut-off and choice on out-of-fold PDs; then the hold-out, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from credit_scoring.bundle.evaluate import Figures, evaluation, figures, paired_difference
from credit_scoring.bundle.manifest import (
    FORMAT_VERSION,
    CandidateResult,
    Evaluation,
    Manifest,
)
from credit_scoring.bundle.model import Calibrator, CreditModel
from credit_scoring.bundle.profile import reference_profile
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import APPROVE_ALL, choose_cutoff, cutoff_interval
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.scoring.golden import with_golden_rows
from credit_scoring.scoring.sample import RowSample, shown_columns
from credit_scoring.training.calibrate import choose_calibrator
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.choose import best_of, decline_out_of_fold
from credit_scoring.training.development import TrainingOptions, TrainingSet, development
from credit_scoring.training.provenance import provenance
from credit_scoring.training.sample import Candidate, Fitted, Sample

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

IMPORTANCE_ROWS = 2_000
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class OutOfFold:
    """A candidate's out-of-fold PDs on the development rows, calibrated, and what follows from them.

    ``p_default`` are calibrated on the other folds, ``p_served`` by the one calibrator that the model keeps.
    """

    candidate: Candidate
    calibrator: Calibrator
    p_default: Floats
    p_served: Floats
    cutoff: float
    figures: Figures
    evaluation: Evaluation
    settings: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Trained:
    """A bundle not yet saved, and the predictions its figures were made of.

    Personal data, which the bundle does not hold: ``seen`` are the applications it was trained on, ``application``,
    their id, beside the bundle's out-of-fold table; ``reference_sample`` some of their rows as `shown_columns`.
    """

    bundle: Bundle
    candidates: tuple[OutOfFold, ...]
    defaulted: Booleans
    values: Floats
    seen: pl.DataFrame
    reference_sample: pl.DataFrame


def train(
    data: TrainingSet,
    options: TrainingOptions,
    *,
    candidates: tuple[Candidate, ...] | None = None,
    on_step: Step = lambda *_: None,
) -> Trained:
    """Return the best candidate out of fold, by cost and then by Brier score, fitted and measured on the hold-out.

    Parameters
    ----------
    on_step
        Called with a title, the steps done and the steps in all.

    Raises
    ------
    DataError
        If there are too few defaults to cross-validate.
    """
    # One thread of linear algebra: its products are so small that a second makes them up to fifteen times slower, and
    # equal runs agree to the last bit.
    with threadpool_limits(1, user_api="blas"):
        return _train(data, options, candidates, on_step)


def _train(
    data: TrainingSet, options: TrainingOptions, candidates: tuple[Candidate, ...] | None, on_step: Step
) -> Trained:
    rows = development(data, options)
    sample, fold, held, encoder = rows.sample, rows.fold, rows.held, rows.sample.encoder
    competing = candidates or candidates_for(encoder.features, options.boosting)
    results = _out_of_fold(competing, sample, fold, options, on_step)
    best = best_of({result.candidate.name: result.figures for result in results})
    chosen = next(result for result in results if result.candidate.name == best)
    total = len(competing) * options.folds + 2
    on_step(f"{chosen.candidate.name}: final fit on all development rows", total - 2, total)
    fitted = chosen.candidate.fit(sample, seed=options.seed, threads=options.threads, follow=chosen.settings)
    model = fitted.model(encoder, chosen.calibrator)
    policy = _policy(chosen, sample.defaulted, options)
    on_step("hold-out: opened once", total - 1, total)
    holdout = _holdout(model, policy, data.matrix.filter(held), data.defaulted()[held], options)
    judged = sample.values[:: max(1, sample.values.shape[0] // IMPORTANCE_ROWS)][:IMPORTANCE_ROWS]
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        portfolio=data.portfolio,
        id_column=data.id_column,
        outcome_column=data.outcome_column,
        features=rows.cards,
        encoder=encoder,
        definitions_digest=rows.definitions_digest,
        importances=model.importances(judged),
        candidate=chosen.candidate.name,
        out_of_fold=chosen.evaluation,
        holdout=holdout,
        candidates=_compared(results, chosen, fitted),
        provenance=provenance(data.matrix, rows=data.rows, seed=options.seed, threads=options.threads),
    )
    # What current PDs are compared with: a fold's own isotonic calibrator has steps that the served one has not.
    profile = reference_profile(rows.frame.select(encoder.features), chosen.p_served)
    out_of_fold = pl.DataFrame(
        {"p_default": chosen.p_default, "p_served": chosen.p_served, "defaulted": sample.defaulted, "fold": fold}
    )
    on_step("trained", total, total)
    bundle = with_golden_rows(Bundle(manifest, model, policy, profile, out_of_fold), seed=options.seed)
    kept = RowSample(seed=options.seed)
    kept.add(shown_columns(bundle, rows.frame, chosen.p_default, policy.decide(chosen.p_default)))
    seen = rows.frame.select(application=data.id_column).hstack(out_of_fold)
    return Trained(bundle, tuple(results), sample.defaulted, sample.values, seen, kept.rows)


def _out_of_fold(
    candidates: tuple[Candidate, ...], sample: Sample, fold: Integers, options: TrainingOptions, on_step: Step
) -> list[OutOfFold]:
    """Return the candidates' out-of-fold figures; each fold is predicted by models that never saw it."""
    margins = np.empty((len(candidates), sample.defaulted.size))
    chosen: list[list[dict[str, str]]] = [[] for _ in candidates]
    total = len(candidates) * options.folds + 2
    for number in range(options.folds):
        held = fold == number
        rows = sample.rows(~held)
        fitted: dict[str, Fitted] = {}
        for order, candidate in enumerate(candidates):
            title = f"fold {number + 1} of {options.folds}: {candidate.name}"
            on_step(title, number * len(candidates) + order, total)
            made = candidate.fit(rows, seed=options.seed, threads=options.threads, fitted=fitted)
            margins[order, held] = made.model(sample.encoder).margin(sample.values[held])
            chosen[order].append(made.settings)
            fitted[candidate.name] = made
    return [
        _judged(candidate, margin, tuple(settings), sample.defaulted, fold, options)
        for candidate, margin, settings in zip(candidates, margins, chosen, strict=True)
    ]


def _judged(
    candidate: Candidate,
    margin: Floats,
    settings: tuple[dict[str, str], ...],
    defaulted: Booleans,
    fold: Integers,
    options: TrainingOptions,
) -> OutOfFold:
    calibrator, p_default = choose_calibrator(margin, defaulted, fold)
    declined = decline_out_of_fold(p_default, defaulted, fold, options.costs)
    cutoff = min(choose_cutoff(p_default, defaulted, options.costs), APPROVE_ALL)
    found = figures(p_default, defaulted, declined=declined, costs=options.costs, seed=options.seed)
    told = evaluation(
        found,
        defaulted,
        cutoff=cutoff,
        costs=options.costs,
        population="development applications, out of fold",
    )
    return OutOfFold(candidate, calibrator, p_default, calibrator.p_default(margin), cutoff, found, told, settings)


def _policy(chosen: OutOfFold, defaulted: Booleans, options: TrainingOptions) -> CostPolicy:
    lower, upper = cutoff_interval(chosen.p_default, defaulted, options.costs, seed=options.seed)
    return CostPolicy(
        approve_bad=options.costs.approve_bad,
        decline_good=options.costs.decline_good,
        cutoff=chosen.cutoff,
        cutoff_interval=(min(lower, chosen.cutoff), max(upper, chosen.cutoff)),
    )


def _holdout(
    model: CreditModel, policy: CostPolicy, rows: pl.DataFrame, defaulted: Booleans, options: TrainingOptions
) -> Evaluation | None:
    if not (defaulted.any() and (~defaulted).any()):
        return None
    p_default = model.p_default(model.encoder.encode(rows))
    declined = p_default >= policy.cutoff
    return evaluation(
        figures(p_default, defaulted, declined=declined, costs=options.costs, seed=options.seed),
        defaulted,
        cutoff=policy.cutoff,
        costs=options.costs,
        population="hold-out applications, never used before",
    )


def _compared(results: list[OutOfFold], chosen: OutOfFold, fitted: Fitted) -> tuple[CandidateResult, ...]:
    compared = []
    for result in results:
        settings = {key: _joined([made[key] for made in result.settings]) for key in result.settings[0]}
        if result is chosen:
            settings |= {f"final_{key}": value for key, value in fitted.settings.items()}
        compared.append(
            CandidateResult(
                name=result.candidate.name,
                calibration=result.calibrator.kind,
                evaluation=result.evaluation,
                difference_to_chosen=({} if result is chosen else paired_difference(result.figures, chosen.figures)),
                settings=settings,
            )
        )
    return tuple(compared)


def _joined(of_folds: list[str]) -> str:
    """Return what was set in each fold, once where it was the same in all."""
    return " | ".join(of_folds if len(set(of_folds)) > 1 else of_folds[:1])
