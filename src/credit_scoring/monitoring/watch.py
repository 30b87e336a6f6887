"""One watch: current applications against a bundle, scored on the one path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.checks import Verdict
from credit_scoring.monitoring.drift import Drift, Finding, drift, level_of
from credit_scoring.monitoring.performance import (
    FIGURES,
    Realised,
    expected_performance,
    realised_performance,
)
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.tally import Tally, tally
from credit_scoring.monitoring.vintages import Vintage, newest_mature
from credit_scoring.monitoring.worth import Judged, judged
from credit_scoring.scoring.sample import RowSample, shown_columns
from credit_scoring.scoring.score import ROWS_AT_A_TIME, score

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """Current applications, as far as a watch needs them: counts, PDs and, where known, outcomes (else NaN)."""

    counts: Tally
    p_default: Floats
    defaulted: Floats


class WatchReport(BaseModel):
    """What a watch found. ``trained`` are the figures of training out of fold; ``realised`` is there with outcomes.

    ``performance`` judges the figures: expected beside trained, and realised, of the newest mature vintage where there
    are ``vintages``, beside expected.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    cutoff: float
    drift: Drift
    trained: dict[str, Metric]
    expected: dict[str, Metric]
    realised: Realised | None
    performance: tuple[Judged, ...]
    vintages: tuple[Vintage, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, of performance first, then of drift; in each, alarms before notices."""
        worth = [_finding(one) for one in self.performance if one.verdict in {"alarm", "notice"}]
        return (*sorted(worth, key=lambda one: (one.severity, one.code)), *self.drift.findings)

    @property
    def alarms(self) -> int:
        """Return how many findings are alarms."""
        return sum(finding.severity == "alarm" for finding in self.findings)

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """Return what each check that was made says, by code and subject."""
        moved = {(code, one.name): verdict for one in self.drift.watched for code, verdict in one.verdicts.items()}
        return moved | {(one.code, one.subject): one.verdict for one in self.performance}


def window(
    bundle: Bundle,
    reference: Reference,
    parts: Iterable[pl.DataFrame],
    *,
    uncomputed: Collection[str] = (),
    sample: RowSample | None = None,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Window:
    """Return the window of feature matrices that come in parts; of a row, only its PD and outcome are kept (16 bytes).

    Parameters
    ----------
    parts
        The bundle's id column and every feature of its encoder; the outcome column too where it is known.
    uncomputed
        Features that are missing for lack of their source.
    sample
        Is given the rows as `shown_columns`.

    Raises
    ------
    DataError
        If there is no application, or a feature's column is absent.
    """
    counts, p_default, defaulted = Tally.empty(reference), [], []
    for part in parts:
        for rows in part.iter_slices(ROWS_AT_A_TIME):
            decisions = score(bundle, rows, uncomputed=uncomputed).decisions
            p_default.append(decisions["p_default"].to_numpy())
            counts += tally(reference, rows, p_default[-1], decisions["decision"])
            defaulted.append(_outcomes(bundle, rows))
            if sample is not None:
                sample.add(shown_columns(bundle, rows, p_default[-1], decisions["decision"]))
            on_rows(rows.height)
    if not counts.rows:
        raise DataError("there are no applications to compare with training")
    return Window(counts, np.concatenate(p_default), np.concatenate(defaulted))


def watch(bundle: Bundle, reference: Reference, current: Window, vintages: Sequence[Vintage] = ()) -> WatchReport:
    """Return what has moved in a window, what its PDs promise, and what was realised where outcomes are known."""
    policy, out_of_fold = bundle.policy, bundle.manifest.out_of_fold
    at, spread = (policy.cutoff, policy.costs), reference.spread
    approved = current.p_default < policy.cutoff
    trained = {n: one for n, one in (out_of_fold.metrics | out_of_fold.at_cutoff).items() if n in FIGURES}
    expected = expected_performance(current.p_default, *at, spread=spread)
    realised, of = None, ""
    if np.isfinite(current.defaulted[approved]).any():
        realised = realised_performance(current.p_default, current.defaulted, *at, spread=spread)
    elif (newest := newest_mature(vintages)) is not None:
        realised, of = newest.realised, newest.month
    return WatchReport(
        model=bundle.digest,
        cutoff=policy.cutoff,
        drift=drift(reference, current.counts),
        trained=trained,
        expected=expected,
        realised=realised,
        performance=judged(trained, expected, realised, level_of(reference), of=of),
        vintages=tuple(vintages),
    )


def _finding(one: Judged) -> Finding:
    return Finding(
        code=one.code,
        severity="alarm" if one.verdict == "alarm" else "notice",
        subject=one.subject,
        concept="",
        importance=1.0,
        measures=one.measures,
        value=one.value,
        limit=one.limit,
        chance=one.chance,
    )


def _outcomes(bundle: Bundle, rows: pl.DataFrame) -> Floats:
    """Return the outcomes; of another lender's table it is not recorded which value of its column means default."""
    column = bundle.manifest.outcome_column
    if bundle.manifest.portfolio != "home_credit" or column not in rows.columns:
        return np.full(rows.height, np.nan)
    return rows[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
