"""Logistic regression on any features, as terms that a bundle keeps: penalised, missing values and all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize

from credit_scoring.bundle.linear import LinearPart, Term
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder, logistic
from credit_scoring.training.sample import Booleans, Choices, Fitted, Floats, Sample, log_losses, median_choice

# Inverse strengths of the penalty, in scikit-learn's sense: few rows and many features want a strong one.
PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0)
PENALTY_OF_MANY_ROWS = 0.1
CLIP = 4.0
_STEPS = 500
_PRECISION = 1e-10


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on some features (``columns``; ``None``: all), L2 penalty chosen on the inner folds.

    From 50,000 rows on the penalty hardly matters and is fixed: choosing it would cost most of the time.
    """

    name: str
    columns: tuple[str, ...] | None = None

    def fit(
        self,
        sample: Sample,
        *,
        seed: int,
        threads: int,
        follow: Choices = (),
        fitted: Mapping[str, Fitted] | None = None,
    ) -> Fitted:
        """Return the regression; `threads` do not concern it."""
        del threads, fitted
        names = self.columns or sample.encoder.features
        inner: Floats | None = None
        if follow:
            penalty = median_choice(follow, "inverse_penalty")
        else:
            tried = (PENALTY_OF_MANY_ROWS,) if sample.has_many_rows() else PENALTIES
            margins = _inner_margins(sample, names, tried, seed)
            best = int(np.argmin([np.nanmean(log_losses(margin, sample.defaulted)) for margin in margins]))
            penalty, inner = tried[best], margins[best]
        return Fitted(fit_linear(sample, names, penalty), None, {"inverse_penalty": f"{penalty:g}"}, inner)


def _inner_margins(sample: Sample, names: tuple[str, ...], penalties: tuple[float, ...], seed: int) -> Floats:
    """Return the margin of each row held out under each penalty, shape (n_penalties, n_repeats, n_applications)."""
    splits = sample.inner_splits(seed)
    margins = np.full((len(penalties), splits[-1][0] + 1, sample.defaulted.size), np.nan)
    for repeat, held in splits:
        design = _Design(sample.rows(~held), names)
        for margin, penalty in zip(margins, penalties, strict=True):
            margin[repeat, held] = linear_margin(design.fit(penalty), sample.encoder, sample.values[held])
    return margins


def linear_margin(linear: LinearPart, encoder: Encoder, values: Floats) -> Floats:
    """Return the margin of the linear part alone."""
    return CreditModel(encoder, linear, None, Calibrator()).margin(values)


def fit_linear(sample: Sample, names: tuple[str, ...], inverse_penalty: float) -> LinearPart:
    """Return a logistic regression on the features `names`, as terms whose average over `sample` is 0.

    Numbers are standardised by the mean and spread of their middle 98 % and clipped; a missing value has a
    weight of its own, shared by features that are missing on the same rows; categories have a weight a level.
    A weight against the feature's direction is not allowed: it is 0 instead.
    """
    return _Design(sample, names).fit(inverse_penalty)


class _Design:
    """The design matrix of some features: columns of each, and of what is missing."""

    def __init__(self, sample: Sample, names: tuple[str, ...]) -> None:
        self._sample = sample
        position = {name: i for i, name in enumerate(sample.encoder.features)}
        blocks: list[Floats] = []
        lowest: list[float] = []
        highest: list[float] = []
        # term, first column, column of the missing flag
        self._made: list[tuple[Term, int, int | None]] = []
        patterns: dict[bytes, int] = {}
        self._width = 0
        for name in names:
            values = sample.values[:, position[name]]
            known = ~np.isnan(values)
            if not known.any():
                continue
            direction = sample.directions[position[name]]
            block, term = _block(name, values, known, sample.encoder)
            lowest += [0.0 if direction > 0 else -np.inf] * block.shape[1]
            highest += [0.0 if direction < 0 else np.inf] * block.shape[1]
            flag: int | None = None
            if not known.all():
                flag, new = _missing_column(known, patterns, self._width + block.shape[1])
                if new:
                    block = np.c_[block, ~known]
                    lowest.append(-np.inf)
                    highest.append(np.inf)
            self._made.append((term, self._width, flag))
            blocks.append(block)
            self._width += block.shape[1]
        self._design = np.concatenate(blocks, axis=1)
        self._bounds = Bounds(np.r_[lowest, -np.inf], np.r_[highest, np.inf])

    def fit(self, inverse_penalty: float) -> LinearPart:
        """Return the regression under a penalty."""
        sign = np.where(self._sample.defaulted, -1.0, 1.0)
        base = self._sample.defaulted.mean()
        start = np.r_[np.zeros(self._width), np.log(base / (1 - base))]

        def loss(at: Floats) -> tuple[float, Floats]:
            margin = self._design @ at[:-1] + at[-1]
            residual = sign * logistic(sign * margin)
            slope = np.r_[self._design.T @ residual + at[:-1] / inverse_penalty, residual.sum()]
            penalty = at[:-1] @ at[:-1] / (2 * inverse_penalty)
            return float(np.logaddexp(0.0, sign * margin).sum() + penalty), slope

        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=self._bounds,
            options={"maxiter": _STEPS, "ftol": _PRECISION, "gtol": _PRECISION},
        )
        return self._exported(found.x[:-1], float(found.x[-1]))

    def _exported(self, weights: Floats, intercept: float) -> LinearPart:
        """Return the terms with their weights; each term's average moves into the intercept."""
        terms = []
        position = {name: i for i, name in enumerate(self._sample.encoder.features)}
        for term, first, flag in self._made:
            missing = float(weights[flag]) if flag is not None else 0.0
            if term.level_weights is not None:
                levels = weights[first : first + len(term.level_weights)]
                filled = term.model_copy(update={"level_weights": tuple(levels.tolist()), "missing_weight": missing})
            else:
                filled = term.model_copy(update={"weight": float(weights[first]), "missing_weight": missing})
            values = self._sample.values[:, position[term.feature]]
            average = float(filled.of(values).mean())
            if not np.isnan(values).any():  # never missing here: should it be later, it is as the average
                filled = filled.model_copy(update={"missing_weight": average})
            intercept += average
            terms.append(filled.model_copy(update={"offset": average}))
        return LinearPart(intercept=intercept, terms=tuple(terms))


def _block(name: str, values: Floats, known: Booleans, encoder: Encoder) -> tuple[Floats, Term]:
    """Return the design columns of one feature, missing as 0, and its term without weights."""
    if name in encoder.categories:
        levels = len(encoder.categories[name])
        return (values[:, None] == np.arange(levels)).astype(np.float64), Term(
            feature=name, level_weights=(0.0,) * levels
        )
    low, high = np.quantile(values[known], [0.01, 0.99])
    middle = np.clip(values[known], low, high)
    center, scale = float(middle.mean()), float(middle.std()) or 1.0
    scaled = np.where(known, np.clip((values - center) / scale, -CLIP, CLIP), 0.0)
    return scaled[:, None], Term(feature=name, center=center, scale=scale, limit=CLIP)


def _missing_column(known: Booleans, patterns: dict[bytes, int], next_column: int) -> tuple[int | None, bool]:
    """Return the design column that tells the rows missing in `known`, and whether it is new.

    A pattern that another feature has brought already gives no column to this one.
    """
    key = hashlib.sha256(np.packbits(known).tobytes()).digest()
    if key in patterns:
        return None, False
    patterns[key] = next_column
    return next_column, True
