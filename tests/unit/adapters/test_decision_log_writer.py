from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

import pytest
from tests.unit.adapters.test_decision_log_builders import entry

from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.domain.errors import DataError, LogUnavailableError
from credit_scoring.domain.record import Entry, Recorded


class HeldLog(DecisionLog):
    """A real log whose next transaction begins when told, and that remembers how many entries each had."""

    def __init__(self, log: DecisionLog) -> None:
        super().__init__(log.database)
        self.transactions: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.before: Callable[[], None] = lambda: None

    def append(self, new: Sequence[Entry]) -> list[Recorded]:
        self.begun.set()
        self.go_on.wait(10)
        self.transactions.append(len(new))
        self.before()
        return super().append(new)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[HeldLog]:
    with open_log(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        yield HeldLog(log)


def submitted_together(writer: GroupCommit, log: HeldLog, *submissions: list[Entry]) -> list[Future[None]]:
    """Submit while a first transaction is held, then let go."""
    first = writer.submit([entry()])
    assert log.begun.wait(10)
    futures = [writer.submit(one) for one in submissions]
    log.go_on.set()
    wait([first, *futures], 10)
    return futures


def test_one_that_comes_alone_is_written_at_once_and_those_that_wait_share(log: HeldLog) -> None:
    with GroupCommit(log) as writer:
        futures = submitted_together(writer, log, *([entry(), entry()] for _ in range(5)))
        assert all(future.exception() is None for future in futures)
    assert log.transactions == [1, 10]
    assert log.verify().entries == 11


def test_a_bad_submission_fails_alone(log: HeldLog) -> None:
    twice = entry()
    with GroupCommit(log) as writer:
        submissions = [[entry()], [twice, twice], [entry(), entry()]]
        futures = submitted_together(writer, log, *submissions)
        assert isinstance(futures[1].exception(), DataError)
        assert [futures[0].exception(), futures[2].exception()] == [None, None]
    recorded = [one.entry for one in log.scan(kinds=["decision"])]
    assert recorded[1:] == [*submissions[0], *submissions[2]]


def test_a_log_that_is_away_fails_all_at_once_and_is_used_again_when_it_is_back(log: HeldLog) -> None:
    def away() -> None:
        raise LogUnavailableError("here", "away")

    with GroupCommit(log) as writer:
        log.before = away
        futures = submitted_together(writer, log, *([entry()] for _ in range(5)))
        assert all(isinstance(future.exception(), LogUnavailableError) for future in futures)
        assert log.transactions == [1, 5], "nobody was tried again"
        log.before = lambda: None
        writer.submit([entry()]).result(10)
    assert log.verify().entries == 1


def test_a_log_that_goes_away_between_two_tries_fails_the_rest_promptly(log: HeldLog) -> None:
    def away_for_the_last_two() -> None:
        if len(log.transactions) >= 5:
            raise LogUnavailableError("here", "away")

    twice = entry()
    with GroupCommit(log) as writer:
        log.before = away_for_the_last_two
        futures = submitted_together(writer, log, [entry()], [twice, twice], [entry()], [entry()])
        errors = [type(future.exception()) for future in futures]
    assert errors == [type(None), DataError, LogUnavailableError, LogUnavailableError]
    assert log.transactions == [1, 5, 1, 2, 1]


def test_more_than_may_wait_is_refused_at_once(log: HeldLog) -> None:
    with GroupCommit(log, limit=10) as writer:
        writer.submit([entry()])
        assert log.begun.wait(10)
        whole = writer.submit([entry() for _ in range(12)])  # a batch as a whole, whatever the limit
        with pytest.raises(LogUnavailableError, match="12 entries wait"):
            writer.submit([entry()])
        log.go_on.set()
        whole.result(10)
        writer.submit([entry()]).result(10)
    assert log.verify().entries == 14


def test_the_lag_is_the_age_of_the_oldest_that_waits(log: HeldLog) -> None:
    with GroupCommit(log) as writer:
        assert writer.lag_seconds() == 0
        began = time.monotonic()
        first = writer.submit([entry()])
        assert log.begun.wait(10)
        time.sleep(0.05)
        second = writer.submit([entry()])
        assert 0.05 <= writer.lag_seconds() <= time.monotonic() - began
        log.go_on.set()
        wait([first, second], 10)
        while writer.lag_seconds() and time.monotonic() < began + 10:
            time.sleep(0.001)
        assert writer.lag_seconds() == 0


def test_what_waits_is_written_before_closing_and_nothing_is_taken_after(log: HeldLog) -> None:
    writer = GroupCommit(log)
    futures = [writer.submit([entry()]) for _ in range(50)]
    log.go_on.set()
    writer.close()
    assert all(future.done() and future.exception() is None for future in futures)
    assert log.verify().entries == 50
    with pytest.raises(LogUnavailableError, match="closed"):
        writer.submit([entry()])
    writer.close()


def test_a_submission_that_was_given_up_in_time_is_not_written(log: HeldLog) -> None:
    with GroupCommit(log) as writer:
        first = writer.submit([entry()])
        assert log.begun.wait(10)
        given_up, kept = writer.submit([entry()]), writer.submit([entry()])
        assert given_up.cancel()
        assert not first.cancel(), "it may be on disk already"
        log.go_on.set()
        kept.result(10)
    assert log.verify().entries == 2


def test_a_callback_is_told_by_the_writer(log: HeldLog) -> None:
    told: list[Future[None]] = []
    log.go_on.set()
    with GroupCommit(log) as writer:
        future = writer.submit([entry()])
        future.add_done_callback(told.append)
    assert told == [future]
