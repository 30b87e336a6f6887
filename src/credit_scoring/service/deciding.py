"""Cases in, decisions and their records out: scoring by the one path, many cases sharing one evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.adapters.clock import Clock
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.values import pack_values
from credit_scoring.domain.decision import Decision, Reason
from credit_scoring.domain.record import Entry, Json, Payload
from credit_scoring.domain.text import Language
from credit_scoring.scoring.arrivals import Arrival, matrices
from credit_scoring.scoring.intake import Supplied
from credit_scoring.service.champion import Serving

Floats = NDArray[np.float64]
CaseKind = Literal["decision", "simulation"]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the inputs that a person should know, as ``wire.InputWarning`` tells it."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One application to decide.

    Either ``supplied`` holds its features by name, or ``matrix`` its row of the feature matrix, or ``arrival`` the rows
    that this is yet to be made of. ``coverage`` is that of what was supplied where it is not given. ``inputs`` is what
    was received, as JSON; ``language`` asks for contributions and reasons.
    """

    serving: Serving
    endpoint: str
    caller: str
    inputs: bytes
    supplied: Supplied | None = None
    arrival: Arrival | None = None
    matrix: pl.DataFrame | None = None
    coverage: float | None = None
    remarks: tuple[Remark, ...] = ()
    language: Language | None = None
    applicant: int | None = None
    kind: CaseKind = "decision"

    @property
    def carried(self) -> float:
        """Return the coverage."""
        if self.coverage is not None:
            return self.coverage
        return 1.0 if self.supplied is None else self.supplied.shape.coverage


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """A decided case. ``contributions`` (in log-odds, baseline last) and ``reasons`` only where they were asked for."""

    case: Case
    id: str
    at: datetime
    p_default: float
    margin: float
    decision: Decision
    coverage: float
    remarks: tuple[Remark, ...]
    values: Floats = field(repr=False)
    contributions: Floats | None = field(default=None, repr=False)
    reasons: tuple[Reason, ...] = ()

    @property
    def by_cutoff(self) -> Literal["approve", "decline"]:
        """Return what the cut-off alone says."""
        return "decline" if self.p_default >= self.case.serving.bundle.policy.cutoff else "approve"


def decide(cases: Sequence[Case], at: datetime) -> list[Decided]:
    """Return the decisions made at a moment, in the cases' order; each gets the same bits alone as among any others."""
    cases = _assembled(cases)
    if len({id(case.serving) for case in cases}) == 1:
        return _decide(cases[0].serving, cases, at)
    decided: dict[int, Decided] = {}
    for serving in {id(case.serving): case.serving for case in cases}.values():
        own = [case for case in cases if case.serving is serving]
        decided |= {id(one.case): one for one in _decide(serving, own, at)}
    return [decided[id(case)] for case in cases]


def _assembled(cases: Sequence[Case]) -> Sequence[Case]:
    """Return the cases, those that arrived as rows of the tables with their rows of the feature matrix."""
    arrivals = [case.arrival for case in cases if case.arrival is not None]
    if not arrivals:
        return cases
    made = iter(matrices(arrivals))
    return [case if case.arrival is None else replace(case, arrival=None, matrix=next(made)) for case in cases]


def _decide(serving: Serving, cases: Sequence[Case], at: datetime) -> list[Decided]:
    model = serving.bundle.model
    values = _values(serving, cases)
    margins = model.margin(values)
    p_default = model.calibrator.p_default(margins)
    coverage = np.array([case.carried for case in cases])
    decisions: list[Decision] = serving.bundle.policy.decide(p_default, coverage=coverage).to_list()
    outside = np.logical_or(np.less(values, serving.lowest), np.greater(values, serving.highest))
    for row, case in enumerate(cases):
        if case.supplied is not None:  # what is computed from too little says nothing about the applicant
            outside[row] &= case.supplied.shape.covered
    strange: list[bool] = np.any(outside, axis=1).tolist()
    explained = [row for row, case in enumerate(cases) if case.language]
    contributions = dict(zip(explained, model.contributions(values[explained]), strict=True)) if explained else {}
    decided = []
    for row, (case, p, margin, decision, covered) in enumerate(
        zip(cases, p_default.tolist(), margins.tolist(), decisions, coverage.tolist(), strict=True)
    ):
        remarks = case.remarks
        if case.supplied is not None and case.supplied.unseen:
            remarks += tuple(_unseen(name) for name in case.supplied.unseen)
        if strange[row]:
            remarks += _out_of_range(serving, values[row], outside[row])
        shares = contributions.get(row)
        reasons = [] if shares is None else serving.reasoner.reasons(shares[None], values[row : row + 1])[0]
        decided.append(
            Decided(case, new_id(), at, p, margin, decision, covered, remarks, values[row], shares, tuple(reasons))
        )
    return decided


