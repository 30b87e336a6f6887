"""What holds of the queue and of reviews in any database. A subclass gives `url`, the address of an empty log."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import event
from tests.unit.adapters.test_decision_log_builders import LONG_AGO, NOON, TODAY, entry

from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.queue import Flag, flags_of
from credit_scoring.domain.decision import Decision
from credit_scoring.domain.record import Entry, EntryKind, Json, Outcome, Recorded

KINDS: tuple[EntryKind, ...] = ("decision", "simulation", "shadow", "review", "outcome", "purge")
DECISIONS: tuple[Decision, ...] = get_args(Decision)
WARNINGS = ("out_of_range", "unseen_category", "unknown_feature", "absent_table")


def decided(draw: random.Random, at: datetime) -> Entry:
    """Return a decision or simulation like those of the service, on one of few applicants or on nobody known."""
    lower, upper = draw.choice([(0.08, 0.12), (0.1, 0.1)])
    facts: dict[str, Json] = {
        "p_default": draw.choice([0.05, 0.08, 0.1, 0.12, 0.3]),
        "decision": draw.choice(DECISIONS),
        "coverage": draw.choice([0.3, 0.5, 1.0]),
        "policy": {"cutoff_interval": [lower, upper], "minimum_coverage": 0.5},
        "caller": 'a key named "out_of_range":',
        "warnings": {code: draw.randint(1, 9) for code in WARNINGS if draw.random() < 0.15},
    }
    kind: EntryKind = "simulation" if draw.random() < 0.2 else "decision"
    return entry(kind, applicant=draw.choice([None, *range(12)]), at=at, facts=facts)


def reviewed(draw: random.Random, subject: Entry, at: datetime) -> Entry:
    facts: dict[str, Json] = {
        "action": draw.choice(["confirm", "override"]),
        "decision": draw.choice(["approve", "decline"]),
        "reason_code": draw.choice(["income_verified", "data_error"]),
        "caller": draw.choice(["desk", "other desk"]),
    }
    return Entry("review", f"{draw.getrandbits(128):032x}", at, facts, subject=subject.id)


def fill(log: DecisionLog, seed: int) -> None:
    """Append decisions, reviews of some of them, shadows and outcomes; purge an applicant and what is old."""
    draw = random.Random(seed)  # noqa: S311
    made: list[Entry] = []
    for number in range(160):
        at = (LONG_AGO if number < 30 else NOON) + timedelta(hours=number)
        made.append(decided(draw, at))
        new = [made[-1], *([entry("shadow", subject=made[-1].id)] if draw.random() < 0.2 else [])]
        for _ in range(draw.choice([0, 0, 1, 2])):
            subject = draw.choice([one for one in made if one.kind == "decision"] or made[:1])
            new += [reviewed(draw, subject, at)] if subject.kind == "decision" else []
        log.append(new)
        if number == 100:
            log.purge_applicant(3, "data protection")
            log.outcomes([Outcome(decision=made[50].id, defaulted=True, observed_on=TODAY)], at, "desk")
    log.purge(NOON, "nightly")


def applicant_of(one: Recorded) -> int | None:
    return one.entry.payload.applicant if one.entry.payload else None


def waiting(log: DecisionLog) -> list[Recorded]:
    """Return what waits by its definition, newest first."""
    everything = list(log.scan(kinds=KINDS))
    seen = {one.entry.subject for one in everything if one.entry.kind == "review"}
    decisions = [one for one in everything if one.entry.kind == "decision"]
    latest = {applicant_of(one): one for one in decisions}

    def waits(one: Recorded) -> bool:
        facts: Any = one.entry.facts
        to_see = facts["decision"] == "refer" or {"out_of_range", "unseen_category"} & set(facts["warnings"])
        return (
            bool(to_see)
            and one.entry.id not in seen
            and not one.purged
            and (applicant_of(one) is None or latest[applicant_of(one)] == one)
        )

    return [one for one in decisions if waits(one)][::-1]


class QueueLaws:
    """The queue, and the summary of reviews."""

    @pytest.fixture
    def log(self, url: str) -> Iterator[DecisionLog]:
        with open_log(url) as log:
            yield log

    def test_an_empty_log_has_an_empty_queue(self, log: DecisionLog) -> None:
        assert log.queue() == ([], 0)
        found = log.reviews()
        assert (found.decisions, found.counts) == ({"approve": 0, "refer": 0, "decline": 0}, ())

    @pytest.mark.parametrize("seed", [1, 2])
    def test_the_queue_is_what_a_walk_through_all_finds(self, log: DecisionLog, seed: int) -> None:
        fill(log, seed)
        expected = waiting(log)
        assert expected
        flags: tuple[Flag | None, ...] = (None, *get_args(Flag))
        for flag in flags:
            fitting = [one for one in expected if flag is None or flag in flags_of(one.entry.facts)]
            assert log.queue(flag=flag) == (fitting[:50], len(expected))
            pages, before = [], None
            while page := log.queue(flag=flag, before=before, limit=3)[0]:
                pages += page
                before = page[-1].sequence
            assert pages == fitting

    def test_a_review_a_later_decision_or_a_purge_decide_who_waits(self, log: DecisionLog) -> None:
        referred: dict[str, Json] = {"decision": "refer", "warnings": {}}
        first, second, other = (entry(applicant=one, facts=referred) for one in (7, 7, 8))
        log.append([first, other])
        assert [one.entry for one in log.queue()[0]] == [other, first]
        log.append([entry("simulation", applicant=7, facts=referred), second])
        assert [one.entry for one in log.queue()[0]] == [second, other]
        log.append([entry("review", subject=other.id)])
        assert [one.entry for one in log.queue()[0]] == [second]
        log.append([entry(applicant=7)])  # approved, so nothing is left to see
        assert log.queue() == ([], 0)
        log.append([third := entry(applicant=9, facts=referred)])
        assert [one.entry for one in log.queue()[0]] == [third]
        log.purge_applicant(9, "data protection")
        log.purge_applicant(7, "data protection")  # nobody knows any more that they were on the same applicant
        assert log.queue() == ([], 0)

    def test_flags_tell_by_the_recorded_policy_both_ends_included(self) -> None:
        def flags(**facts: Any) -> tuple[Flag, ...]:
            policy = {"cutoff_interval": [0.08, 0.12], "minimum_coverage": 0.5}
            return flags_of({"p_default": 0.3, "coverage": 1.0, "policy": policy, "warnings": {}} | facts)

        assert flags() == ()
        assert flags(p_default=0.08) == flags(p_default=0.12) == ("near_cutoff",)
        assert flags(p_default=0.0799) == flags(p_default=0.1201) == ()
        assert flags(p_default=0.1, policy={"cutoff_interval": [0.1, 0.1], "minimum_coverage": 0.5}) == ()
        assert flags(coverage=0.5) == ()
        assert flags(coverage=0.4999, warnings={"unseen_category": 1}) == ("low_coverage", "unseen_category")

    def test_what_waits_is_found_without_going_through_all_decisions(self, log: DecisionLog) -> None:
        log.append([entry() for _ in range(5)])
        said: list[tuple[str, Any]] = []
        event.listen(log.database.engine, "before_cursor_execute", lambda *told: said.append((told[2], told[3])))
        log.queue()
        statement, parameters = next(one for one in said if one[0].startswith("SELECT"))
        with log.database.engine.connect() as connection:
            if not log.database.is_sqlite:  # of five rows, reading all is quickest
                connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
                connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            explain = "EXPLAIN QUERY PLAN" if log.database.is_sqlite else "EXPLAIN"
            plan = str(connection.exec_driver_sql(f"{explain} {statement}", parameters).all())
        assert "entries_queue" in plan, plan

    @pytest.mark.parametrize(
        ("since", "until"),
        [(None, None), (NOON, None), (None, NOON), (NOON + timedelta(hours=50), NOON + timedelta(hours=90))],
    )
    def test_reviews_are_counted_as_a_walk_through_all_counts_them(
        self, log: DecisionLog, since: datetime | None, until: datetime | None
    ) -> None:
        fill(log, 3)
        decisions = [
            one.entry
            for one in log.scan(kinds=["decision"])
            if (since is None or one.entry.at >= since) and (until is None or one.entry.at <= until)
        ]
        latest = {one.entry.subject: one.entry for one in log.scan(kinds=["review"])}
        assert len(latest) < len(list(log.scan(kinds=["review"])))
        found = log.reviews(since=since, until=until)
        assert found.decisions == {one: sum(made.facts["decision"] == one for made in decisions) for one in DECISIONS}
        expected = Counter(
            (made.facts["decision"], *sorted(latest[made.id].facts.items())) for made in decisions if made.id in latest
        )
        counted = {(one.decided, *sorted(one.review.items())): one.decisions for one in found.counts}
        assert counted == expected
        assert len(found.counts) == len(expected)
