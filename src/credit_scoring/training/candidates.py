"""The models that compete: logistic regressions and LightGBM, all unweighted, all a linear part plus trees."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from credit_scoring.bundle.model import Calibrator, CreditModel, Encoder, LinearPart, Term
from credit_scoring.training.split import holdout_mask

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

Choices = Sequence[Mapping[str, str]]

EXTERNAL_SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
PENALTIES = (0.001, 0.01, 0.1, 1.0)
PENALTY_OF_MANY_ROWS = 0.1
CLIP = 4.0
INNER_SHARE = 0.25
MANY_ROWS = 50_000
MOST_ROUNDS = 5_000
PATIENCE = 150
SAMPLED_SHARE, FEWEST_SAMPLED = 0.08, 8


@dataclass(frozen=True)
class Sample:
    """Encoded rows to fit on: ``values`` has shape (n_applications, n_features), missing as NaN."""

    values: Floats
    defaulted: Booleans
    groups: Integers
    encoder: Encoder

    def rows(self, chosen: Booleans) -> Sample:
        """Return the chosen rows."""
        return Sample(self.values[chosen], self.defaulted[chosen], self.groups[chosen], self.encoder)

    def categorical(self) -> list[int]:
        """Return the positions of the category features."""
        return [i for i, name in enumerate(self.encoder.features) if name in self.encoder.categories]


@dataclass(frozen=True)
class Fitted:
    """What a candidate learnt; ``settings`` are what it chose on inner splits."""

    linear: LinearPart
    booster: lgb.Booster | None
    settings: dict[str, str]

    def model(self, encoder: Encoder, calibrator: Calibrator | None = None) -> CreditModel:
        """Return the model, uncalibrated unless a calibrator is given."""
        return CreditModel(encoder, self.linear, self.booster, calibrator or Calibrator())


class Candidate(Protocol):
    """A way to fit a model; every choice it makes is made inside the rows it is given."""

    @property
    def name(self) -> str:
        """Return the name, as reports show it."""

    def fit(self, sample: Sample, *, seed: int, threads: int, follow: Choices = ()) -> Fitted:
        """Return the model fitted to `sample`, with the median of the choices in `follow` instead of its own."""


@dataclass(frozen=True)
class Logistic:
    """A logistic regression on some features (``columns``; ``None``: all), L2 penalty chosen on an inner split.

    From 50,000 rows on the penalty hardly matters and is fixed: choosing it would cost most of the time.
    """

    name: str
    columns: tuple[str, ...] | None = None

    def fit(self, sample: Sample, *, seed: int, threads: int, follow: Choices = ()) -> Fitted:
        """Return the regression; it runs on as many threads as the linear algebra library takes."""
        del threads
        names = self.columns or sample.encoder.features
        if follow:
            penalty = sorted(float(settings["inverse_penalty"]) for settings in follow)[len(follow) // 2]
        elif sample.defaulted.size >= MANY_ROWS:
            penalty = PENALTY_OF_MANY_ROWS
        else:
            held = holdout_mask(sample.groups, INNER_SHARE, seed)
            inner, outer = sample.rows(~held), sample.rows(held)
            losses = [_log_loss(fit_linear(inner, names, penalty), outer) for penalty in PENALTIES]
            penalty = PENALTIES[int(np.argmin(losses))]
        return Fitted(fit_linear(sample, names, penalty), None, {"inverse_penalty": f"{penalty:g}"})


@dataclass(frozen=True)
class Boosting:
    """LightGBM, strongly regularised and column-sampled; rounds chosen by early stopping on inner splits.

    With ``start``, the trees correct the margin of a logistic regression on these columns.
    """

    name: str
    start: tuple[str, ...] = ()

    def fit(self, sample: Sample, *, seed: int, threads: int, follow: Choices = ()) -> Fitted:
        """Return the booster, fitted on all of `sample` with the median of the inner rounds."""
        parameters = boosting_parameters(*sample.values.shape, seed=seed, threads=threads)
        if follow:
            rounds = [int(settings["rounds"]) for settings in follow]
        else:
            splits = 1 if sample.defaulted.size >= MANY_ROWS else 3
            rounds = [self._inner_rounds(sample, parameters, seed + split) for split in range(splits)]
        chosen = max(1, int(np.median(rounds)))
        linear = self._linear(sample)
        booster = lgb.train(parameters, _dataset(sample, linear), num_boost_round=chosen)
        return Fitted(linear, booster, {"rounds": str(chosen)})

    def _linear(self, sample: Sample) -> LinearPart:
        return fit_linear(sample, self.start, 1.0) if self.start else LinearPart()

    def _inner_rounds(self, sample: Sample, parameters: dict[str, object], seed: int) -> int:
        held = holdout_mask(sample.groups, INNER_SHARE, seed)
        inner, outer = sample.rows(~held), sample.rows(held)
        linear = self._linear(inner)
        training = _dataset(inner, linear)
        booster = lgb.train(
            parameters,
            training,
            num_boost_round=MOST_ROUNDS,
            valid_sets=[_dataset(outer, linear, reference=training)],
            callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        )
        return int(booster.best_iteration)


def candidates_for(features: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Return the candidates: those on external scores only where all three are there."""
    everywhere: tuple[Candidate, ...] = (Logistic("logistic_all"), Boosting("lightgbm"))
    if not set(EXTERNAL_SCORES) <= set(features):
        return everywhere
    return (
        Logistic("logistic_external", EXTERNAL_SCORES),
        *everywhere,
        Boosting("lightgbm_on_external", start=EXTERNAL_SCORES),
    )