def _values(serving: Serving, cases: Sequence[Case]) -> Floats:
    supplied = [case.supplied for case in cases if case.supplied is not None]
    if len(supplied) == len(cases):
        return serving.intake.values(supplied)
    values = np.empty((len(cases), len(serving.bundle.model.encoder.features)))
    by_name = [row for row, case in enumerate(cases) if case.supplied is not None]
    if by_name:
        values[by_name] = serving.intake.values(supplied)
    by_row = [row for row, case in enumerate(cases) if case.matrix is not None]
    rows = [case.matrix for case in cases if case.matrix is not None]
    values[by_row] = serving.bundle.model.encoder.encode(pl.concat(rows, how="vertical_relaxed"))
    return values


def _unseen(name: str) -> Remark:
    return Remark("unseen_category", name, f"training never saw this {name}; it is taken as missing")


def _out_of_range(serving: Serving, values: Floats, outside: NDArray[np.bool_]) -> tuple[Remark, ...]:
    names = serving.bundle.model.encoder.features
    return tuple(
        Remark(
            "out_of_range",
            names[column],
            f"{values[column]:g} lies outside what training saw: "
            f"{serving.lowest[column]:g} to {serving.highest[column]:g}",
        )
        for column in np.flatnonzero(outside).tolist()
    )


def entries(decided: Sequence[Decided], mark: Mapping[str, Json]) -> list[Entry]:
    """Return what the log keeps of each decision; `mark` is the clock's."""
    packed = pack_values(np.stack([one.values for one in decided]))
    return [
        Entry(
            one.case.kind,
            one.id,
            one.at,
            {**facts(one), **mark},
            Payload(one.case.inputs, values, _told(one), one.case.applicant),
        )
        for one, values in zip(decided, packed, strict=True)
    ]


def facts(one: Decided) -> dict[str, Json]:
    """Return what stays of a decision for good; nothing in it is about a person."""
    bundle = one.case.serving.bundle
    return {
        "p_default": one.p_default,
        "decision": one.decision,
        "cutoff": bundle.policy.cutoff,
        "coverage": one.coverage,
        "bundle": bundle.digest,
        "version": one.case.serving.version,
        "policy": one.case.serving.policy,
        "caller": one.case.caller,
        "endpoint": one.case.endpoint,
        "warnings": _counted(one.remarks),
    }


def _counted(remarks: Sequence[Remark]) -> dict[str, Json]:
    counted: dict[str, Json] = {}
    for remark in remarks:
        counted[remark.code] = int(str(counted.get(remark.code, 0))) + 1
    return counted


def _told(one: Decided) -> bytes:
    """Return what was told beyond the decision, as JSON; empty where that is nothing."""
    told: dict[str, object] = {}
    if one.remarks:
        told["warnings"] = [{"code": r.code, "field": r.field, "message": r.message} for r in one.remarks]
    if one.case.language:
        told["language"] = one.case.language
        told["reasons"] = [reason.told(one.case.language) for reason in one.reasons]
    return json.dumps(told, ensure_ascii=False).encode() if told else b""


def shadow(
    decided: Decided, challenger: Serving, features: Mapping[str, float | str | None] | None, clock: Clock
) -> Entry:
    """Return the record of what the challenger says of a decided case.

    `features` are what was supplied, where the case is not a row of the feature matrix.
    """
    case, model = decided.case, challenger.bundle.model
    if features is not None:
        supplied = challenger.intake.accept(features)
        values, coverage = challenger.intake.values([supplied]), supplied.shape.coverage
    elif case.matrix is not None:
        values, coverage = model.encoder.encode(case.matrix), case.carried
    else:
        raise AssertionError("a case has features or a row of the matrix")
    p_default = model.p_default(values)
    decision = str(challenger.bundle.policy.decide(p_default, coverage=coverage)[0])
    told: dict[str, Json] = {
        "p_default": float(p_default[0]),
        "decision": decision,
        "cutoff": challenger.bundle.policy.cutoff,
        "coverage": coverage,
        "bundle": challenger.digest,
        "version": challenger.version,
        **clock.mark,
    }
    payload = Payload(applicant=case.applicant)
    return Entry("shadow", new_id(), clock.now(), told, payload, subject=decided.id)
