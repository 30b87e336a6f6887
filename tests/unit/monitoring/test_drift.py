"""False alarms are as rare as promised, real shifts are found, and every code is told."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom
from tests.unit.monitoring.conftest import ROWS, Counted, fresh

from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.checks import CHECKS
from credit_scoring.monitoring.drift import FALSE_ALARMS, Drift, drift
from credit_scoring.monitoring.reference import Axis, Reference

ROOT = Path(__file__).parents[3]
WINDOWS = 200
# With false alarms at the promised rate, more than so many windows would have one once in a thousand times.
MOST_FALSE = int(binom.isf(0.001, WINDOWS, FALSE_ALARMS))


def tilted(axis: Axis, wanted: float) -> NDArray[np.float64]:
    """Return the weight of each known bin, tilted along the bins until its PSI is as `wanted`."""
    p = axis.shares[1:] / axis.shares[1:].sum()
    known = axis.shares[1:].sum()

    def moved(slope: float) -> NDArray[np.float64]:
        q: NDArray[np.float64] = p * np.exp(slope * np.linspace(-1, 1, p.size))
        return np.asarray(q / q.sum())

    def excess(slope: float) -> float:
        q = moved(slope)
        return float(known * np.sum((q - p) * np.log(q / p))) - wanted

    return np.asarray(moved(float(brentq(excess, 0, 20))) / p)


def findings(found: Drift, subject: str) -> dict[str, str]:
    return {one.code: one.severity for one in found.findings if one.subject == subject}


@pytest.mark.parametrize("rows", [300, 1_000])
def test_windows_of_training_itself_give_no_more_false_alarms_than_promised(
    reference: Reference, counted: Counted, rows: int
) -> None:
    matrix, generator = fresh(ROWS, seed=1), np.random.default_rng(rows)
    false = sum(
        bool(drift(reference, counted(matrix[generator.integers(0, ROWS, rows)])).findings) for _ in range(WINDOWS)
    )
    assert false <= MOST_FALSE


def test_new_applicants_of_the_same_population_give_no_more_false_alarms_than_promised(
    reference: Reference, counted: Counted
) -> None:
    false = sum(bool(drift(reference, counted(fresh(500, seed=100 + n))).findings) for n in range(WINDOWS))
    assert false <= MOST_FALSE


def test_a_psi_of_a_fifth_in_an_important_feature_is_found(
    bundle: Bundle, reference: Reference, counted: Counted
) -> None:
    importances = bundle.manifest.importances
    ranked = sorted(importances, key=lambda name: -importances[name])[:10]
    important = [axis for axis in reference.axes if axis.name in ranked and axis.levels is None]
    generator, found, windows = np.random.default_rng(3), 0, 0
    population = fresh(30_000, seed=77)
    for axis in important:
        weight = tilted(axis, 0.2)
        values = population[axis.name].to_numpy()
        bins = np.searchsorted(axis.edges, np.nan_to_num(values))
        chance = np.where(np.isnan(values), 1.0, weight[np.minimum(bins, weight.size - 1)])
        for _ in range(12):
            chosen = generator.choice(population.height, 2_000, p=chance / chance.sum())
            found += "CS-D01" in findings(drift(reference, counted(population[chosen])), axis.name)
            windows += 1
    assert windows > 100
    assert found / windows >= 0.95


def test_a_source_that_breaks_is_found_even_among_few(reference: Reference, counted: Counted) -> None:
    broken = fresh(60, seed=4).with_columns(x8=pl.lit(None, pl.Float64), job=pl.lit("pilot"), x0=pl.lit(1e6))
    found = drift(reference, counted(broken))
    assert findings(found, "x8")["CS-D04"] == "alarm"
    assert findings(found, "job")["CS-D05"] == "alarm"
    assert findings(found, "x0")["CS-D06"] == "alarm"
    assert found.too_few > 0


def test_too_few_applications_say_so(reference: Reference, counted: Counted) -> None:
    found = drift(reference, counted(fresh(20, seed=4)))
    assert found.findings == ()
    assert {one.verdicts["CS-D01"] for one in found.watched if one.kind == "feature"} == {"too_few"}
    enough = drift(reference, counted(fresh(5_000, seed=4)))
    assert enough.too_few == 0


def test_what_the_model_does_not_use_is_never_an_alarm(reference: Reference, counted: Counted) -> None:
    moved = fresh(2_000, seed=4).with_columns(unused=pl.lit(None, pl.Float64))
    found = drift(reference, counted(moved))
    assert set(findings(found, "unused").values()) == {"notice"}
    assert not [one for one in found.findings if one.severity == "alarm"]


def test_pds_and_decisions_that_move_are_found(reference: Reference, counted: Counted) -> None:
    riskier = fresh(2_000, seed=4).with_columns(pl.col("x8", "x9", "x10") + 0.7)
    found = drift(reference, counted(riskier))
    assert "CS-D02" in findings(found, "p_default")
    assert "CS-D03" in findings(found, "decision")
    assert all("CS-D01" in findings(found, name) for name in ("x8", "x9", "x10"))


def test_concepts_add_up(bundle: Bundle, reference: Reference, counted: Counted) -> None:
    found = drift(reference, counted(fresh(2_000, seed=4).with_columns(pl.col("x1") + 1.0)))
    assert sum(one.features for one in found.concepts) == len(bundle.manifest.features)
    assert sum(one.importance for one in found.concepts) == pytest.approx(1.0)
    assert found.concepts[0].concept == "numbers 1"
    assert found.concepts[0].moved == 1
    assert {one.kind for one in found.watched} == {"feature", "p_default", "decision"}


def test_every_check_is_told_with_its_limits() -> None:
    told = (ROOT / "docs" / "reference" / "checks.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(CS-[DPV]\d\d)` \|(.*)\|$", told, re.MULTILINE))
    assert list(rows) == [check.code for check in CHECKS]
    for check in CHECKS:
        cells = [cell.strip() for cell in rows[check.code].split("|")]
        assert cells[1:] == [f"{check.notice:g}", f"{check.alarm:g}", check.means, check.advice], check.code
