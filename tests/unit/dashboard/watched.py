"""Answers of the watch to draw charts of, as Hypothesis draws them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from tests.unit.dashboard.answers import CONCEPTS, intervals, shares

from credit_scoring.wire.base import Decision
from credit_scoring.wire.model import FeatureInfo
from credit_scoring.wire.monitoring import RealisedFigures, WatchedConcept, WatchFinding, WatchPass, WatchVintage

NAMES = ("a", "b", "c", "unused")
FEATURES = {
    name: FeatureInfo(
        name=name,
        kind="number",
        unit="count",
        concept="age",
        meaning=f"Meaning of {name}",
        importance=importance,
        seen=None,
        levels=None,
        sources=(),
    )
    for name, importance in zip(NAMES, (0.5, 0.3, 0.2, 0.0), strict=True)
}
FIGURES = ("cost", "bad_rate_approved", "auc")
DECISIONS: tuple[Decision, ...] = ("approve", "refer", "decline")
START = datetime(2025, 12, 1, tzinfo=UTC)
psis = st.floats(0, 12)


@st.composite
def passes(draw: st.DrawFn, least: int = 0) -> tuple[WatchPass, ...]:
    """Draw passes, some over no decision at all."""
    made, until = [], START
    for _ in range(draw(st.integers(least, 30))):
        until += timedelta(hours=draw(st.integers(0, 900)))
        empty = draw(st.integers(0, 9)) == 0
        names = ("p_default", "decision", *draw(st.lists(st.sampled_from(NAMES), unique=True)))
        known = [] if empty else draw(st.lists(st.sampled_from(FIGURES), unique=True))
        made.append(
            WatchPass(
                at=until,
                since=until - timedelta(days=30),
                until=until,
                model=draw(st.sampled_from("xy")),
                version=draw(st.integers(1, 3)),
                decisions={one: 0 if empty else draw(st.integers(0, 3_000)) for one in DECISIONS},
                others=draw(st.integers(0, 2)),
                purged=0,
                psi={} if empty else {name: draw(psis) for name in names},
                alarms=0,
                notices=0,
                too_few=0,
                trained={name: draw(intervals()) for name in known if draw(st.booleans())},
                expected={name: draw(intervals()) for name in known},
                realised=None,
                vintage="",
            )
        )
    return tuple(made)


def found(psi: Mapping[str, float], among: Collection[str]) -> tuple[WatchFinding, ...]:
    """Return what checks find of a pass, if chance lets through those `among`."""
    codes = {"p_default": "CS-D02", "decision": "CS-D03"}
    return tuple(
        WatchFinding(
            code=codes.get(name, "CS-D01"),
            severity="alarm" if size >= 0.2 else "notice",
            subject=name,
            concept="",
            importance=1.0,
            measures="",
            value=size,
            limit=0.1,
            chance=0.0,
        )
        for name, size in psi.items()
        if name in among and size >= 0.1
    )


@st.composite
def vintages(draw: st.DrawFn) -> tuple[WatchVintage, ...]:
    """Draw vintages, some without any outcome."""
    made = []
    for number in range(draw(st.integers(0, 14))):
        known = draw(st.integers(0, 100))
        names = ("auc", "bad_rate_approved")
        realised = RealisedFigures(
            population="approved",
            applications=known,
            defaults=0,
            expected={name: draw(intervals()) for name in names},
            realised={name: draw(shares) for name in names},
            beyond=(),
        )
        curve = sorted(draw(st.lists(shares, min_size=1, max_size=12)))
        made.append(
            WatchVintage(
                month=f"{2025 + number // 12}-{number % 12 + 1:02}",
                decisions=150,
                approved=100,
                known=known,
                mature=known >= 80,
                realised=realised if known else None,
                defaults_by_month=tuple(curve) if known else (),
            )
        )
    return tuple(made)


@st.composite
def moved_concepts(draw: st.DrawFn) -> tuple[WatchedConcept, ...]:
    made = []
    for concept in draw(st.lists(st.sampled_from(CONCEPTS), unique=True)):
        moved, importance = draw(st.integers(0, 4)), draw(shares)
        made.append(
            WatchedConcept(
                concept=concept,
                features=4,
                moved=moved,
                importance=importance,
                importance_moved=importance * draw(shares) if moved else 0.0,
                largest_psi=draw(psis),
            )
        )
    return tuple(made)
