"""Rows for the benchmarks of the watch: models of random halves, and windows of the other half counted by index."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from credit_scoring.bundle.store import Bundle, load_bundle, save_bundle
from credit_scoring.features.assemble import assemble
from credit_scoring.monitoring.reference import Axis, Reference
from credit_scoring.monitoring.tally import Tally, tally
from credit_scoring.scoring.score import score
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train
from credit_scoring.training.split import holdout_mask, person_groups

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

CANDIDATE = Boosting("lightgbm", start=EXTERNAL_SCORES, parameters={"learning_rate": 0.1})
CHECKED = 500


def labelled(folder: Path) -> TrainingSet:
    """Return the labelled applications of a folder."""
    with read_tables(folder) as tables:
        return home_credit_set(tables, validate(tables))


def unlabelled(folder: Path) -> pl.DataFrame:
    """Return the features of a folder's application_test."""
    with read_tables(folder) as tables:
        return assemble(tables.of("application_test"))


def halves(data: TrainingSet, split: int, models: Path) -> tuple[Bundle, pl.DataFrame]:
    """Return a model of a random half of the persons, kept under `models`, and the rows of the others."""
    folder = models / str(split)
    if not folder.exists():
        start = time.perf_counter()
        options = TrainingOptions(holdout_share=0.5, threads=1, seed=split)
        save_bundle(train(data, options, candidates=(CANDIDATE,)).bundle, folder)
        print(f"  {folder.name}: trained in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return load_bundle(folder), data.matrix.filter(holdout_mask(person_groups(data.matrix), 0.5, split))


@dataclass(frozen=True, eq=False)
class Pool:
    """Scored rows and the bin of a reference that each lies in; ``places`` count over all axes.

    ``places``, ``unseen`` and ``outside`` have shape (n_rows, n_axes); ``values`` are encoded.
    """

    values: Floats
    p_default: Floats
    defaulted: Floats
    places: Integers
    unseen: Booleans
    outside: Booleans

    @classmethod
    def of(cls, bundle: Bundle, reference: Reference, matrix: pl.DataFrame) -> Pool:
        """Return the rows of `matrix`; some are counted by `tally` too, and must agree."""
        decisions = score(bundle, matrix).decisions
        watched = {"p_default": decisions["p_default"], "decision": decisions["decision"]}
        found = [
            _places(axis, watched.get(axis.name, matrix.get_column(axis.name, default=None))) for axis in reference.axes
        ]
        places, unseen, outside = (np.stack(one, axis=1) for one in zip(*found, strict=True))
        outcome = matrix.get_column("TARGET", default=pl.repeat(None, matrix.height, dtype=pl.Float64, eager=True))
        pool = cls(
            bundle.model.encoder.encode(matrix),
            decisions["p_default"].to_numpy(),
            outcome.cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            places + reference.starts[:-1],
            unseen,
            outside,
        )
        some = np.random.default_rng(0).permutation(matrix.height)[:CHECKED]
        told = tally(reference, matrix[some], pool.p_default[some], decisions["decision"][some])
        mine = pool.counts(reference, some)
        for one in fields(Tally):
            assert np.array_equal(getattr(told, one.name), getattr(mine, one.name)), one.name
        return pool

    def counts(self, reference: Reference, rows: Integers) -> Tally:
        """Return the tally of the rows."""
        bins = np.bincount(self.places[rows].ravel(), minlength=int(reference.starts[-1]))
        return Tally(rows.size, bins, self.unseen[rows].sum(axis=0), self.outside[rows].sum(axis=0))

    def __add__(self, other: Pool) -> Pool:
        """Return the rows of both, these first."""
        return Pool(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(Pool)))


def _places(axis: Axis, column: pl.Series) -> tuple[Integers, Booleans, Booleans]:
    """Return of each row the bin, whether its category is unseen, and whether its number is out of range."""
    if axis.levels is not None:
        known = column.cast(pl.String).cast(pl.Enum(axis.levels), strict=False).to_physical()
        unseen = (column.is_not_null() & known.is_null()).to_numpy()
        return known.cast(pl.Int64).fill_null(-1).to_numpy() + 1, unseen, np.zeros(column.len(), dtype=np.bool_)
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    bins = np.where(np.isnan(values), 0, np.searchsorted(axis.edges, values, side="left") + 1)
    low, high = axis.range or (-np.inf, np.inf)
    return bins, np.zeros(column.len(), dtype=np.bool_), (values < low) | (values > high)


def tilted(axis: Axis, psi: float, sign: int = 1) -> Floats:
    """Return shares of the axis's bins, tilted along its known bins until their PSI is as wanted; missing stays."""
    p = axis.shares[1:]
    along = sign * np.linspace(-1, 1, p.size)

    def moved(slope: float) -> Floats:
        q = p * np.exp(slope * along)
        return np.asarray(q * p.sum() / q.sum())

    def excess(slope: float) -> float:
        q = moved(slope)
        return float(np.sum((q - p)[p > 0] * np.log(q[p > 0] / p[p > 0]))) - psi

    slope = float(brentq(excess, 0, 30)) if psi else 0.0
    return np.concatenate([axis.shares[:1], moved(slope)])


def drawn(places: Integers, shares: Floats, rows: int, generator: np.random.Generator) -> Integers:
    """Return rows whose bins come with the probabilities `shares`; inside a bin none twice while there are others."""
    filled = np.where(np.bincount(places, minlength=shares.size) > 0, shares, 0.0)
    counts = generator.multinomial(rows, filled / filled.sum())
    chosen = []
    for place in np.flatnonzero(counts):
        members = np.flatnonzero(places == place)
        chosen.append(generator.choice(members, counts[place], replace=bool(counts[place] > members.size)))
    return np.concatenate(chosen)


def by_importance(reference: Reference) -> Iterator[int]:
    """Yield the axes of features, the most important first."""
    features = [number for number, axis in enumerate(reference.axes) if axis.kind == "feature"]
    yield from sorted(features, key=lambda number: -reference.axes[number].importance)
