"""Labels that arrive months later, each joined to its decision once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from credit_scoring.adapters.decision_log.draft import draft
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.reading import in_parts
from credit_scoring.adapters.decision_log.tables import entries, payloads
from credit_scoring.adapters.decision_log.transaction import Transaction
from credit_scoring.domain.errors import ConflictingOutcomeError, DataError, OutcomeConflict
from credit_scoring.domain.record import Entry, Json, Outcome


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How many decisions have their outcome now and had it before; how many outcomes belong to no decision."""

    new: int
    known: int
    unknown: int


def record_outcomes(
    transaction: Transaction, observed: Sequence[Outcome], at: datetime, about: Mapping[str, Json]
) -> OutcomeCounts:
    """Return what became of outcomes that are joined to their decisions and added; each one's facts say `about` too.

    Raises
    ------
    ConflictingOutcomeError
        If a decision has another outcome, in the log or in `observed`; every such decision is listed.
    DataError
        If an outcome names neither a decision nor an applicant.
    """
    joined, unknown = _joined(transaction.connection, observed)
    stated = _recorded(transaction.connection, {decision for decision, _ in joined})
    new: list[Entry] = []
    conflicts: list[OutcomeConflict] = []
    for decision, outcome in joined:
        given = (outcome.defaulted, outcome.observed_on.isoformat())
        before = stated.setdefault(decision, given)
        if before is given:
            facts: dict[str, Json] = {"defaulted": given[0], "observed_on": given[1], **about}
            new.append(Entry("outcome", new_id(), at, facts, subject=decision))
        elif before != given:
            conflicts.append(OutcomeConflict(decision, _told(*before), _told(*given)))
    if conflicts:
        raise ConflictingOutcomeError(conflicts)
    transaction.add([draft(entry) for entry in new])
    return OutcomeCounts(len(new), len(joined) - len(new), unknown)


def _joined(connection: Connection, observed: Sequence[Outcome]) -> tuple[list[tuple[str, Outcome]], int]:
    """Return each decision with its outcome, and how many outcomes have none."""
    if any(outcome.decision is None and outcome.applicant is None for outcome in observed):
        raise DataError("an outcome names neither a decision nor an applicant; give one of them")
    named = {outcome.decision for outcome in observed if outcome.decision is not None}
    people = {outcome.applicant for outcome in observed if outcome.decision is None and outcome.applicant is not None}
    decided: set[str] = set()
    for some in in_parts(named):
        query = select(entries.c.id).where(entries.c.id.in_(some), entries.c.kind == "decision")
        decided.update(connection.execute(query).scalars())
    of_person: dict[int, list[str]] = {}
    for some in in_parts(people):
        query = select(payloads.c.applicant, entries.c.id).join(entries).order_by(entries.c.sequence)
        query = query.where(payloads.c.applicant.in_(some), entries.c.kind == "decision")
        for applicant, decision in connection.execute(query):
            of_person.setdefault(applicant, []).append(decision)

    def decisions(outcome: Outcome) -> Iterator[str]:
        if outcome.decision is None:
            yield from of_person.get(outcome.applicant or 0, ())
        elif outcome.decision in decided:
            yield outcome.decision

    joined = [[(decision, outcome) for decision in decisions(outcome)] for outcome in observed]
    return [pair for pairs in joined for pair in pairs], sum(not pairs for pairs in joined)


def _recorded(connection: Connection, decisions: set[str]) -> dict[str, tuple[bool, str]]:
    stated: dict[str, tuple[bool, str]] = {}
    for some in in_parts(decisions):
        query = select(entries.c.subject, entries.c.facts)
        query = query.where(entries.c.subject.in_(some), entries.c.kind == "outcome")
        for decision, text in connection.execute(query):
            facts = json.loads(text)
            stated[decision] = (facts["defaulted"], facts["observed_on"])
    return stated


def _told(defaulted: bool, observed_on: str) -> str:
    return f"{'defaulted' if defaulted else 'repaid'} on {observed_on}"
