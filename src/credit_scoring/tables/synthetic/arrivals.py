"""Clients that arrive month by month."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.synthetic.aggregates import load
from credit_scoring.tables.synthetic.generate import drawn
from credit_scoring.tables.synthetic.history import History
from credit_scoring.tables.synthetic.normal import Floats, probability, score

IDS_A_SEED = 10_000_000


class Arrivals:
    """Draws the clients of one month after another; no client, contract or credit has a number twice.

    Numbers of clients begin at ten million, so that they are none of Kaggle's or of `synthesize`, and those of
    different seeds differ too. The same seed and calls give the same clients; what is asked of a month moves no other.

    Raises
    ------
    DataError
        If the seed is negative.
    """

    def __init__(self, seed: int) -> None:
        if seed < 0:
            raise DataError(f"seed is {seed}; it must be 0 or more")
        self._seed, self._month, self._clients = seed, 0, 0
        self._aggregates = load()
        self._history = History(self._aggregates)

    def draw(
        self, clients: int, *, mix: float = 0.0, lean: Mapping[str, float] | None = None
    ) -> dict[str, pl.DataFrame]:
        """Return the next month's tables: ``application`` with everybody's outcome, and the six histories.

        Parameters
        ----------
        mix
            Share of the clients from the population of application_test, as in `Drift`.
        lean
            By column of the application: by how many standard deviations the score that the outcome hangs on rises
            with one standard deviation of the column. The rate of default stays.
        """
        rng = np.random.default_rng([self._seed, self._month])
        ids = np.arange(self._clients, self._clients + clients) + IDS_A_SEED * (1 + self._seed)
        self._month, self._clients = self._month + 1, self._clients + clients
        shifted = (rng.random(clients) < mix).astype(np.int64)
        z, frame, data = drawn(self._aggregates, ids, shifted, rng)
        tables = {
            name: rows.select(self._aggregates.columns[name]) for name, rows in self._history.tables(ids, z, frame, rng)
        }
        if lean:
            outcome = z[:, self._aggregates.scored.index("target")]
            data = data.with_columns(TARGET=self._outcomes(outcome, data, lean))
        return {"application": data, **tables}

    def _outcomes(self, outcome: Floats, data: pl.DataFrame, lean: Mapping[str, float]) -> pl.Series:
        leaning = outcome + sum(strength * _scores(data[name]) for name, strength in lean.items())
        share = probability((leaning - leaning.mean()) / (leaning.std() or 1.0))
        return pl.Series(self._aggregates.tables["target"].draw(share, {}, self._aggregates.sizes))


def _scores(values: pl.Series) -> Floats:
    """Return the normal score of each value's rank; 0 where it is missing."""
    share = (values.rank() - 0.5) / max(values.len() - values.null_count(), 1)
    return np.where(values.is_null(), 0.0, score(share.fill_null(0.5).to_numpy()))
