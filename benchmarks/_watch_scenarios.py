"""Windows of real rows without drift, with the known shift and with shifts put in, and what the watch says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from _watch_peers import drifted
from _watch_rows import Pool, by_importance, drawn, tilted
from credit_scoring.bundle.model import logistic
from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.checks import FEATURE_PSI, MISSING, OUTSIDE, PSI_OF, UNSEEN
from credit_scoring.monitoring.drift import Drift, Moves, drift
from credit_scoring.monitoring.performance import calibration_spread, realised_performance
from credit_scoring.monitoring.reference import Reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ROWS, STEADY_ROWS, MOVED_ROWS, TOP = 2_000, (100, 500, 2_000, 5_000), (500, 2_000), 10
PSI, RARER, MORE_MISSING, SPOILT, NEW_ODDS, NEW_SLOPE = 0.2, 0.15, 0.12, 0.03, 1.5, 0.5
STEADY, MOVED = "no drift", "PSI 0.2 in one of the ten features"
PSI_ALONE = "PSI of 0.1, whatever chance gives"


@dataclass
class Told:
    """How many windows there were, and in how many something was found."""

    windows: int = 0
    found: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)

    def add(self, found: set[str]) -> None:
        self.windows += 1
        self.found.update(found)

    def keep_largest(self, watched: Iterable[Moves]) -> None:
        """Keep the largest value that any check measured, of size and by code."""
        for one in watched:
            values = {PSI_OF[one.kind].code: one.psi}
            if one.kind == "feature":
                values[MISSING.code] = abs(one.missing_now - one.missing_then)
                values |= {UNSEEN.code: one.unseen, OUTSIDE.code: one.outside}
            for code, value in values.items():
                self.largest[code] = max(value, self.largest.get(code, 0.0))

    def share(self, what: str) -> str:
        return f"{100 * self.found[what] / self.windows:.1f} %" if self.found[what] else "0"

    def interval(self, what: str) -> str:
        """Return the share with its exact 95 % interval (Clopper and Pearson 1934)."""
        told = binomtest(self.found[what], self.windows).proportion_ci(0.95, "exact")
        share = f"{100 * self.found[what] / self.windows:.2f} % [{100 * told.low:.2f}, {100 * told.high:.2f}]"
        return f"{self.found[what]:,} of {self.windows:,}: {share}"


# By kind of table, then by what was done and the rows of a window.
Results = dict[str, dict[tuple[str, int], Told]]


def told_of(results: Results, kind: str, title: str, rows: int = ROWS) -> Told:
    return results.setdefault(kind, {}).setdefault((title, rows), Told())


class Split:
    """A model of one half of the rows, its reference, and pools to draw windows from."""

    def __init__(self, bundle: Bundle, held: pl.DataFrame, seed: int) -> None:
        self.bundle, self.matrix = bundle, held
        self.reference = Reference.of(bundle)
        self.generator = np.random.default_rng([seed, 11])
        self.held = self.pool(held)
        self.ranked = list(by_importance(self.reference))[:TOP]

    def pool(self, matrix: pl.DataFrame) -> Pool:
        return Pool.of(self.bundle, self.reference, matrix)

    def rows(self, pool: Pool, rows: int) -> Integers:
        return self.generator.choice(pool.p_default.size, rows, replace=False)

    def report(self, pool: Pool, rows: Integers) -> Drift:
        return drift(self.reference, pool.counts(self.reference, rows))


def judged(report: Drift, subject: str = "") -> set[str]:
    """Return the codes found, also by severity, whether any was, and what was said of the subject."""
    told = {"any"} if report.findings else set()
    for one in report.findings:
        told |= {one.code, f"{one.code} {one.severity}", f"any {one.severity}"}
        if one.subject == subject and one.code == FEATURE_PSI.code:
            told |= {"subject", f"subject {one.severity}"}
    large = {one.name for one in report.watched if one.psi >= FEATURE_PSI.notice}
    return told | ({PSI_ALONE} if large else set()) | ({f"{PSI_ALONE} subject"} if subject in large else set())


def steady(split: Split, results: Results, windows: int) -> None:
    for rows in STEADY_ROWS:
        told = told_of(results, "checks", STEADY, rows)
        before = told.found["any"]
        for _ in range(windows if rows == ROWS else max(1, windows // 4)):
            report = split.report(split.held, split.rows(split.held, rows))
            told.add(judged(report))
            told.keep_largest(report.watched)
        told.found["splits"] += told.found["any"] > before


def known_shift(split: Split, results: Results, windows: int, test: pl.DataFrame) -> None:
    pool = split.pool(test)
    told = told_of(results, "checks", "application_test")
    for _ in range(windows):
        told.add(judged(split.report(pool, split.rows(pool, ROWS))))


def one_feature(split: Split, results: Results, windows: int) -> None:
    """Move each of the ten most important features to a PSI of 0.2, up or down."""
    for number in split.ranked:
        axis = split.reference.axes[number]
        places = split.held.places[:, number] - split.reference.starts[number]
        for rows in MOVED_ROWS:
            for n in range(max(1, windows // TOP // (1 if rows == ROWS else 4))):
                shares = tilted(axis, PSI, 1 if n % 2 else -1)
                chosen = drawn(places, shares, rows, split.generator)
                told = judged(split.report(split.held, chosen), axis.name)
                told_of(results, "checks", MOVED, rows).add(told)
                told_of(results, "features", axis.name, rows).add(told)


def rarer(split: Split, results: Results, windows: int) -> None:
    """Make the commonest level of the most important category 15 points rarer."""
    number = next(n for n in by_importance(split.reference) if split.reference.axes[n].levels is not None)
    axis = split.reference.axes[number]
    shares, common = axis.shares.copy(), int(np.argmax(axis.shares[1:])) + 1
    shares *= 1 + RARER / (1 - shares[common])
    shares[common] = axis.shares[common] - RARER
    places = split.held.places[:, number] - split.reference.starts[number]
    told = told_of(results, "checks", "commonest level of a category 15 points rarer")
    for _ in range(windows):
        told.add(judged(split.report(split.held, drawn(places, shares, ROWS, split.generator))))


def spoilt(split: Split, results: Results, windows: int) -> None:
    """Spoil a share of the cells of the most important number, or category: missing, a new code, another unit."""
    axes = split.reference.axes
    number = next(axes[n] for n in by_importance(split.reference) if axes[n].levels is None)
    unit = next(axes[n] for n in by_importance(split.reference) if axes[n].levels is None and axes[n].name[:3] == "AMT")
    word = next(axes[n] for n in by_importance(split.reference) if axes[n].levels is not None)
    changed = {
        "12 points more missing": (number.name, pl.lit(None), MORE_MISSING / (1 - number.shares[0])),
        "3 % of a category new": (word.name, pl.lit("a code that training never saw"), SPOILT),
        "3 % of an amount x 1,000": (unit.name, pl.col(unit.name) * 1_000, SPOILT),
    }
    for title, (name, expression, share) in changed.items():
        column = expression.cast(split.matrix.schema[name]).alias(name)
        both = split.held + split.pool(split.matrix.with_columns(column))
        told = told_of(results, "checks", title)
        for _ in range(windows):
            rows = split.rows(split.held, ROWS)
            rows += split.held.p_default.size * (split.generator.random(ROWS) < share)
            told.add(judged(split.report(both, rows)))


def other_relation(split: Split, results: Results, windows: int) -> None:
    """Leave the features and draw outcomes otherwise, and note the realised figures beyond what was expected."""
    policy = split.bundle.policy
    spread = calibration_spread(split.bundle.out_of_fold["p_default"].to_numpy())
    outcomes: dict[str, Callable[[Floats, Floats], NDArray[Any]]] = {
        "outcomes as they were": lambda _, real: real,
        "odds of default x 1.5": lambda odds, _: split.generator.random(odds.size) < logistic(odds + np.log(NEW_ODDS)),
        "log-odds spread half as far": lambda odds, _: (
            split.generator.random(odds.size) < logistic(odds.mean() + NEW_SLOPE * (odds - odds.mean()))
        ),
    }
    for _ in range(windows):
        rows = split.rows(split.held, ROWS)
        p, real = split.held.p_default[rows], split.held.defaulted[rows]
        moved = judged(split.report(split.held, rows))
        for title, outcome in outcomes.items():
            bad = outcome(np.log(p / (1 - p)), real).astype(np.float64)
            beyond = realised_performance(p, bad, policy.cutoff, policy.costs, spread=spread).beyond
            told = told_of(results, "relation", title)
            told.add({*beyond, *(["beyond"] if beyond else []), *(["drift"] if "any" in moved else [])})


def peers(split: Split, results: Results, windows: int, trained_on: pl.DataFrame) -> None:
    axes = [axis for axis in split.reference.axes if axis.kind == "feature"]
    then = split.bundle.model.encoder.encode(trained_on)
    for _ in range(windows):
        now = split.held.values[split.rows(split.held, ROWS)]
        for rule, names in drifted(axes, then, now).items():
            told = told_of(results, "peers", rule)
            told.add({"any"} if names else set())
            told.found["features"] += len(names)
