"""Contributions, added up by concept and ranked: the reasons behind a PD."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.bundle.model import Encoder
from credit_scoring.domain.decision import Reason

Floats = NDArray[np.float64]
MOST_TOLD = 4


class Reasoner:
    """Tells the reasons of a model's PDs. Made once a model.

    ``cards`` and ``encoder`` are the model's features, in the order of its columns.
    """

    def __init__(self, cards: Sequence[FeatureCard], encoder: Encoder) -> None:
        self._cards, self._encoder = cards, encoder
        self._concepts = sorted({card.concept for card in cards})
        rank = {concept: number for number, concept in enumerate(self._concepts)}
        self._owner = np.array([rank[card.concept] for card in cards], dtype=np.int64)

    def reasons(self, contributions: Floats, values: Floats, *, most: int = MOST_TOLD) -> list[list[Reason]]:
        """Return, for each application, at most `most` concepts that raise its PD most, largest first.

        Parameters
        ----------
        contributions : shape (n_applications, n_features + 1), in log-odds
            As `CreditModel.contributions` gives them; the last column, the baseline, is nobody's reason.
        values : shape (n_applications, n_features)
            The encoded feature values behind them. A category that training never saw is told as not known: the model
            took it so.

        Notes
        -----
        A concept's contribution is the sum over its features, so the concepts and the baseline add up to the
        margin. The feature named is the one that raises the PD most within the concept.
        """
        return [
            [self._reason(concept, totals, shares, row) for concept in _ranked(totals)[:most] if totals[concept] > 0]
            for totals, shares, row in self._added_up(contributions, values)
        ]

    def concepts(self, contributions: Floats, values: Floats) -> list[list[Reason]]:
        """Return, for each application, every concept that moves its PD, by the size of its contribution.

        Parameters are those of `reasons`. The feature named is the one that moves the PD most in the direction in
        which its concept does.
        """
        return [
            [self._reason(concept, totals, shares, row) for concept in _ranked(abs(totals)) if totals[concept]]
            for totals, shares, row in self._added_up(contributions, values)
        ]

    def _added_up(self, contributions: Floats, values: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Yield each application's contributions by concept and by feature, and its values."""
        for shares, row in zip(contributions[:, :-1], values, strict=True):
            totals = np.bincount(self._owner, weights=shares, minlength=len(self._concepts))
            yield totals.astype(np.float64, copy=False), shares, row

    def _reason(self, concept: int, totals: Floats, shares: Floats, values: Floats) -> Reason:
        total = float(totals[concept])
        towards = shares if total > 0 else -shares
        strongest = int(np.argmax(np.where(self._owner == concept, towards, -np.inf)))
        card = self._cards[strongest]
        value = self._encoder.decode(card.name, float(values[strongest]))
        return Reason(self._concepts[concept], total, card.name, value, card.unit, card.meaning)


def _ranked(weights: Floats) -> list[int]:
    order: list[int] = np.argsort(-weights, kind="stable").tolist()
    return order
