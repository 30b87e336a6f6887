"""Answers of the API to draw charts of, as Hypothesis draws them, and what is read in a chart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.applicants import Axis, Group, Relation, Standing
from credit_scoring.wire.decisions import RecordedExplanation
from credit_scoring.wire.model import (
    CalibrationBin,
    ConceptShare,
    Effect,
    Effects,
    GainsPoint,
    Interval,
    Performance,
    RocPoint,
)
from credit_scoring.wire.policy import CurvePoint, PolicyCurve, Portfolio
from credit_scoring.wire.scoring import Explanation, Reason
from credit_scoring.wire.simulation import Simulation

CONCEPTS = ("age", "bureau_debt", "bureau_overdue", "external_score", "income", "region", "employment", "loan_amount")
CONCEPT_OF = {f"{concept}_{number}": concept for concept in CONCEPTS for number in range(2)}
READ = {"text", "name", "hovertext", "ticktext"}
UNITS = ("currency", "share", "days_before", "ratio", "count", "flag")
LEVELS: tuple[str | None, ...] = ("Secondary / secondary special", "Working <1 year", "A & B", None)

ENGLISH = Words("en")

shares = st.floats(0, 1)
sizes = st.floats(-3, 3).map(lambda size: round(size, 6))
counts = st.integers(0, 5_000)
cutoffs = st.floats(0.001, 0.6)


def traces(chart: Chart, kind: str) -> list[Any]:
    return [trace for trace in chart.figure.data if trace.type == kind]


def texts_of(tree: Any, key: str = "") -> Iterator[str]:
    """Yield whatever a person may read in a figure."""
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from texts_of(branch, name)
    elif isinstance(tree, list | tuple):
        for branch in tree:
            yield from texts_of(branch, key)
    elif isinstance(tree, str) and key in READ:
        yield tree


@st.composite
def intervals(draw: st.DrawFn, values: st.SearchStrategy[float] = shares) -> Interval:
    lower, value, upper = sorted(draw(st.tuples(values, values, values)))
    return Interval(value=value, lower=lower, upper=upper)


def _explained(contributions: dict[str, float], p_default: float) -> dict[str, Any]:
    return {
        "decision_id": "0" * 32,
        "p_default": p_default,
        "decision": "approve",
        "by_cutoff": "approve",
        "cutoff": 0.09,
        "distance_to_cutoff": 0.09 - p_default,
        "coverage": 1.0,
        "warnings": (),
        "model": {"version": 1, "digest": "a"},
        "margin": -2.5 + sum(contributions.values()),
        "baseline": -2.5,
        "contributions": contributions,
        "reasons": (),
        "language": "en",
    }


contributions = st.dictionaries(st.sampled_from(sorted(CONCEPT_OF)), sizes, min_size=1)


@st.composite
def explanations(draw: st.DrawFn) -> RecordedExplanation:
    drawn = draw(contributions)
    sums = {concept: sum(drawn.get(name, 0.0) for name in drawn if CONCEPT_OF[name] == concept) for concept in CONCEPTS}
    reasons = [Reason(concept=c, contribution=size, feature="f", value=1.0, text="t") for c, size in sums.items()]
    return RecordedExplanation(
        **_explained(drawn, draw(shares)),
        kind="decision",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        applicant=1,
        endpoint="/predict",
        cutoff_interval=(0.08, 0.1),
        minimum_coverage=0.5,
        concepts=tuple(sorted(reasons, key=lambda one: -abs(one.contribution))),
    )


@st.composite
def simulations(draw: st.DrawFn) -> Simulation:
    before, after = (Explanation(**_explained(draw(contributions), draw(shares))) for _ in range(2))
    return Simulation(changes={}, before=before, after=after)


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    if draw(st.booleans()):
        return Axis(feature="L", meaning="Highest level", unit="category", edges=None, levels=LEVELS)
    edges = sorted(draw(st.lists(st.integers(-40_000, 2_000_000), min_size=3, max_size=12, unique=True)))
    unit = draw(st.sampled_from(UNITS))
    return Axis(feature="N", meaning="Amount asked for", unit=unit, edges=tuple(map(float, edges)), levels=None)


def bins(axis: Axis) -> int:
    return len(axis.edges) - 1 if axis.edges is not None else len(axis.levels or ())


def values(axis: Axis) -> st.SearchStrategy[float | str | None]:
    if axis.edges is None:
        return st.sampled_from(["Secondary / secondary special", "never seen", None])
    low, high = axis.edges[0], axis.edges[-1]
    return st.none() | st.floats(2 * low - high, 2 * high - low) | st.sampled_from(axis.edges)


@st.composite
def groups(draw: st.DrawFn, axis: Axis) -> Group:
    drawn = draw(st.lists(counts, min_size=bins(axis), max_size=bins(axis)))
    known, missing = sum(drawn), draw(st.integers(0, 20))
    number = known > 0 and axis.edges is not None
    return Group(
        applicants=known + missing,
        missing=missing,
        counts=tuple(drawn),
        mean_p_default=tuple(draw(shares) if count else None for count in drawn),
        median=axis.edges[1] if number and axis.edges else None,
        below=draw(st.none() | shares) if known else None,
    )


@st.composite
def standings(draw: st.DrawFn) -> tuple[Standing, float | str | None]:
    axis = draw(axes())
    found = Standing(axis=axis, everyone=draw(groups(axis)), similar=draw(st.none() | groups(axis)))
    return found, draw(values(axis))


@st.composite
def relations(draw: st.DrawFn) -> tuple[Relation, tuple[float | str | None, float | str | None]]:
    x, y = draw(axes()), draw(axes())
    y = y.model_copy(update={"meaning": "Something else"})
    cells = [draw(st.lists(counts | st.just(0), min_size=bins(x), max_size=bins(x))) for _ in range(bins(y))]
    means = [[draw(shares) if count else None for count in row] for row in cells]
    found = Relation(
        x=x,
        y=y,
        applicants=sum(map(sum, cells)),
        missing=draw(counts),
        counts=tuple(map(tuple, cells)),
        mean_p_default=tuple(map(tuple, means)),
    )
    return found, (draw(values(x)), draw(values(y)))


@st.composite
def curve_points(draw: st.DrawFn, cutoff: float) -> CurvePoint:
    approval_rate = draw(shares)
    return CurvePoint(
        cutoff=cutoff,
        cost=draw(intervals(st.floats(0, 3))),
        approval_rate=approval_rate,
        bad_rate_approved=draw(shares) if approval_rate else None,
        defaults_detected=draw(shares),
    )


@st.composite
def curves(draw: st.DrawFn) -> PolicyCurve:
    drawn = sorted(draw(st.lists(cutoffs, min_size=1, max_size=30, unique=True)))
    named = {name: draw(curve_points(draw(cutoffs))) for name in ("cheapest", "theoretical", "present")}
    points = tuple(draw(curve_points(cutoff)) for cutoff in drawn)
    return PolicyCurve(
        approve_bad=10, decline_good=1, population="p", applications=100, defaults=8, points=points, **named
    )


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    drawn = draw(st.lists(counts, min_size=2, max_size=40))
    return Portfolio(
        applicants=sum(drawn),
        scored_by="a",
        by_decision={"approve": 5, "decline": 2},
        edges=tuple(0.02 * at for at in range(len(drawn) + 1)),
        counts=tuple(drawn),
        approval_rate=draw(shares),
        bad_rate=draw(shares),
        bad_rate_approved=draw(st.none() | shares),
    )


@st.composite
def performances(draw: st.DrawFn) -> Performance:
    x, y = (sorted([0.0, *draw(st.lists(shares, min_size=22, max_size=22)), 1.0]) for _ in range(2))
    groups = [
        CalibrationBin(applications=10, mean_p_default=draw(shares), default_rate=draw(intervals())) for _ in range(4)
    ]
    return Performance(
        population="p",
        applications=1_000,
        defaults=80,
        roc=tuple(
            RocPoint(cutoff=1 - a if at else None, false_positive_rate=a, true_positive_rate=b)
            for at, (a, b) in enumerate(zip(x, y, strict=True))
        ),
        gains=tuple(GainsPoint(share_of_applications=a, share_of_defaults=b) for a, b in zip(x, y, strict=True)),
        calibration=tuple(groups),
    )


@st.composite
def effects(draw: st.DrawFn) -> Effects:
    number = draw(st.sampled_from([1, 5, 12]))
    rows = st.lists(sizes, min_size=number, max_size=number)
    places = st.lists(st.none() | shares, min_size=number, max_size=number)
    features = [
        Effect(
            feature=name,
            meaning=f"Meaning of {name}",
            concept="age",
            importance=draw(shares),
            contributions=tuple(draw(rows)),
            ranks=tuple(draw(places)),
        )
        for name in ("a", "b", "c")
    ]
    weights = draw(st.lists(shares, min_size=1, max_size=8))
    concepts = [
        ConceptShare(concept=concept, importance=weight, features=2)
        for concept, weight in zip(CONCEPTS, weights, strict=False)
    ]
    return Effects(sample=number, concepts=tuple(concepts), features=tuple(features))
