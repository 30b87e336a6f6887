"""Contributions, added up by concept and ranked: the reasons behind a PD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.domain.decision import Reason

Floats = NDArray[np.float64]
MOST_TOLD = 4


def reasons(
    contributions: Floats, matrix: pl.DataFrame, cards: Sequence[FeatureCard], *, most: int = MOST_TOLD
) -> list[list[Reason]]:
    """Return, for each application, at most `most` concepts that raise its PD most, largest first.

    Parameters
    ----------
    contributions : shape (n_applications, n_features + 1), in log-odds
        As `CreditModel.contributions` gives them; the last column, the baseline, is nobody's reason.
    matrix
        The feature values behind them, one row an application.
    cards
        The model's features, in the order of the columns.

    Notes
    -----
    A concept's contribution is the sum over its features, so the concepts and the baseline add up to the
    margin. The feature named is the one that raises the PD most within the concept.
    """
    concepts = sorted({card.concept for card in cards})
    owner = np.array([concepts.index(card.concept) for card in cards])
    shares = contributions[:, :-1]
    totals = np.zeros((shares.shape[0], len(concepts)))
    for column, number in enumerate(owner):  # one by one, so that the sum does not depend on how many rows there are
        totals[:, number] += shares[:, column]
    told = []
    for row in range(shares.shape[0]):
        ranked = np.argsort(-totals[row], kind="stable")[:most]
        told.append(
            [
                _reason(
                    concepts[concept],
                    float(totals[row, concept]),
                    shares[row],
                    owner == concept,
                    row,
                    matrix,
                    cards,
                )
                for concept in ranked
                if totals[row, concept] > 0
            ]
        )
    return told


def _reason(
    concept: str,
    contribution: float,
    shares: Floats,
    members: NDArray[np.bool_],
    row: int,
    matrix: pl.DataFrame,
    cards: Sequence[FeatureCard],
) -> Reason:
    strongest = cards[int(np.argmax(np.where(members, shares, -np.inf)))]
    value = matrix[strongest.name][row]
    return Reason(concept, contribution, strongest.name, value, strongest.unit, strongest.meaning)
