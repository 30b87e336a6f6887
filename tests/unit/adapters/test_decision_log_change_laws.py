"""What becomes of a decision log in any database. A subclass gives `url`, the address of an empty one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.unit.adapters.test_decision_log_builders import LONG_AGO, NOON, TODAY, alter, entry

from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.domain.errors import (
    ConflictingOutcomeError,
    DataError,
    LogTamperedError,
)
from credit_scoring.domain.record import Outcome, Recorded

EXCHANGE = ("9 WHERE sequence = 1", "1 WHERE sequence = 2", "2 WHERE sequence = 9")


class ChangeLaws:
    """Outcomes, purges, tampering."""

    @pytest.fixture
    def log(self, url: str) -> Iterator[DecisionLog]:
        with open_log(url) as log:
            yield log

    # Outcomes.

    def test_an_outcome_is_recorded_once(self, log: DecisionLog) -> None:
        one, twice, again = entry(), entry(applicant=5), entry(applicant=5)
        log.append([one, twice, again, entry("simulation", applicant=5), entry("shadow", subject=one.id, applicant=5)])
        observed = [
            Outcome(decision=one.id, defaulted=True, observed_on=TODAY),
            Outcome(applicant=5, defaulted=False, observed_on=TODAY),
            Outcome(decision="nowhere", defaulted=True, observed_on=TODAY),
            Outcome(applicant=6, defaulted=True, observed_on=TODAY),
            Outcome(decision=again.id, applicant=99, defaulted=False, observed_on=TODAY),
        ]
        counts = log.outcomes(observed, NOON, "back office")
        assert (counts.new, counts.known, counts.unknown) == (3, 1, 2)
        head = log.head()
        counts = log.outcomes(observed, NOON + timedelta(days=1), "back office")
        assert (counts.new, counts.known, counts.unknown) == (0, 4, 2)
        assert log.head() == head
        told = [(o.entry.subject, o.entry.facts["defaulted"]) for o in log.scan(kinds=["outcome"])]
        assert sorted(told, key=str) == sorted([(one.id, True), (twice.id, False), (again.id, False)], key=str)
        assert log.about(one.id)[-1].entry.facts == {
            "defaulted": True,
            "observed_on": "2026-11-25",
            "caller": "back office",
        }
        assert log.verify().head == head

    def test_a_different_outcome_is_refused_with_all_beside_it(self, log: DecisionLog) -> None:
        one, other, third = entry(), entry(), entry()
        log.append([one, other, third])
        log.outcomes([Outcome(decision=one.id, defaulted=True, observed_on=TODAY)], NOON, "desk")
        head = log.head()
        observed = [
            Outcome(decision=other.id, defaulted=True, observed_on=TODAY),
            Outcome(decision=one.id, defaulted=False, observed_on=TODAY),
            Outcome(decision=third.id, defaulted=True, observed_on=TODAY),
            Outcome(decision=third.id, defaulted=True, observed_on=TODAY - timedelta(days=1)),
        ]
        with pytest.raises(ConflictingOutcomeError, match=one.id) as error:
            log.outcomes(observed, NOON, "desk")
        assert [conflict.decision for conflict in error.value.conflicts] == [one.id, third.id]
        assert log.head() == head

    def test_an_outcome_of_nobody_is_refused(self, log: DecisionLog) -> None:
        with pytest.raises(DataError, match="neither"):
            log.outcomes([Outcome(defaulted=True, observed_on=TODAY)], NOON, "desk")

    # Purges.

    def test_a_purge_takes_what_is_older_and_the_chain_stays_whole(self, log: DecisionLog) -> None:
        old = [entry(at=LONG_AGO + timedelta(days=day), payload=day % 2 == 0) for day in range(10)]
        log.append([entry(), *old, entry()])
        assert log.purge(LONG_AGO + timedelta(days=6), "nightly") == 3
        assert [log.get(one.id).purged for one in old] == [True, False, True, False, True, *5 * [False]]
        assert log.get(old[0].id).entry.payload is None
        assert log.get(old[6].id).entry == old[6]
        assert log.verify().purged == 3
        (told,) = log.scan(kinds=["purge"])
        assert told.entry.facts == {
            "before": "2024-01-07T00:00:00+00:00",
            "payloads": 3,
            "first": 2,
            "last": 6,
            "caller": "nightly",
        }
        head = log.head()
        assert log.purge(LONG_AGO + timedelta(days=6), "nightly") == 0
        assert log.head() == head, "a purge of nothing is not told"

    def test_purges_follow_each_other_where_much_is_due(self, log: DecisionLog) -> None:
        log.append([entry(at=LONG_AGO + timedelta(seconds=number // 3)) for number in range(4_500)])
        log.append([entry(at=LONG_AGO)])
        assert log.purge(NOON - timedelta(days=1), "nightly") == 4_501
        assert log.count()["purge"] > 1
        log.append([entry(at=LONG_AGO), entry()])
        assert log.verify().purged == 4_501
        assert log.purge(NOON - timedelta(days=1), "nightly") == 1
        assert log.verify().purged == 4_502

    def test_an_applicant_is_erased_wherever_they_stand(self, log: DecisionLog) -> None:
        one, other = entry(applicant=1), entry(applicant=2)
        comment = entry("review", subject=one.id)
        log.append([one, other, comment, entry("review", subject=other.id)])
        assert log.purge_applicant(1, "data protection") == 2
        assert log.search(applicant=1) == []
        assert [log.get(one.id).purged, log.get(comment.id).purged, log.get(other.id).purged] == [True, True, False]
        assert log.verify().purged == 2
        assert log.purge_applicant(1, "data protection") == 0
        assert log.purge(NOON + timedelta(days=1), "nightly") == 2
        assert log.verify().purged == 4

    def test_a_purge_before_a_moment_without_time_zone_is_refused(self, log: DecisionLog) -> None:
        with pytest.raises(DataError, match="time zone"):
            log.purge(datetime(2026, 1, 1), "nightly")

    # Tampering. `decision_log_tampering` says so of every byte; these are the ways that matter, on each database.

    @pytest.mark.parametrize(
        ("statement", "sequence"),
        [
            ("UPDATE entries SET facts = replace(facts, '0.07', '0.01') WHERE sequence = 2", 2),
            ("UPDATE entries SET p_default = 0.01 WHERE sequence = 2", 2),
            ("UPDATE entries SET p_default = NULL WHERE sequence = 3", 3),
            ("UPDATE entries SET decision = 'decline' WHERE sequence = 1", 1),
            ("UPDATE entries SET bundle = 'b2' WHERE sequence = 1", 1),
            ("UPDATE entries SET caller = 'x' WHERE sequence = 1", 1),
            ("UPDATE entries SET kind = 'simulation' WHERE sequence = 4", 4),
            ("UPDATE entries SET id = 'f' WHERE sequence = 4", 4),
            ("UPDATE entries SET subject = 'f' WHERE sequence = 4", 4),
            ("UPDATE entries SET at = at + 1 WHERE sequence = 4", 4),
            ("UPDATE entries SET hash = previous WHERE sequence = 4", 4),
            ("UPDATE entries SET previous = hash WHERE sequence = 4", 4),
            ("UPDATE entries SET payload_digest = NULL WHERE sequence = 4", 4),
            ("UPDATE entries SET sequence = 9 WHERE sequence = 6", 6),
            ("DELETE FROM entries WHERE sequence = 5", 5),
            ("DELETE FROM entries WHERE sequence = 6", 6),
            ("DELETE FROM payloads WHERE sequence = 3", 3),
            ("UPDATE payloads SET told = inputs WHERE sequence = 3", 3),
            ("UPDATE payloads SET feature_values = told, told = feature_values WHERE sequence = 3", 3),
            ("UPDATE payloads SET applicant = 8 WHERE sequence = 3", 3),
            ("UPDATE payloads SET applicant = NULL WHERE sequence = 3", 3),
            ("UPDATE payloads SET salt = inputs WHERE sequence = 3", 3),
            ("UPDATE payloads SET at = at + 1 WHERE sequence = 3", 3),
            ("UPDATE payloads SET sequence = 5 WHERE sequence = 4", 4),
            ("UPDATE log_head SET sequence = 5", 6),
            ("UPDATE log_head SET sequence = 7", 7),
            ("DELETE FROM log_head", 0),
        ],
    )
    def test_what_was_altered_behind_its_back_is_found(
        self, url: str, log: DecisionLog, statement: str, sequence: int
    ) -> None:
        log.append([entry(applicant=number, at=NOON + timedelta(hours=number)) for number in range(4)])
        log.append([entry(payload=False) for _ in range(2)])
        alter(url, "DELETE FROM payloads WHERE sequence > 4")  # nothing: the triggers are off, the log is whole
        assert log.verify().entries == 6
        alter(url, statement)
        with pytest.raises(LogTamperedError) as error:
            log.verify()
        assert error.value.sequence == sequence

    def test_an_altered_entry_is_not_read_as_if_it_were_true(self, url: str, log: DecisionLog) -> None:
        one = entry()
        log.append([one])
        alter(url, "UPDATE payloads SET inputs = told")
        with pytest.raises(LogTamperedError, match="payload"):
            log.get(one.id)

    def test_a_payload_exchanged_with_another_is_found(self, url: str, log: DecisionLog) -> None:
        log.append([entry(), entry(), entry()])
        alter(url, *(f"UPDATE payloads SET sequence = {move}" for move in EXCHANGE))  # noqa: S608
        with pytest.raises(LogTamperedError, match="payload") as error:
            log.verify()
        assert error.value.sequence == 1

    def test_a_later_purge_does_not_cover_a_payload_that_vanished(self, url: str, log: DecisionLog) -> None:
        log.append([entry(at=LONG_AGO) for _ in range(3)])
        alter(url, "DELETE FROM payloads WHERE sequence = 2")
        assert log.purge(NOON, "nightly") == 2
        with pytest.raises(LogTamperedError, match="took 2 payloads, yet 3 are gone") as error:
            log.verify()
        assert error.value.sequence == 4

    def test_a_payload_that_comes_back_after_its_purge_is_found(self, url: str, log: DecisionLog) -> None:
        log.append([entry(at=LONG_AGO), entry()])
        alter(url, "CREATE TABLE kept AS SELECT * FROM payloads")
        log.purge(NOON - timedelta(days=1), "nightly")
        alter(url, "INSERT INTO payloads SELECT * FROM kept WHERE sequence = 1", "DROP TABLE kept")
        with pytest.raises(LogTamperedError, match="again") as error:
            log.verify()
        assert error.value.sequence == 1

    def test_a_whole_log_is_shown_entry_by_entry(self, log: DecisionLog) -> None:
        recorded = log.append([entry() for _ in range(1_100)])
        seen: list[Recorded] = []
        assert log.verify(on_entry=seen.append).entries == 1_100
        assert seen == recorded
