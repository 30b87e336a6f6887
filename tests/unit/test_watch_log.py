from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.monitoring.conftest import drawn_bundle, fresh

from credit_scoring.adapters import watch_book
from credit_scoring.adapters.decision_log import watching
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.values import pack_values
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.record import Entry, EntryKind, Outcome, Payload
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.watch import watch, window
from credit_scoring.scoring.score import score
from credit_scoring.watch_log import Watched, record_pass, watch_decisions

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return drawn_bundle()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DecisionLog]:
    monkeypatch.setattr(watching, "DECISIONS_AT_A_TIME", 37)
    with open_log(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        yield log


@pytest.fixture
def book(tmp_path: Path) -> Iterator[WatchBook]:
    with WatchBook(f"sqlite:///{tmp_path / 'watch.db'}") as book:
        yield book


def recorded(
    log: DecisionLog, bundle: Bundle, matrix: pl.DataFrame, at: datetime = NOON, kind: EntryKind = "decision"
) -> list[str]:
    """Score the rows of a matrix and record them as the service does; return the ids."""
    decisions = score(bundle, matrix).decisions
    packed = pack_values(bundle.model.encoder.encode(matrix))
    new = []
    for number, (p_default, decision) in enumerate(decisions.select("p_default", "decision").iter_rows()):
        facts = {"p_default": p_default, "decision": decision, "bundle": bundle.digest, "caller": "desk"}
        told = b""
        if matrix["town"][number] not in bundle.model.encoder.categories["town"]:
            told = b'{"warnings": [{"code": "unseen_category", "field": "town", "message": ""}]}'
        new.append(Entry(kind, new_id(), at, facts, Payload(b"{}", packed[number], told, number)))
    log.append(new)
    return [one.id for one in new]


def seen(log: DecisionLog, bundle: Bundle) -> Watched:
    return watch_decisions(bundle, log, NOON - MONTH, NOON)


def test_recorded_decisions_are_watched_as_their_matrix_would_be(log: DecisionLog, bundle: Bundle) -> None:
    matrix = fresh(600, seed=7).with_columns(
        town=pl.when(pl.int_range(600) < 60).then(pl.lit("nowhere")).otherwise("town"), x1=pl.col("x1") + 2
    )
    recorded(log, bundle, matrix)
    reference = Reference.of(bundle)
    expected = watch(bundle, reference, window(bundle, reference, [matrix]))
    found = seen(log, bundle)
    assert found.report is not None
    assert found.report.model_copy(update={"vintages": ()}) == expected
    assert [one.unseen >= 0.1 for one in expected.drift.watched if one.name == "town"] == [True]
    assert sum(found.decisions.values()) == 600


def test_only_the_decisions_of_this_model_in_the_period_count_and_the_rest_is_told(
    log: DecisionLog, bundle: Bundle
) -> None:
    recorded(log, bundle, fresh(50, seed=1))
    ends = [NOON - MONTH, NOON - MONTH - timedelta(microseconds=1), NOON + timedelta(microseconds=1)]
    for number, at in enumerate(ends):
        recorded(log, bundle, fresh(10 * (number + 1), seed=2), at=at)
    recorded(log, replace(bundle, digest="other"), fresh(7, seed=3))
    for kind in ("simulation", "shadow"):
        recorded(log, bundle, fresh(5, seed=4), kind=kind)
    found = seen(log, bundle)
    assert (sum(found.decisions.values()), found.others, found.purged) == (60, 7, 0)
    assert log.purge_applicant(3, "data protection") > 0
    found = seen(log, bundle)
    assert (sum(found.decisions.values()), found.others, found.purged) == (58, 7, 2)


def test_outcomes_are_judged_by_vintage_and_a_broken_promise_alarms(
    log: DecisionLog, book: WatchBook, bundle: Bundle
) -> None:
    matrix, january = fresh(4_000, seed=5), datetime(2026, 1, 15, tzinfo=UTC)
    ids = recorded(log, bundle, matrix, at=january)
    recorded(log, bundle, fresh(300, seed=6))
    p_default = score(bundle, matrix).decisions["p_default"].to_numpy()
    odds = 4 * p_default / (1 - p_default)  # four times those promised: the features look as ever
    defaulted = np.random.default_rng(1).random(4_000) < odds / (1 + odds)
    approved = np.flatnonzero(p_default < bundle.policy.cutoff)
    told = [Outcome(decision=ids[n], defaulted=bool(defaulted[n]), observed_on=date(2026, 4, 15)) for n in approved]
    log.outcomes(told, NOON, "collections")
    found = seen(log, bundle)
    assert found.report is not None
    assert [(one.month, one.known) for one in found.report.vintages] == [("2026-01", approved.size), ("2026-11", 0)]
    assert [(one.code, one.severity) for one in found.report.findings] == [("CS-P03", "alarm")]
    made, happened = record_pass(book, bundle, 1, found, NOON)
    assert [alert.code for alert in happened.opened] == ["CS-P03"]
    assert made.vintage == "2026-01"
    assert book.passes() == [made]
    assert book.newest_report() == found.report
    assert record_pass(book, bundle, 1, seen(log, bundle), NOON)[1].opened == ()


def test_a_pass_over_the_past_finds_what_one_made_then_would_have_found(
    log: DecisionLog, book: WatchBook, bundle: Bundle
) -> None:
    then, day = NOON - timedelta(days=10), timedelta(days=1)
    ids = recorded(log, bundle, fresh(300, seed=5), at=then - 5 * day)
    told = [
        Outcome(decision=one, defaulted=number % 9 == 0, observed_on=date(2026, 11, 14))
        for number, one in enumerate(ids)
    ]
    log.outcomes(told[:200], then, "collections")
    at_the_time = watch_decisions(bundle, log, then - MONTH, then)
    recorded(log, bundle, fresh(300, seed=6).with_columns(x1=pl.col("x1") + 2))
    log.outcomes(told[200:], NOON, "collections")
    assert watch_decisions(bundle, log, then - MONTH, then) == at_the_time
    assert [one.known for one in at_the_time.report.vintages] == [200]  # type: ignore[union-attr]
    record_pass(book, bundle, 1, seen(log, bundle), NOON)
    opened, newest = book.alerts(), book.newest_report()
    assert opened
    made, happened = record_pass(book, bundle, 1, at_the_time, NOON)
    assert happened == ((), (), ())
    assert (book.alerts(), book.newest_report()) == (opened, newest)
    assert book.passes()[0] == made


def test_no_decision_at_all_is_an_alarm_that_ends_with_the_first_one(
    log: DecisionLog, book: WatchBook, bundle: Bundle
) -> None:
    _, happened = record_pass(book, bundle, 1, seen(log, bundle), NOON)
    assert [alert.code for alert in happened.opened] == ["CS-V01"]
    recorded(log, bundle, fresh(20, seed=1))
    _, happened = record_pass(book, bundle, 1, seen(log, bundle), NOON)
    assert [alert.code for alert in happened.closed] == ["CS-V01"]


def test_whole_reports_are_kept_of_the_newest_passes_only(
    log: DecisionLog, book: WatchBook, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_book, "REPORTS_KEPT", 2)
    recorded(log, bundle, fresh(20, seed=1))
    for day in range(4):
        found = watch_decisions(bundle, log, NOON - MONTH, NOON + timedelta(days=day))
        record_pass(book, bundle, 1, found, NOON)
    with book._engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT report IS NOT NULL FROM watch_passes ORDER BY number").scalars()
        assert list(map(bool, kept)) == [False, False, True, True]
    assert len(book.passes()) == 4