def boosting_parameters(rows: int, features: int, *, seed: int, threads: int) -> dict[str, object]:
    """Return LightGBM's parameters for so many rows and features.

    Two runs with equal `seed` and `threads` on one machine agree bit for bit.
    """
    many = rows >= MANY_ROWS
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": 0.02,
        "num_leaves": 32 if many else 16,
        "min_child_samples": 70 if many else 40,
        "feature_fraction": min(1.0, max(SAMPLED_SHARE, FEWEST_SAMPLED / features)),
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 50.0,
        "max_bin": 255,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "seed": seed,
        "verbosity": -1,
    }


def _dataset(sample: Sample, linear: LinearPart, reference: lgb.Dataset | None = None) -> lgb.Dataset:
    start = CreditModel(sample.encoder, linear, None, Calibrator()).margin(sample.values) if linear.terms else None
    return lgb.Dataset(
        sample.values,
        sample.defaulted.astype(np.float64),
        init_score=start,
        categorical_feature=sample.categorical(),
        reference=reference,
    )


def _log_loss(linear: LinearPart, sample: Sample) -> float:
    margin = CreditModel(sample.encoder, linear, None, Calibrator()).margin(sample.values)
    return float(np.mean(np.logaddexp(0.0, np.where(sample.defaulted, -margin, margin))))


def fit_linear(sample: Sample, names: tuple[str, ...], inverse_penalty: float) -> LinearPart:
    """Return a logistic regression on the features `names`, as terms whose average over `sample` is 0.

    Numbers are standardised by the mean and spread of their middle 98 % and clipped; a missing value has a
    weight of its own, shared by features that are missing on the same rows; categories have a weight a level.
    """
    position = {name: i for i, name in enumerate(sample.encoder.features)}
    blocks: list[Floats] = []
    # term, first column, columns, column of the missing flag
    made: list[tuple[Term, int, int, int | None]] = []
    patterns: dict[bytes, int] = {}
    width = 0
    for name in names:
        values = sample.values[:, position[name]]
        known = ~np.isnan(values)
        if not known.any():
            continue
        block, term = _block(name, values, known, sample.encoder)
        flag: int | None = None
        if not known.all():
            flag, new = _missing_column(known, patterns, width + block.shape[1])
            if new:
                block = np.c_[block, ~known]
        made.append((term, width, block.shape[1], flag))
        blocks.append(block)
        width += block.shape[1]
    design = np.concatenate(blocks, axis=1)
    regression = LogisticRegression(C=inverse_penalty, solver="newton-cholesky", max_iter=100)
    regression.fit(design, sample.defaulted)
    weights = np.asarray(regression.coef_[0], dtype=np.float64)
    return _exported(sample, made, weights, float(regression.intercept_[0]))


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


def _exported(
    sample: Sample, made: list[tuple[Term, int, int, int | None]], weights: Floats, intercept: float
) -> LinearPart:
    """Return the terms with their weights; each term's average moves into the intercept."""
    terms = []
    position = {name: i for i, name in enumerate(sample.encoder.features)}
    for term, first, columns, flag in made:
        missing = float(weights[flag]) if flag is not None else 0.0
        if term.level_weights is not None:
            levels = weights[first : first + columns - (flag is not None)]
            filled = term.model_copy(update={"level_weights": tuple(levels.tolist()), "missing_weight": missing})
        else:
            filled = term.model_copy(update={"weight": float(weights[first]), "missing_weight": missing})
        values = sample.values[:, position[term.feature]]
        average = float(filled.of(values).mean())
        if not np.isnan(values).any():  # never missing here: should it be later, it is as the average
            filled = filled.model_copy(update={"missing_weight": average})
        intercept += average
        terms.append(filled.model_copy(update={"offset": average}))
    return LinearPart(intercept=intercept, terms=tuple(terms))
