"""Who is trained on, who is predicted, who is kept for the end. One person never stands on two sides."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_PERSON = ("DAYS_BIRTH", "DAYS_REGISTRATION", "DAYS_ID_PUBLISH", "CODE_GENDER")


def person_groups(matrix: pl.DataFrame) -> Integers:
    """Return a number for each row, equal for applications that come from the same person.

    The person is known by what does not change between two applications: the days between birth,
    registration and identity document, and the gender. A row that lacks any of them is its own person.
    """
    if not set(_PERSON) <= set(matrix.columns):
        return np.arange(matrix.height)
    birth = pl.col("DAYS_BIRTH")
    known = pl.all_horizontal(pl.col(_PERSON).is_not_null())
    key = pl.struct(
        birth - pl.col("DAYS_REGISTRATION"),
        (birth - pl.col("DAYS_ID_PUBLISH")).alias("document"),
        pl.col("CODE_GENDER"),
        pl.when(~known).then(pl.int_range(pl.len())).alias("row"),
    )
    return matrix.select(key.rank("dense")).to_series().cast(pl.Int64).to_numpy() - 1


def holdout_mask(groups: Integers, share: float, seed: int) -> Booleans:
    """Return which rows are kept for the end: about `share` of the persons, drawn without looking at outcomes.

    Outcomes play no part, so that a wrong label in the hold-out cannot change anything before it is opened.
    """
    persons = np.unique(groups)
    drawn = np.random.default_rng([seed, 1]).permutation(persons.size)[: round(share * persons.size)]
    kept = np.zeros(persons.size, dtype=np.bool_)
    kept[drawn] = True
    return kept[np.searchsorted(persons, groups)]


def grouped_folds(groups: Integers, defaulted: Booleans, folds: int, seed: int) -> Integers:
    """Return the fold, 0 to `folds` - 1, of each row: persons whole, defaults spread evenly.

    Persons are shuffled and dealt out in turn, those with a default first.
    """
    persons, row_person = np.unique(groups, return_inverse=True)
    bad = np.zeros(persons.size, dtype=np.bool_)
    np.logical_or.at(bad, row_person, defaulted)
    shuffled = np.random.default_rng([seed, 2]).permutation(persons.size)
    dealt = shuffled[np.argsort(~bad[shuffled], kind="stable")]
    fold = np.empty(persons.size, dtype=np.int64)
    fold[dealt] = np.arange(persons.size) % folds
    return fold[row_person]
