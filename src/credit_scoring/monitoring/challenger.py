"""Champion and challenger on the same applications: what each is worth, where they disagree, for whom."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.evaluate import Figures, figures, paired_difference
from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.profile import BINS
from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix
from credit_scoring.decision.curves import wilson_interval
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.psi import shift
from credit_scoring.monitoring.slices import ATTRIBUTES, Slice, slices

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

COMPARED = (
    "auc",
    "cost",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "decline_rate",
    "bad_rate_approved",
)
_COLUMNS = ("champion", "challenger", "champion_declined", "challenger_declined", "defaulted")
_Z = 1.959964


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contender(_Record):
    """One of the two models: its registered version, its bundle and the cut-off it decides by."""

    version: int
    digest: str
    candidate: str
    cutoff: float


class Paired(_Record):
    """A figure of both models on the same applications, and challenger minus champion with a paired interval."""

    champion: Metric
    challenger: Metric
    difference: Metric


class SwapSide(_Record):
    """Applications that one approves and the other declines; ``bad_rate`` is of those with a known outcome."""

    applications: int
    known: int
    defaults: int
    bad_rate: Metric | None


class SwapSet(_Record):
    """Where the decisions differ: whom the challenger lets in, and whom it turns away."""

    both_approve: int
    both_decline: int
    let_in: SwapSide
    turned_away: SwapSide


class Comparison(_Record):
    """Champion and challenger on the same applications. Differences are challenger minus champion.

    ``population`` says whose outcomes are compared: ``all``, or those that the champion ``approved``, where the
    declined have none or are not there. ``figures`` are of the ``known``; empty where these ended alike. ``promised``
    is defaults over what the PDs promised, champion first. ``expected_cost`` is the difference in cost per application
    on all, as the champion's PDs say and as the challenger's say; each flatters its own. ``cost`` is what counts:
    the paired difference, or, where only the approved have outcomes, that on those it turns away plus what the
    champion's PDs say of those it lets in; ``champion_cost`` is what it is to be seen against. ``stability`` is the
    PSI of the PD between development, out of fold, and now, champion first; ``psi_between`` that between the two now.
    """

    champion: Contender
    challenger: Contender
    compared_on: str
    population: Literal["all", "approved"]
    applications: int
    known: int
    defaults: int
    approve_bad: float
    decline_good: float
    figures: dict[str, Paired]
    promised: tuple[Metric, Metric] | None
    cost: Metric | None
    champion_cost: float | None
    expected_cost: tuple[Metric, Metric]
    swap: SwapSet
    slices: tuple[Slice, ...]
    stability: tuple[float, float]
    psi_between: float


def compare(
    rows: pl.DataFrame,
    champion: Contender,
    challenger: Contender,
    costs: CostMatrix,
    *,
    developed: tuple[Floats, Floats],
    compared_on: str,
    seed: int = 0,
) -> Comparison:
    """Return what both models are worth on the same applications; the order of rows does not matter.

    Parameters
    ----------
    rows
        ``champion`` and ``challenger``: the PDs, of models that did not see the application; ``champion_declined`` and
        ``challenger_declined``: by the cut-off alone; ``defaulted``, missing where it is not known; where known
        ``CODE_GENDER``, ``DAYS_BIRTH``, ``NAME_FAMILY_STATUS``. Other columns are ignored.
    costs
        One matrix for both.
    developed
        Out-of-fold PDs of the champion's and of the challenger's development.

    Raises
    ------
    DataError
        If there are no applications, or a PD is missing.
    """
    if not rows.height or rows.select(_COLUMNS[:2]).null_count().sum_horizontal()[0]:
        raise DataError("there are no applications to compare, or a PD is missing")
    # Sorted, so that resamples do not hang on the order in which the applications came.
    rows = rows.select(name for name in (*_COLUMNS, *ATTRIBUTES.values()) if name in rows.columns)
    rows = rows.with_columns(pl.col("defaulted").cast(pl.Boolean)).sort(rows.columns)
    known, declined = rows["defaulted"].is_not_null().to_numpy(), rows["champion_declined"].to_numpy()
    # A champion that declines nobody here has chosen them, unless it declines nobody at all.
    whole = bool(known.all() and (declined.any() or champion.cutoff >= APPROVE_ALL))
    judged = known if whole else known & ~declined
    expected = _expected_differences(rows, costs)
    pair = _paired(rows.filter(judged), costs, seed)
    cost, champion_cost = _cost(rows, pair, whole, expected[0], costs)
    defaulted = rows.filter(judged)["defaulted"]
    p = rows["champion"].to_numpy(), rows["challenger"].to_numpy()
    return Comparison(
        champion=champion,
        challenger=challenger,
        compared_on=compared_on,
        population="all" if whole else "approved",
        applications=rows.height,
        known=int(judged.sum()),
        defaults=int(defaulted.sum()),
        approve_bad=costs.approve_bad,
        decline_good=costs.decline_good,
        figures=pair,
        promised=(_promised(p[0][judged], defaulted), _promised(p[1][judged], defaulted)) if pair else None,
        cost=cost,
        champion_cost=champion_cost,
        expected_cost=(_mean(expected[0]), _mean(expected[1])),
        swap=_swap(rows),
        slices=tuple(slices(rows, judged)),
        stability=(p_default_psi(p[0], developed[0]), p_default_psi(p[1], developed[1])),
        psi_between=p_default_psi(p[1], p[0]),
    )


def p_default_psi(now: Floats, then: Floats) -> float:
    """Return the PSI of PDs now against those then, by tenths of those then."""
    edges = np.unique(np.quantile(then, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
    counts = [np.bincount(np.searchsorted(edges, p), minlength=edges.size + 1) for p in (now, then)]
    return shift(np.r_[0, counts[0]], np.r_[0.0, counts[1] / then.size], then.size).psi


def _paired(known: pl.DataFrame, costs: CostMatrix, seed: int) -> dict[str, Paired]:
    """Return the figures of both, from the same resamples; none where all ended alike."""
    defaulted = known["defaulted"].to_numpy()
    if not known.height or defaulted.all() or not defaulted.any():
        return {}

    def judged(name: str) -> Figures:
        declined = known[f"{name}_declined"].to_numpy()
        return figures(known[name].to_numpy(), defaulted, declined=declined, costs=costs, seed=seed)

    champion, challenger = judged("champion"), judged("challenger")
    differences = paired_difference(challenger, champion, COMPARED)
    first, second = (one.metrics("metrics") | one.metrics("at_cutoff") for one in (champion, challenger))
    return {
        name: Paired(champion=first[name], challenger=second[name], difference=differences[name]) for name in COMPARED
    }


def _expected_differences(rows: pl.DataFrame, costs: CostMatrix) -> tuple[Floats, Floats]:
    """Return what each application is expected to cost more under the challenger, by the PDs of either model."""
    moved = rows["champion_declined"].cast(pl.Float64) - rows["challenger_declined"].cast(pl.Float64)
    lets_in = moved.to_numpy()  # 1 lets in, -1 turns away

    def by(p_default: Floats) -> Floats:
        return lets_in * (costs.approve_bad * p_default - costs.decline_good * (1 - p_default))

    return by(rows["champion"].to_numpy()), by(rows["challenger"].to_numpy())


def _cost(
    rows: pl.DataFrame, pair: dict[str, Paired], whole: bool, expected: Floats, costs: CostMatrix
) -> tuple[Metric | None, float | None]:
    """Return the difference in cost per application that counts, and the champion's cost per application."""
    if not pair:
        return None, None
    found, cost = pair["cost"].difference, pair["cost"].champion.value
    if whole:
        return found, cost
    declined = rows["champion_declined"].to_numpy()
    approved, let_in = 1 - float(declined.mean()), float(np.sum(expected[declined])) / rows.height
    moved = {name: value * approved + let_in for name, value in found.model_dump().items()}
    refused = costs.decline_good * float(np.sum(1 - rows["champion"].to_numpy()[declined])) / rows.height
    return Metric(**moved), cost * approved + refused


