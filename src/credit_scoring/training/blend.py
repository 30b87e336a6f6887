"""A logistic regression and trees in one margin: each errs where the other does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from credit_scoring.bundle.linear import LinearPart, Term
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.sample import Booleans, Choices, Fitted, Floats, Sample, log_losses, median_choice

WEIGHTS = tuple(np.linspace(0.0, 1.0, 21).tolist())


@dataclass(frozen=True)
class Blend:
    """``weight`` times the regression's margin and the rest times the booster's, chosen on the inner folds.

    What it gives is a linear part and one booster, as any candidate does: leaves and weights are scaled.
    """

    name: str
    linear: Logistic
    trees: Boosting

    def fit(
        self,
        sample: Sample,
        *,
        seed: int,
        threads: int,
        follow: Choices = (),
        fitted: Mapping[str, Fitted] | None = None,
    ) -> Fitted:
        """Return the blend."""
        known = fitted or {}
        linear, trees = (
            known.get(part.name) or part.fit(sample, seed=seed, threads=threads, follow=follow)
            for part in (self.linear, self.trees)
        )
        inner = None
        if follow:
            weight = median_choice(follow, "linear_weight")
        else:
            if linear.inner is None or trees.inner is None:
                raise AssertionError("parts that chose nothing have no inner margins to weigh")
            weight = _weight(linear.inner, trees.inner, sample.defaulted)
            inner = weight * linear.inner + (1 - weight) * trees.inner
        part, start = _scaled(linear.linear, weight), _scaled(trees.linear, 1 - weight)
        return Fitted(
            LinearPart(intercept=part.intercept + start.intercept, terms=part.terms + start.terms),
            _scaled_trees(trees.booster, 1 - weight),
            {**linear.settings, **trees.settings, "linear_weight": f"{weight:g}"},
            inner,
        )


def _weight(linear: Floats, trees: Floats, defaulted: Booleans) -> float:
    """Return the weight nearest to one half whose loss is within a standard error of the lowest.

    Chosen freely it would be noisier than what the choice gains (the one-standard-error rule of Breiman et al.,
    *Classification and Regression Trees*, 1984; equal weights as in Bates and Granger, 1969).
    """
    held = ~np.isnan(linear).any(axis=0)
    losses = [log_losses(w * linear[:, held] + (1 - w) * trees[:, held], defaulted[held]).mean(axis=0) for w in WEIGHTS]
    best = min(losses, key=np.mean)
    near = [
        weight
        for weight, loss in zip(WEIGHTS, losses, strict=True)
        if (loss - best).mean() <= (loss - best).std() / np.sqrt(best.size)
    ]
    return float(min(near, key=lambda weight: abs(weight - 0.5)))


def _scaled(linear: LinearPart, factor: float) -> LinearPart:
    def scaled(term: Term) -> Term:
        levels = None if term.level_weights is None else tuple(factor * weight for weight in term.level_weights)
        return term.model_copy(
            update={
                "weight": factor * term.weight,
                "missing_weight": factor * term.missing_weight,
                "offset": factor * term.offset,
                "level_weights": levels,
            }
        )

    return LinearPart(intercept=factor * linear.intercept, terms=tuple(scaled(term) for term in linear.terms))


def _scaled_trees(booster: lgb.Booster | None, factor: float) -> lgb.Booster | None:
    """Return a copy of the booster whose every leaf is `factor` times as high; ``None`` where nothing would be left."""
    if booster is None or factor == 0.0:
        return None
    copy = lgb.Booster(model_str=booster.model_to_string())
    leaves = booster.dump_model()["tree_info"]
    for tree in leaves:
        for leaf in range(tree["num_leaves"]):
            copy.set_leaf_output(tree["tree_index"], leaf, factor * booster.get_leaf_output(tree["tree_index"], leaf))
    return copy
