"""What holds of a decision log in any database. A subclass gives `url`, the address of an empty one."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from tests.unit.adapters.test_decision_log_builders import APPEND, LONG_AGO, NOON, TODAY, alter, entry, ids, refused

from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.keys import ApiKeys
from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.domain.errors import (
    CreditScoringError,
    DataError,
    UnknownDecisionError,
)
from credit_scoring.domain.record import Entry, EntryKind, Json, Outcome, Payload, Recorded

T = TypeVar("T")


class RecordLaws:
    """Appending, and finding again."""

    @pytest.fixture
    def log(self, url: str) -> Iterator[DecisionLog]:
        with open_log(url) as log:
            yield log

    # What was appended is found again.

    def test_what_was_appended_is_read_back_as_it_was(self, log: DecisionLog) -> None:
        odd: dict[str, Json] = {
            "p_default": 0.1 + 0.2,
            "note": "é\0\N{ELECTRIC LIGHT BULB} 'quoted'",
            "deep": {"a": [1, None, True]},
        }
        entries = [
            Entry("decision", "a" * 32, NOON + timedelta(microseconds=1), odd, Payload(b"\0\xff", b"", b"{}", -7)),
            Entry("shadow", "b" * 32, LONG_AGO, {}, Payload(), subject="a" * 32),
            Entry("simulation", "c" * 32, datetime(1960, 1, 1, tzinfo=UTC), {"p_default": 0}),
        ]
        recorded = log.append(entries)
        assert [one.entry for one in recorded] == entries
        assert [one.sequence for one in recorded] == [1, 2, 3]
        assert [log.get(one.id) for one in entries] == recorded
        assert list(log.scan(kinds=["decision", "shadow", "simulation"])) == recorded
        assert not any(one.purged for one in recorded)

    def test_each_entry_seals_the_one_before(self, log: DecisionLog) -> None:
        recorded = [one for _ in range(3) for one in log.append([entry(), entry(payload=False)])]
        assert recorded[0].previous == chain.GENESIS
        assert [one.previous for one in recorded[1:]] == [one.hash for one in recorded[:-1]]
        assert log.head() == (6, recorded[-1].hash)
        assert log.verify().head == log.head()

    def test_many_entries_go_in_at_once(self, log: DecisionLog) -> None:
        entries = [entry(payload=number % 3 > 0) for number in range(1_001)]
        assert [one.entry for one in log.append(entries)] == entries
        assert list(log.scan(kinds=["decision"])) == [log.get(one.id) for one in entries]
        assert log.verify().entries == 1_001

    def test_an_unknown_id_is_told(self, log: DecisionLog) -> None:
        for find in (log.get, log.about):
            with pytest.raises(UnknownDecisionError, match="nowhere"):
                find("nowhere")

    # All or nothing.

    @pytest.mark.parametrize(
        "bad",
        [
            {"at": datetime(2026, 1, 1)},
            {"facts": {"p_default": float("nan")}},
            {"facts": {"p_default": "high"}},
            {"facts": {"p_default": True}},
            {"facts": {"caller": 7}},
            {"facts": {"caller": "\ud800"}},
            {"facts": {"when": NOON}},
            {"payload": Payload(applicant=2**63)},
            {"payload": Payload(inputs="text")},  # type: ignore[arg-type]
            {"id": None},
            {"id": "\ud800"},
            {"kind": "purge", "facts": {"before": "2026-01-01", "payloads": 0}},
            {"kind": "outcome", "subject": "f" * 32},
        ],
        ids=str,
    )
    def test_an_entry_that_cannot_be_kept_is_refused_with_its_neighbours(
        self, log: DecisionLog, bad: dict[str, Any]
    ) -> None:
        good: dict[str, Any] = {"kind": "decision", "id": uuid.uuid4().hex, "at": NOON, "facts": {}}
        with pytest.raises(DataError):
            log.append([entry(), Entry(**good | bad), entry()])
        assert log.count() == {}
        assert log.head() == (0, chain.GENESIS)

    def test_an_id_is_recorded_once(self, log: DecisionLog) -> None:
        first = entry()
        log.append([first])
        for again in ([entry(), first], [new := entry(), new]):
            with pytest.raises(DataError, match="refuses"):
                log.append(again)
        assert log.verify().entries == 1

    def test_rows_are_neither_changed_nor_deleted(self, url: str, log: DecisionLog) -> None:
        log.append([entry(), entry()])
        for statement in (
            "UPDATE entries SET facts = '{}' WHERE sequence = 1",
            "DELETE FROM entries",
            "UPDATE payloads SET inputs = feature_values",
        ):
            assert "never changed" in refused(url, statement)
        assert log.verify().entries == 2

    # Found again.

    def test_what_is_about_a_decision_is_found_in_order(self, log: DecisionLog) -> None:
        one, other = entry(), entry()
        log.append([one, other])
        recorded = log.append([entry("shadow", subject=one.id), entry("review", subject=one.id)])
        log.outcomes([Outcome(decision=one.id, defaulted=True, observed_on=TODAY)], NOON, "desk")
        recorded += log.append([entry("review", subject=one.id)])
        log.append([entry("review", subject=other.id)])
        found = log.about(one.id)
        assert [*found[:2], found[3]] == recorded
        assert found[2].entry.kind == "outcome"
        assert log.latest_reviews([one.id, "nowhere"]) == {one.id: recorded[-1]}
        assert set(log.latest_reviews([one.id, other.id])) == {one.id, other.id}
        assert log.count() == {"decision": 2, "shadow": 1, "review": 3, "outcome": 1}

    def test_a_search_finds_what_a_walk_through_all_finds(self, log: DecisionLog) -> None:
        decided = ("approve", "refer", "decline")
        for number in range(60):
            kind: EntryKind = "simulation" if number % 7 == 0 else "decision"
            at = NOON + timedelta(hours=number)
            facts: dict[str, Json] = {"p_default": number / 60, "decision": decided[number % 3]}
            one = entry(kind, applicant=number % 5, at=at, facts=facts)
            log.append([one, *([entry("review", subject=one.id, at=at)] if number % 4 == 0 else [])])
        everything = list(log.scan(kinds=["decision", "simulation"]))[::-1]
        reviewed = {one.entry.subject for one in log.scan(kinds=["review"])}

        def meets(one: Recorded, wanted: dict[str, Any]) -> bool:
            facts, payload = one.entry.facts, one.entry.payload
            (low, high), p_default = wanted.get("p_default", (0, 1)), facts["p_default"]
            assert isinstance(p_default, float)
            assert payload is not None
            return (
                one.entry.kind in wanted.get("kinds", ("decision",))
                and facts["decision"] == wanted.get("decision", facts["decision"])
                and payload.applicant == wanted.get("applicant", payload.applicant)
                and low <= p_default <= high
                and wanted.get("since", NOON) <= one.entry.at <= wanted.get("until", NOON + timedelta(days=9))
                and (one.entry.id in reviewed) == wanted.get("reviewed", one.entry.id in reviewed)
                and one.sequence < wanted.get("before", 10**9)
            )

        searches: list[dict[str, Any]] = [
            {},
            {"limit": 3},
            {"before": 30, "limit": 5},
            {"kinds": ("decision", "simulation")},
            {"kinds": ("simulation",), "decision": "refer"},
            {"decision": "decline", "p_default": (0.25, 0.75)},
            {"applicant": 3},
            {"applicant": 99},
            {"since": NOON + timedelta(hours=10), "until": NOON + timedelta(hours=20)},
            {"reviewed": True},
            {"reviewed": False, "applicant": 2, "decision": "approve"},
        ]
        for wanted in searches:
            walked = [one for one in everything if meets(one, wanted)]
            assert log.search(**wanted) == walked[: wanted.get("limit", 50)], wanted

    def test_pages_of_a_search_follow_each_other(self, log: DecisionLog) -> None:
        log.append([entry() for _ in range(25)])
        pages, before = [], None
        while page := log.search(before=before, limit=10):
            pages.append(len(page))
            before = page[-1].sequence
        assert pages == [10, 10, 5]

    def test_a_walk_can_go_on_where_it_ended(self, log: DecisionLog) -> None:
        entries = [entry() for _ in range(1_200)]
        log.append(entries)
        assert ids(list(log.scan(kinds=["decision"], after=700))) == [one.id for one in entries[700:]]

    # Several at once.

    def test_threads_make_one_chain(self, log: DecisionLog) -> None:
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda _: log.append([entry(), entry()]), range(40)):
                pass
        assert log.verify().entries == 80

    def test_processes_that_open_and_append_at_once_make_one_chain(self, url: str) -> None:
        command = [sys.executable, "-c", APPEND, url, "15"]
        processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        told = {name for process in processes for name in process.communicate()[0].split()}
        assert [process.returncode for process in processes] == [0, 0, 0, 0]
        assert len(told) == 4 * 15 * 3
        with open_log(url) as log:
            assert log.verify().entries == len(told)
            assert set(ids(list(log.scan(kinds=["decision"])))) == told

    def test_a_killed_writer_loses_nothing_that_it_acknowledged(self, url: str) -> None:
        open_log(url).close()
        process = subprocess.Popen([sys.executable, "-c", APPEND, url, "100000"], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        acknowledged = [name for _ in range(30) for name in process.stdout.readline().split()]
        process.kill()
        acknowledged += [name for line in process.stdout if line.endswith("\n") for name in line.split()]
        process.wait()
        process.stdout.close()
        with open_log(url) as log:
            found = ids(list(log.scan(kinds=["decision"])))
            assert found[: len(acknowledged)] == acknowledged
            assert len(found) in {len(acknowledged), len(acknowledged) + 3}
            assert log.verify().entries == len(found)
            log.append([entry()])
            assert log.verify().entries == len(found) + 1

    def test_a_group_commit_records_what_it_promised(self, log: DecisionLog) -> None:
        entries = [entry() for _ in range(200)]
        with GroupCommit(log) as writer, ThreadPoolExecutor(4) as pool:
            for future in list(pool.map(lambda one: writer.submit([one]), entries)):
                future.result()
        assert {one.entry.id for one in log.scan(kinds=["decision"])} == {one.id for one in entries}
        assert log.verify().entries == 200

    def test_a_log_that_can_be_written_says_nothing(self, log: DecisionLog) -> None:
        head = log.head()
        log.writable()
        log.writable()
        assert log.head() == head
        assert log.verify().entries == 0

    # Keys, in the same database.

    def test_a_key_made_or_revoked_elsewhere_counts_soon(self, log: DecisionLog) -> None:
        with ApiKeys(log.database, refresh_seconds=0.05) as serving:
            elsewhere = ApiKeys(log.database)
            assert not serving.any()
            assert serving.verify("cs_1_2") is None
            token = elsewhere.create("desk", {"score", "review"})
            found = _soon(lambda: serving.verify(token))
            assert found is not None
            assert (found.name, sorted(found.scopes), found.revoked_at) == ("desk", ["review", "score"], None)
            assert serving.any()
            elsewhere.revoke(found.id)
            assert _soon(lambda: serving.verify(token) is None)
            assert serving.any()  # that there was one keeps the service closed
            (listed,) = serving.list()
            assert listed.revoked_at is not None

    def test_the_address_in_a_message_has_no_password(self, url: str, log: DecisionLog) -> None:
        alter(url, "ALTER TABLE log_head RENAME TO gone")
        with pytest.raises(CreditScoringError, match="log_head") as error:
            log.head()
        assert "secret" not in str(error.value)


def _soon(found: Callable[[], T]) -> T:
    """Return what is found within some seconds."""
    patience = time.monotonic() + 10
    while not (what := found()) and time.monotonic() < patience:
        time.sleep(0.02)
    return what