def _promised(p_default: Floats, defaulted: pl.Series) -> Metric:
    """Return defaults over the sum of the PDs, with the interval of chance around it."""
    promised = float(p_default.sum())
    value, half = (
        float(defaulted.sum()) / promised,
        _Z * math.sqrt(float(np.sum(p_default * (1 - p_default)))) / promised,
    )
    return Metric(value=value, lower=value - half, upper=value + half)


def _mean(values: Floats) -> Metric:
    mean, half = float(values.mean()), _Z * float(values.std()) / math.sqrt(values.size)
    return Metric(value=mean, lower=mean - half, upper=mean + half)


def _swap(rows: pl.DataFrame) -> SwapSet:
    first, second = rows["champion_declined"], rows["challenger_declined"]
    return SwapSet(
        both_approve=int((~first & ~second).sum()),
        both_decline=int((first & second).sum()),
        let_in=_side(rows.filter(first & ~second)["defaulted"]),
        turned_away=_side(rows.filter(~first & second)["defaulted"]),
    )


def _side(defaulted: pl.Series) -> SwapSide:
    known, defaults = defaulted.len() - defaulted.null_count(), int(defaulted.sum())
    rate = None
    if known:
        lower, upper = wilson_interval(defaults, known)
        rate = Metric(value=defaults / known, lower=lower, upper=upper)
    return SwapSide(applications=defaulted.len(), known=known, defaults=defaults, bad_rate=rate)
