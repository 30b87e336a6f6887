"""Champion and challenger by groups of people: whom each approves, how well it ranks them, who of them defaults."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

AGE = "age"
_DAYS_A_YEAR = 365.25
_BANDS = ("29 and under", "30 to 39", "40 to 49", "50 to 59", "60 and over")
# What people are compared by, where it is known, and the column that tells it.
ATTRIBUTES = {"CODE_GENDER": "CODE_GENDER", AGE: "DAYS_BIRTH", "NAME_FAMILY_STATUS": "NAME_FAMILY_STATUS"}


class Difference(NamedTuple):
    """Challenger minus champion on the same applications, with its standard error."""

    value: float
    error: float


class SliceSide(NamedTuple):
    """What one model does in a slice; ``None`` where outcomes do not tell."""

    approval_rate: float
    bad_rate_approved: float | None
    auc: float | None


class Slice(BaseModel):
    """One group of people. ``applications`` are all, ``known`` those with an outcome that is compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: str
    value: str
    applications: int
    known: int
    defaults: int
    champion: SliceSide
    challenger: SliceSide
    approval_rate_difference: Difference
    auc_difference: Difference | None


def slices(rows: pl.DataFrame, judged: Booleans) -> Iterator[Slice]:
    """Yield the slices by gender, age band and family status, where the columns are there; not known is one too.

    Parameters
    ----------
    rows
        As `challenger.compare`.
    judged : shape (n_applications,)
        Whose outcomes are compared.
    """
    for attribute, column in ATTRIBUTES.items():
        if column not in rows.columns:
            continue
        value = rows[column] if attribute != AGE else age_band(rows[column])
        named = value.cast(pl.String).fill_null("not known")
        for group in named.unique().sort():
            chosen = (named == group).to_numpy()
            yield _slice(attribute, group, rows.filter(chosen), judged[chosen])


def age_band(days_birth: pl.Series) -> pl.Series:
    """Return the band of ages in full years, from the days between birth and application, whatever their sign.

    Examples
    --------
    >>> age_band(pl.Series([-10_950, -10_958, None])).to_list()
    ['29 and under', '30 to 39', None]
    """
    decades = (days_birth.abs() / _DAYS_A_YEAR // 10).clip(2, 6) - 2
    return decades.cast(pl.Int64).replace_strict(dict(enumerate(_BANDS)), return_dtype=pl.String)


def paired_auc(first: Floats, second: Floats, defaulted: Booleans) -> tuple[float, float, Difference]:
    """Return the AUC of two models on the same applications, and second minus first with its standard error.

    DeLong, DeLong and Clarke-Pearson (1988); equal PDs count half. Both outcomes must occur at least twice.
    """
    bad, good = zip(_components(first, defaulted), _components(second, defaulted), strict=True)
    variance = sum(float(np.var(two - one, ddof=1)) / one.size for one, two in (bad, good))
    aucs = float(bad[0].mean()), float(bad[1].mean())
    return *aucs, Difference(aucs[1] - aucs[0], math.sqrt(variance))


def _components(p_default: Floats, defaulted: Booleans) -> tuple[Floats, Floats]:
    """Return the share of the good below each default, and of the defaults above each good, in the order given."""
    bad, good = p_default[defaulted], p_default[~defaulted]
    return _below(good, bad), 1 - _below(bad, good)


def _below(of: Floats, each: Floats) -> Floats:
    ordered = np.sort(of)
    return (np.searchsorted(ordered, each) + np.searchsorted(ordered, each, side="right")) / (2 * of.size)


def _slice(attribute: str, value: str, rows: pl.DataFrame, judged: Booleans) -> Slice:
    known = rows.filter(judged)
    defaulted = known["defaulted"].to_numpy()
    approved = [~rows[f"{name}_declined"].to_numpy() for name in ("champion", "challenger")]
    moves = approved[1].astype(np.float64) - approved[0]
    defaults = int(defaulted.sum())
    aucs: tuple[float | None, float | None, Difference | None] = (None, None, None)
    if min(defaults, defaulted.size - defaults) > 1:
        aucs = paired_auc(known["champion"].to_numpy(), known["challenger"].to_numpy(), defaulted)
    sides = [
        SliceSide(float(chosen.mean()), _mean(defaulted[chosen[judged]]), auc)
        for chosen, auc in zip(approved, aucs[:2], strict=True)
    ]
    return Slice(
        attribute=attribute,
        value=value,
        applications=rows.height,
        known=known.height,
        defaults=defaults,
        champion=sides[0],
        challenger=sides[1],
        approval_rate_difference=Difference(float(moves.mean()), float(moves.std()) / math.sqrt(rows.height)),
        auc_difference=aucs[2],
    )


def _mean(values: Booleans) -> float | None:
    return float(values.mean()) if values.size else None
