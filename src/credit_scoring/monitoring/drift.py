"""What has moved since training, with a known rate of false alarms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from pydantic import BaseModel, ConfigDict

from credit_scoring.monitoring.chance import POWER, comparable_rows, psi_power, share_by_chance, share_power
from credit_scoring.monitoring.checks import MISSING, OUTSIDE, PERFORMANCE, PSI_OF, UNSEEN, Check, Severity, Verdict
from credit_scoring.monitoring.psi import Shift, shift
from credit_scoring.monitoring.reference import Axis, Kind, Reference
from credit_scoring.monitoring.tally import Tally

FALSE_ALARMS = 0.01


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(_Record):
    """One check that found a shift of ``value``, at least ``limit``, which has probability ``chance`` without drift."""

    code: str
    severity: Severity
    subject: str
    concept: str
    importance: float
    measures: str
    value: float
    limit: float
    chance: float


class Moves(_Record):
    """How one thing that is watched has moved; ``psi`` is over ``bins``. Shares are of all rows."""

    name: str
    kind: Kind
    concept: str
    importance: float
    psi: float
    bins: int
    missing_then: float
    missing_now: float
    unseen: float
    outside: float
    verdicts: dict[str, Verdict]


class ConceptMoves(_Record):
    """The features of one concept together; ``importance_moved`` is the model's weight on those that moved."""

    concept: str
    features: int
    moved: int
    importance: float
    importance_moved: float
    largest_psi: float


