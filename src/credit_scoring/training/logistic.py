"""Logistic regression on any features, as terms that a bundle keeps: penalised, missing values and all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, minimize

from credit_scoring.bundle.linear import LinearPart, Term
from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder, logistic
from credit_scoring.training.sample import Booleans, Choices, Fitted, Floats, Sample, log_losses, median_choice

# Inverse strengths of the penalty, in scikit-learn's sense: few rows and many features want a strong one.
PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0)
PENALTY_OF_MANY_ROWS = 0.1
# Weaker penalties are not tried once the loss has risen so often in a row.
RISES = 2
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


def _inner_margins(sample: Sample, names: tuple[str, ...], penalties: tuple[float, ...], seed: int) -> list[Floats]:
    """Return the margins of the rows held out under each penalty that was tried, each (n_repeats, n_applications).

    The strongest penalty comes first. Those beyond the lowest loss overfit ever more and take longest: after two rises
    in a row none is tried.
    """
    splits = sample.inner_splits(seed)
    designs = [_Design(sample.rows(~held), names) for _, held in splits]
    unseen = [design.columns(sample.values[held]) for design, (_, held) in zip(designs, splits, strict=True)]
    margins: list[Floats] = []
    losses: list[float] = []
    for penalty in penalties:
        margin = np.full((splits[-1][0] + 1, sample.defaulted.size), np.nan)
        for (repeat, held), design, columns in zip(splits, designs, unseen, strict=True):
            found = design.weights(penalty)
            margin[repeat, held] = columns @ found[:-1] + found[-1]
        margins.append(margin)
        losses.append(float(np.nanmean(log_losses(margin, sample.defaulted))))
        if len(losses) > RISES and np.all(np.diff(losses[-RISES - 1 :]) > 0):
            break
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


class _Made(NamedTuple):
    """A feature in the design matrix: its first column, that of its missing flag, and what stands for missing."""

    term: Term
    first: int
    flag: int | None
    filled: Floats


class _Design:
    """The design matrix of some features: columns of each, and of what is missing."""

    def __init__(self, sample: Sample, names: tuple[str, ...]) -> None:
        self._sample = sample
        self._position = {name: i for i, name in enumerate(sample.encoder.features)}
        blocks: list[Floats] = []
        lowest: list[float] = []
        highest: list[float] = []
        self._made: list[_Made] = []
        patterns: dict[bytes, int] = {}
        width = 0
        for name in names:
            values = sample.values[:, self._position[name]]
            known = ~np.isnan(values)
            if not known.any():
                continue
            direction = sample.directions[self._position[name]]
            term = _term(name, values[known], sample.encoder)
            block = _block(term, values)
            lowest += [0.0 if direction > 0 else -np.inf] * block.shape[1]
            highest += [0.0 if direction < 0 else np.inf] * block.shape[1]
            filled = block.mean(axis=0) if known.all() else np.zeros(block.shape[1])
            flag, new = (None, False) if known.all() else _missing_column(known, patterns, width + block.shape[1])
            self._made.append(_Made(term, width, flag, filled))
            if new:
                block = np.c_[block, ~known]
                lowest.append(-np.inf)
                highest.append(np.inf)
            blocks.append(block)
            width += block.shape[1]
        self._columns = np.concatenate(blocks, axis=1)
        self._bounds = Bounds(np.r_[lowest, -np.inf], np.r_[highest, np.inf])

    def columns(self, values: Floats) -> Floats:
        """Return the design matrix of other rows; missing where it never was in the sample, it is as the average."""
        columns = np.zeros((values.shape[0], self._columns.shape[1]))
        for made in self._made:
            cells = values[:, self._position[made.term.feature]]
            missing = np.isnan(cells)
            block = _block(made.term, cells)
            block[missing] = made.filled
            columns[:, made.first : made.first + block.shape[1]] = block
            if made.flag is not None:
                columns[:, made.flag] = missing
        return columns

    def weights(self, inverse_penalty: float) -> Floats:
        """Return the weight of each column under a penalty, and the intercept, shape (n_columns + 1,)."""
        sign = np.where(self._sample.defaulted, -1.0, 1.0)
        base = self._sample.defaulted.mean()
        start = np.r_[np.zeros(self._columns.shape[1]), np.log(base / (1 - base))]

        def loss(at: Floats) -> tuple[float, Floats]:
            margin = self._columns @ at[:-1] + at[-1]
            residual = sign * logistic(sign * margin)
            slope = np.r_[self._columns.T @ residual + at[:-1] / inverse_penalty, residual.sum()]
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
        return np.asarray(found.x, dtype=np.float64)

    def fit(self, inverse_penalty: float) -> LinearPart:
        """Return the regression under a penalty."""
        found = self.weights(inverse_penalty)
        return self._exported(found[:-1], float(found[-1]))

    def _exported(self, weights: Floats, intercept: float) -> LinearPart:
        """Return the terms with their weights; each term's average moves into the intercept."""
        terms = []
        for term, first, flag, _ in self._made:
            missing = float(weights[flag]) if flag is not None else 0.0
            if term.level_weights is not None:
                levels = weights[first : first + len(term.level_weights)]
                filled = term.model_copy(update={"level_weights": tuple(levels.tolist()), "missing_weight": missing})
            else:
                filled = term.model_copy(update={"weight": float(weights[first]), "missing_weight": missing})
            values = self._sample.values[:, self._position[term.feature]]
            average = float(filled.of(values).mean())
            if not np.isnan(values).any():  # never missing here: should it be later, it is as the average
                filled = filled.model_copy(update={"missing_weight": average})
            intercept += average
            terms.append(filled.model_copy(update={"offset": average}))
        return LinearPart(intercept=intercept, terms=tuple(terms))


def _term(name: str, known: Floats, encoder: Encoder) -> Term:
    """Return the term of one feature, without weights, from its known values."""
    if name in encoder.categories:
        return Term(feature=name, level_weights=(0.0,) * len(encoder.categories[name]))
    low, high = np.interp([0.01, 0.99], np.linspace(0.0, 1.0, known.size), np.sort(known))
    middle = np.clip(known, low, high)
    return Term(feature=name, center=float(middle.mean()), scale=float(middle.std()) or 1.0, limit=CLIP)


def _block(term: Term, values: Floats) -> Floats:
    """Return the design columns of one feature, missing as 0."""
    if term.level_weights is not None:
        return np.asarray(values[:, None] == np.arange(len(term.level_weights)), dtype=np.float64)
    scaled = np.clip((values - term.center) / term.scale, -term.limit, term.limit)
    return np.where(np.isnan(values), 0.0, scaled)[:, None]


def _missing_column(known: Booleans, patterns: dict[bytes, int], next_column: int) -> tuple[int | None, bool]:
    """Return the design column that tells the rows missing in `known`, and whether it is new.

    A pattern that another feature has brought already gives no column to this one.
    """
    key = hashlib.sha256(np.packbits(known).tobytes()).digest()
    if key in patterns:
        return None, False
    patterns[key] = next_column
    return next_column, True
