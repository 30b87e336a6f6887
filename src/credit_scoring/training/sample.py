"""What a candidate is fitted on, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.linear import LinearPart
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder
from credit_scoring.training.split import grouped_folds, holdout_mask

if TYPE_CHECKING:
    import lightgbm as lgb

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

Choices = Sequence[Mapping[str, str]]

FEW_ROWS, MANY_ROWS = 10_000, 50_000
INNER_FOLDS, INNER_SHARE, REPEATS = 4, 0.25, 3


@dataclass(frozen=True)
class Sample:
    """Encoded rows to fit on: ``values`` has shape (n_applications, n_features), missing as NaN.

    ``directions`` says of each feature whether the PD may only rise (1) or only fall (-1) with it, or both (0).
    """

    values: Floats
    defaulted: Booleans
    groups: Integers
    encoder: Encoder
    directions: tuple[int, ...]

    def rows(self, chosen: Booleans) -> Sample:
        """Return the chosen rows."""
        return Sample(self.values[chosen], self.defaulted[chosen], self.groups[chosen], self.encoder, self.directions)

    def categorical(self) -> list[int]:
        """Return the positions of the category features."""
        return [i for i, name in enumerate(self.encoder.features) if name in self.encoder.categories]

    def has_many_rows(self) -> bool:
        """Return whether one inner split tells enough: from 50,000 rows on."""
        return self.defaulted.size >= MANY_ROWS

    def inner_splits(self, seed: int) -> list[tuple[int, Booleans]]:
        """Return who is held out to choose settings: pairs of a repeat's number and the rows held out in it.

        Persons stay whole. In a repeat four folds are held out in turn. Few rows make choices noisy: below 10,000
        there are three repeats. Of 50,000 rows and more, a quarter is held out once.
        """
        if self.has_many_rows():
            return [(0, holdout_mask(self.groups, INNER_SHARE, seed))]
        repeats = REPEATS if self.defaulted.size < FEW_ROWS else 1
        folds = [grouped_folds(self.groups, self.defaulted, INNER_FOLDS, seed + repeat) for repeat in range(repeats)]
        return [(repeat, fold == number) for repeat, fold in enumerate(folds) for number in range(INNER_FOLDS)]


@dataclass(frozen=True)
class Fitted:
    """What a candidate learnt.

    ``settings`` are what it chose on the inner folds, and ``inner`` the margins that these choices gave on the rows
    held out in each repeat, shape (n_repeats, n_applications), missing where none were; ``None`` where it chose
    nothing.
    """

    linear: LinearPart
    booster: lgb.Booster | None
    settings: dict[str, str]
    inner: Floats | None = None

    def model(self, encoder: Encoder, calibrator: Calibrator | None = None) -> CreditModel:
        """Return the model, uncalibrated unless a calibrator is given."""
        return CreditModel(encoder, self.linear, self.booster, calibrator or Calibrator())


class Candidate(Protocol):
    """A way to fit a model; every choice it makes is made inside the rows it is given."""

    @property
    def name(self) -> str:
        """Return the name, as reports show it."""

    def fit(
        self,
        sample: Sample,
        *,
        seed: int,
        threads: int,
        follow: Choices = (),
        fitted: Mapping[str, Fitted] | None = None,
    ) -> Fitted:
        """Return the model fitted to `sample`.

        Parameters
        ----------
        follow
            Earlier choices, whose median is taken instead of choosing anew.
        fitted
            Candidates that were fitted to the same sample with the same seed, by name: a candidate made of them
            does not fit them again.
        """


def log_losses(margin: Floats, defaulted: Booleans) -> Floats:
    """Return the log loss of each margin, shape (..., n_applications), missing where the margin is."""
    known = ~np.isnan(margin)
    losses = np.logaddexp(0.0, np.where(defaulted, -1.0, 1.0) * np.where(known, margin, 0.0))
    return np.where(known, losses, np.nan)


def median_choice(follow: Choices, key: str) -> float:
    """Return the median (of an even number, the upper) of what was chosen for `key`."""
    return sorted(float(settings[key]) for settings in follow)[len(follow) // 2]
