"""Candidates, calibration, cut-off and choice on out-of-fold PDs; then the hold-out, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from credit_scoring.bundle.manifest import (
    FORMAT_VERSION,
    CandidateResult,
    Evaluation,
    FeatureCard,
    Manifest,
)
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder
from credit_scoring.bundle.profile import reference_profile
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix, choose_cutoff, cutoff_interval
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import definitions_digest
from credit_scoring.training.calibrate import choose_calibrator
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.evaluate import (
    Figures,
    best_of,
    decline_out_of_fold,
    evaluation,
    figures,
    paired_difference,
)
from credit_scoring.training.provenance import provenance
from credit_scoring.training.sample import Candidate, Fitted, Sample
from credit_scoring.training.split import grouped_folds, holdout_mask, person_groups

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

LEAST_DEFAULTS = 20
IMPORTANCE_ROWS = 2_000
Step = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TrainingSet:
    """A feature matrix with its outcome, one row an application, sorted by id.

    ``cards`` are the features a model may use, in matrix order.
    """

    matrix: pl.DataFrame
    cards: tuple[FeatureCard, ...]
    portfolio: Literal["home_credit", "matrix"]
    id_column: str
    outcome_column: str
    rows: dict[str, int]


@dataclass(frozen=True)
class TrainingOptions:
    """What the user may set; ``threads`` is part of what makes two runs agree."""

    costs: CostMatrix = field(default_factory=CostMatrix)
    seed: int = 7
    folds: int = 5
    holdout_share: float = 0.2
    threads: int = 2

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise DataError(f"folds must be at least 2, not {self.folds}")
        if self.seed < 0 or self.threads < 1:
            raise DataError(f"the seed must not be negative and threads at least 1, not {self.seed}, {self.threads}")
        if not 0 <= self.holdout_share <= 0.5:
            raise DataError(f"the hold-out's share must lie in [0, 0.5], not {self.holdout_share:g}")


@dataclass(frozen=True)
class OutOfFold:
    """A candidate's out-of-fold PDs on the development rows, calibrated, and what follows from them."""

    candidate: Candidate
    calibrator: Calibrator
    p_default: Floats
    cutoff: float
    figures: Figures
    evaluation: Evaluation
    settings: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Trained:
    """A bundle not yet saved, and the predictions its figures were made of."""

    bundle: Bundle
    candidates: tuple[OutOfFold, ...]
    defaulted: Booleans
    values: Floats


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
    with threadpool_limits(options.threads):  # the linear algebra too, so that equal runs agree to the last bit
        return _train(data, options, candidates, on_step)


def _train(
    data: TrainingSet, options: TrainingOptions, candidates: tuple[Candidate, ...] | None, on_step: Step
) -> Trained:
    defaulted = data.matrix[data.outcome_column].to_numpy() == 1.0
    groups = person_groups(data.matrix)
    held = holdout_mask(groups, options.holdout_share, options.seed)
    development = data.matrix.filter(~held)
    cards = _informative(data.cards, development)
    if not cards:
        raise DataError("no feature takes two different values outside the hold-out: there is nothing to learn from")
    encoder = _encoder(cards, development)
    directions = tuple(card.direction for card in cards)
    sample = Sample(encoder.encode(development), defaulted[~held], groups[~held], encoder, directions)
    _require_defaults(sample.defaulted, options.folds)
    if (persons := np.unique(sample.groups).size) < options.folds:
        raise DataError(f"{persons} persons cannot be divided into {options.folds} folds")
    fold = grouped_folds(sample.groups, sample.defaulted, options.folds, options.seed)
    competing = candidates or candidates_for(encoder.features)
    results = _out_of_fold(competing, sample, fold, options, on_step)
    best = best_of({result.candidate.name: result.figures for result in results})
    chosen = next(result for result in results if result.candidate.name == best)
    total = len(competing) * options.folds + 2
    on_step(f"{chosen.candidate.name}: final fit on all development rows", total - 2, total)
    fitted = chosen.candidate.fit(sample, seed=options.seed, threads=options.threads, follow=chosen.settings)
    model = fitted.model(encoder, chosen.calibrator)
    policy = _policy(chosen, sample.defaulted, options)
    on_step("hold-out: opened once", total - 1, total)
    holdout = _holdout(model, policy, data.matrix.filter(held), defaulted[held], options)
    judged = sample.values[:: max(1, sample.values.shape[0] // IMPORTANCE_ROWS)][:IMPORTANCE_ROWS]
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        portfolio=data.portfolio,
        id_column=data.id_column,
        outcome_column=data.outcome_column,
        features=cards,
        encoder=encoder,
        definitions_digest=definitions_digest(encoder.features) if data.portfolio == "home_credit" else "",
        importances=model.importances(judged),
        candidate=chosen.candidate.name,
        out_of_fold=chosen.evaluation,
        holdout=holdout,
        candidates=_compared(results, chosen, fitted),
        provenance=provenance(data.matrix, rows=data.rows, seed=options.seed, threads=options.threads),
    )
    profile = reference_profile(development.select(encoder.features), chosen.p_default)
    out_of_fold = pl.DataFrame({"p_default": chosen.p_default, "defaulted": sample.defaulted, "fold": fold})
    on_step("trained", total, total)
    return Trained(
        Bundle(manifest, model, policy, profile, out_of_fold), tuple(results), sample.defaulted, sample.values
    )


def _informative(cards: tuple[FeatureCard, ...], development: pl.DataFrame) -> tuple[FeatureCard, ...]:
    """Return the features with at least two different values, missing being one."""
    counts = development.select(pl.col(card.name).n_unique() for card in cards)
    return tuple(card for card in cards if counts[card.name][0] > 1)


def _encoder(cards: tuple[FeatureCard, ...], development: pl.DataFrame) -> Encoder:
    return Encoder(
        features=tuple(card.name for card in cards),
        categories={
            card.name: tuple(development[card.name].drop_nulls().unique().sort().to_list())
            for card in cards
            if card.kind == "category"
        },
    )


def _require_defaults(defaulted: Booleans, folds: int) -> None:
    for count, what in ((int(defaulted.sum()), "defaults"), (int((~defaulted).sum()), "repaid loans")):
        if count < (least := max(LEAST_DEFAULTS, folds)):
            raise DataError(f"only {count} {what} outside the hold-out: at least {least} are needed to train and judge")


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
    return OutOfFold(candidate, calibrator, p_default, cutoff, found, told, settings)


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
        settings = {key: " | ".join(made[key] for made in result.settings) for key in result.settings[0]}
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
