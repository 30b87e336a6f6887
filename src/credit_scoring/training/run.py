"""Candidates, calibration, cut-off and choice on out-of-fold PDs; then the hold-out, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import (
    FORMAT_VERSION,
    CandidateResult,
    Evaluation,
    FeatureCard,
    Manifest,
    Metric,
)
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder
from credit_scoring.bundle.profile import reference_profile
from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import CostMatrix, choose_cutoff, cutoff_interval
from credit_scoring.decision.policy import CostPolicy
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import definitions_digest
from credit_scoring.training.calibrate import choose_calibrator
from credit_scoring.training.candidates import Candidate, Fitted, Sample, candidates_for
from credit_scoring.training.evaluate import evaluate, paired_difference
from credit_scoring.training.provenance import provenance
from credit_scoring.training.split import grouped_folds, holdout_mask, person_groups

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

LEAST_DEFAULTS = 20
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
    """A candidate's out-of-fold margins and calibrated PDs on the development rows, and what follows."""

    candidate: Candidate
    calibrator: Calibrator
    p_default: Floats
    cutoff: float
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
    """Return the candidate that costs least out of fold, fitted, calibrated and measured on the hold-out.

    Parameters
    ----------
    on_step
        Called with a title, the steps done and the steps in all.

    Raises
    ------
    DataError
        If there are too few defaults to cross-validate.
    """
    defaulted = data.matrix[data.outcome_column].to_numpy() == 1.0
    groups = person_groups(data.matrix)
    held = holdout_mask(groups, options.holdout_share, options.seed)
    development = data.matrix.filter(~held)
    cards = _informative(data.cards, development)
    if not cards:
        raise DataError("no feature takes two different values outside the hold-out: there is nothing to learn from")
    encoder = _encoder(cards, development)
    sample = Sample(encoder.encode(development), defaulted[~held], groups[~held], encoder)
    _require_defaults(sample.defaulted, options.folds)
    fold = grouped_folds(sample.groups, sample.defaulted, options.folds, options.seed)
    competing = candidates or candidates_for(encoder.features)
    total = len(competing) * options.folds + 2
    results = []
    for number, candidate in enumerate(competing):

        def on_fold(fold: int, name: str = candidate.name, done: int = number * options.folds) -> None:
            on_step(f"{name}: fold {fold + 1} of {options.folds}", done + fold, total)

        results.append(_out_of_fold(candidate, sample, fold, options, on_fold))
    chosen = min(results, key=lambda result: result.evaluation.at_cutoff["cost"].value)
    on_step(f"{chosen.candidate.name}: final fit on all development rows", total - 2, total)
    fitted = chosen.candidate.fit(sample, seed=options.seed, threads=options.threads, follow=chosen.settings)
    model = fitted.model(encoder, chosen.calibrator)
    policy = _policy(chosen, sample.defaulted, options)
    on_step("hold-out: opened once", total - 1, total)
    holdout = _holdout(model, policy, data.matrix.filter(held), defaulted[held], options)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        portfolio=data.portfolio,
        id_column=data.id_column,
        outcome_column=data.outcome_column,
        features=cards,
        encoder=encoder,
        definitions_digest=definitions_digest(encoder.features) if data.portfolio == "home_credit" else "",
        candidate=chosen.candidate.name,
        out_of_fold=chosen.evaluation,
        holdout=holdout,
        candidates=_compared(results, chosen, fitted, sample.defaulted, options),
        provenance=provenance(
            sample.values, sample.defaulted, rows=data.rows, seed=options.seed, threads=options.threads
        ),
    )
    profile = reference_profile(development.select(encoder.features), chosen.p_default)
    on_step("trained", total, total)
    return Trained(Bundle(manifest, model, policy, profile), tuple(results), sample.defaulted, sample.values)


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
    candidate: Candidate,
    sample: Sample,
    fold: Integers,
    options: TrainingOptions,
    on_fold: Callable[[int], None],
) -> OutOfFold:
    """Return the candidate's out-of-fold figures; each fold is predicted by a model that never saw it."""
    margin = np.empty(sample.defaulted.size)
    chosen: list[dict[str, str]] = []
    for number in range(options.folds):
        on_fold(number)
        held = fold == number
        fitted = candidate.fit(sample.rows(~held), seed=options.seed, threads=options.threads)
        margin[held] = fitted.model(sample.encoder).margin(sample.values[held])
        chosen.append(fitted.settings)
    calibrator, p_default = choose_calibrator(margin, sample.defaulted, fold)
    cutoff = choose_cutoff(p_default, sample.defaulted, options.costs)
    evaluation = evaluate(
        p_default,
        sample.defaulted,
        cutoff=cutoff,
        costs=options.costs,
        population="development applications, out of fold",
        seed=options.seed,
    )
    return OutOfFold(candidate, calibrator, p_default, cutoff, evaluation, tuple(chosen))


def _policy(chosen: OutOfFold, defaulted: Booleans, options: TrainingOptions) -> CostPolicy:
    return CostPolicy(
        approve_bad=options.costs.approve_bad,
        decline_good=options.costs.decline_good,
        cutoff=min(chosen.cutoff, 1.0 + 1e-9),
        cutoff_interval=cutoff_interval(chosen.p_default, defaulted, options.costs, seed=options.seed),
    )


def _holdout(
    model: CreditModel, policy: CostPolicy, rows: pl.DataFrame, defaulted: Booleans, options: TrainingOptions
) -> Evaluation | None:
    if not (defaulted.any() and (~defaulted).any()):
        return None
    return evaluate(
        model.p_default(model.encoder.encode(rows)),
        defaulted,
        cutoff=policy.cutoff,
        costs=options.costs,
        population="hold-out applications, never used before",
        seed=options.seed,
    )


def _compared(
    results: list[OutOfFold], chosen: OutOfFold, fitted: Fitted, defaulted: Booleans, options: TrainingOptions
) -> tuple[CandidateResult, ...]:
    compared = []
    for result in results:
        difference: dict[str, Metric] = {}
        settings = {key: " | ".join(made[key] for made in result.settings) for key in result.settings[0]}
        if result is chosen:
            settings |= {f"final_{key}": value for key, value in fitted.settings.items()}
        else:
            difference = paired_difference(
                (result.p_default, result.cutoff),
                (chosen.p_default, chosen.cutoff),
                defaulted,
                costs=options.costs,
                seed=options.seed,
            )
        compared.append(
            CandidateResult(
                name=result.candidate.name,
                calibration=result.calibrator.kind,
                cutoff=min(result.cutoff, 1.0 + 1e-9),
                evaluation=result.evaluation,
                difference_to_chosen=difference,
                settings=settings,
            )
        )
    return tuple(compared)
