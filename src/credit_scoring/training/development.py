"""Who is learnt from and judged out of fold, and who is kept for the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.bundle.model import Encoder
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import definitions_digest
from credit_scoring.training.sample import Sample
from credit_scoring.training.split import grouped_folds, holdout_mask, person_groups

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

LEAST_DEFAULTS = 20


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

    def defaulted(self) -> Booleans:
        """Return who defaulted, hold-out included."""
        return np.asarray(self.matrix[self.outcome_column].to_numpy() == 1.0)


@dataclass(frozen=True)
class TrainingOptions:
    """What the user may set; ``threads`` is part of what makes two runs agree.

    ``boosting`` are LightGBM parameters that go before the defaults, as tuning finds them.
    """

    costs: CostMatrix = field(default_factory=CostMatrix)
    seed: int = 7
    folds: int = 5
    holdout_share: float = 0.2
    threads: int = 2
    boosting: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.folds < 2:
            raise DataError(f"folds must be at least 2, not {self.folds}")
        if self.seed < 0 or self.threads < 1:
            raise DataError(f"the seed must not be negative and threads at least 1, not {self.seed}, {self.threads}")
        if not 0 <= self.holdout_share <= 0.5:
            raise DataError(f"the hold-out's share must lie in [0, 0.5], not {self.holdout_share:g}")


@dataclass(frozen=True)
class Development:
    """The rows outside the hold-out, shape (n_applications, ...), and their folds.

    ``held`` tells the hold-out among all rows of the training set; nothing else here has seen it.
    """

    frame: pl.DataFrame
    cards: tuple[FeatureCard, ...]
    sample: Sample
    fold: Integers
    held: Booleans
    definitions_digest: str


def development(data: TrainingSet, options: TrainingOptions) -> Development:
    """Return the development rows; equal seeds keep the same hold-out and make the same folds.

    Raises
    ------
    DataError
        If there is nothing to learn from, or too few defaults or persons to cross-validate.
    """
    groups, defaulted = person_groups(data.matrix), data.defaulted()
    held = holdout_mask(groups, options.holdout_share, options.seed)
    frame = data.matrix.filter(~held)
    cards = _informative(data.cards, frame)
    if not cards:
        raise DataError("no feature takes two different values outside the hold-out: there is nothing to learn from")
    encoder = _encoder(cards, frame)
    directions = tuple(card.direction for card in cards)
    values = np.ascontiguousarray(encoder.encode(frame))  # rows are taken from it, fold by fold
    sample = Sample(values, defaulted[~held], groups[~held], encoder, directions)
    _require_defaults(sample.defaulted, options.folds)
    if (persons := np.unique(sample.groups).size) < options.folds:
        raise DataError(f"{persons} persons cannot be divided into {options.folds} folds")
    fold = grouped_folds(sample.groups, sample.defaulted, options.folds, options.seed)
    digest = definitions_digest(encoder.features) if data.portfolio == "home_credit" else ""
    return Development(frame, cards, sample, fold, held, digest)


def _informative(cards: tuple[FeatureCard, ...], frame: pl.DataFrame) -> tuple[FeatureCard, ...]:
    """Return the features with at least two different values, missing being one."""
    counts = frame.select(pl.col(card.name).n_unique() for card in cards)
    return tuple(card for card in cards if counts[card.name][0] > 1)


def _encoder(cards: tuple[FeatureCard, ...], frame: pl.DataFrame) -> Encoder:
    return Encoder(
        features=tuple(card.name for card in cards),
        categories={
            card.name: tuple(frame[card.name].drop_nulls().unique().sort().to_list())
            for card in cards
            if card.kind == "category"
        },
    )


def _require_defaults(defaulted: Booleans, folds: int) -> None:
    for count, what in ((int(defaulted.sum()), "defaults"), (int((~defaulted).sum()), "repaid loans")):
        if count < (least := max(LEAST_DEFAULTS, folds)):
            raise DataError(f"only {count} {what} outside the hold-out: at least {least} are needed to train and judge")