class Drift(_Record):
    """All checks of a window of applications; findings by severity, then by importance.

    ``level`` is the probability at which each check alone may err; ``too_few`` counts the checks that could not tell a
    shift of an alarm's size from chance.
    """

    rows: int
    reference_rows: int
    checks: int
    level: float
    too_few: int
    findings: tuple[Finding, ...]
    watched: tuple[Moves, ...]
    concepts: tuple[ConceptMoves, ...]


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a check measured, how probable it is without drift, and whether the check has the power to tell."""

    check: Check
    value: float
    chance: float
    able: bool

    def size(self, axis: Axis) -> Severity:
        """Return how grave the shift is, if it is one."""
        return "alarm" if abs(self.value) >= self.check.alarm and axis.importance > 0 else "notice"

    def verdict(self, axis: Axis, level: float) -> Verdict:
        """Return whether there is a shift."""
        if self.chance <= level and abs(self.value) >= self.check.notice:
            return self.size(axis)
        return "steady" if self.able else "too_few"


def level_of(reference: Reference) -> float:
    """Return the probability at which each check of a watch alone may err: those of drift and those of performance."""
    return FALSE_ALARMS / (sum(map(_checks, reference.axes)) + len(PERFORMANCE))


def drift(reference: Reference, counts: Tally) -> Drift:
    """Return what has moved between training and the counted applications.

    A check finds a shift only if it is both large, by the check's limits, and beyond chance. Each check may err with
    one probability, such that all of them together err in at most 1 % of windows without drift (Bonferroni: it holds
    however features depend on each other). Weights by importance are not used: the rows needed grow with the
    logarithm of the number of checks only, and from some hundred rows on the effect size decides. A check that finds
    nothing, and would find a shift of an alarm's size in fewer than four of five windows, says "too few".

    A feature that the model never uses cannot move a PD: it is noticed, never an alarm.
    """
    level = level_of(reference)
    watched, findings = [], []
    for number, axis in enumerate(reference.axes):
        now = counts.bins[reference.starts[number] : reference.starts[number + 1]]
        found = shift(now, axis.shares, reference.rows)
        measured = list(_measured(reference, counts, number, found, level))
        verdicts = {one.check.code: one.verdict(axis, level) for one in measured}
        watched.append(_moves(reference, counts, number, found, verdicts))
        findings += [_finding(axis, one) for one in measured if verdicts[one.check.code] in {"notice", "alarm"}]
    findings.sort(key=lambda one: (one.severity, -one.importance, one.subject, one.code))
    return Drift(
        rows=counts.rows,
        reference_rows=reference.rows,
        checks=sum(map(_checks, reference.axes)),
        level=level,
        too_few=sum(verdict == "too_few" for one in watched for verdict in one.verdicts.values()),
        findings=tuple(findings),
        watched=tuple(watched),
        concepts=_concepts(watched),
    )


def _checks(axis: Axis) -> int:
    """Return how many checks there are of one axis, whatever is counted."""
    return 1 if axis.kind != "feature" else 2 + (axis.levels is not None or axis.range is not None)


def _measured(reference: Reference, counts: Tally, number: int, found: Shift, level: float) -> Iterator[_Measured]:
    axis, known, rows = reference.axes[number], reference.rows + 2, comparable_rows(counts.rows, reference.rows)
    check = PSI_OF[axis.kind]
    able = found.bins > 1 and psi_power(rows, found.bins, check.alarm, check.notice, level) >= POWER
    # Of one thing only in training, and still: nothing can be less in doubt.
    yield _Measured(check, found.psi, found.chance, able or int(np.count_nonzero(axis.shares)) < 2)
    if axis.kind != "feature":
        return
    total, unseen, then = max(counts.rows, 1), int(counts.unseen[number]), float(axis.shares[0])
    # Laplace's rule: what never was may still be.
    missing = int(counts.bins[reference.starts[number]]) - unseen
    yield _share(MISSING, missing / total, (then * reference.rows + 1) / known, rows, level, before=then)
    if axis.levels is not None:
        # Good (1953): what was seen once in training weighs as much as what was not seen.
        once = np.count_nonzero(np.abs(axis.shares[1:] * reference.rows - 1) < 0.5)
        yield _share(UNSEEN, unseen / total, (once + 1) / known, rows, level)
    elif axis.range is not None:
        # One more value is the smallest or the largest of all as probably as any other is.
        yield _share(OUTSIDE, counts.outside[number] / total, 2 / known, rows, level)


def _share(
    check: Check, now: float, then: float, rows: float, level: float, *, before: float | None = None
) -> _Measured:
    """Return a share measured against what is expected, `then`; with `before`, its change from there to either side."""
    sides = 1 if before is None else 2
    chance = sides * share_by_chance(float(now), then, rows) if now > then or before is not None else 1.0
    value = float(now) - (before or 0.0)
    return _Measured(check, value, min(chance, 1.0), share_power(then, check.alarm, rows, level / sides))


def _finding(axis: Axis, one: _Measured) -> Finding:
    severity = one.size(axis)
    return Finding(
        code=one.check.code,
        severity=severity,
        subject=axis.name,
        concept=axis.concept,
        importance=axis.importance,
        measures=one.check.measures,
        value=one.value,
        limit=one.check.alarm if severity == "alarm" else one.check.notice,
        chance=one.chance,
    )


def _moves(reference: Reference, counts: Tally, number: int, found: Shift, verdicts: dict[str, Verdict]) -> Moves:
    axis, rows, unseen = reference.axes[number], max(counts.rows, 1), int(counts.unseen[number])
    return Moves(
        name=axis.name,
        kind=axis.kind,
        concept=axis.concept,
        importance=axis.importance,
        psi=found.psi,
        bins=found.bins,
        missing_then=float(axis.shares[0]),
        missing_now=float(counts.bins[reference.starts[number]] - unseen) / rows,
        unseen=unseen / rows,
        outside=float(counts.outside[number]) / rows,
        verdicts=verdicts,
    )


def _concepts(watched: list[Moves]) -> tuple[ConceptMoves, ...]:
    features = sorted((one for one in watched if one.kind == "feature"), key=lambda one: one.concept)
    grouped = [
        _concept(concept, list(together)) for concept, together in groupby(features, key=lambda one: one.concept)
    ]
    return tuple(sorted(grouped, key=lambda one: (-one.importance_moved, -one.moved, one.concept)))


def _concept(concept: str, features: list[Moves]) -> ConceptMoves:
    moved = [one for one in features if {"notice", "alarm"} & set(one.verdicts.values())]
    return ConceptMoves(
        concept=concept,
        features=len(features),
        moved=len(moved),
        importance=sum(one.importance for one in features),
        importance_moved=sum(one.importance for one in moved),
        largest_psi=max(one.psi for one in features),
    )
