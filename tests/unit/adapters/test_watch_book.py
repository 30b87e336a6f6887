from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.monitoring.conftest import challenged

from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.domain.errors import DataError, WatchUnavailableError
from credit_scoring.monitoring.alerts import Alert, Episodes, episodes
from credit_scoring.monitoring.drift import Finding
from credit_scoring.monitoring.passes import Pass

START = datetime(2026, 1, 1, tzinfo=UTC)
ALARM = Finding(
    code="CS-D01",
    severity="alarm",
    subject="EXT_SOURCE_2",
    concept="external_score",
    importance=0.2,
    measures="PSI of a feature",
    value=0.4,
    limit=0.2,
    chance=0.0,
)


def made(day: int) -> Pass:
    at = START + timedelta(days=day)
    return Pass(at=at, since=at - timedelta(days=30), until=at, model="m", version=1, decisions={"approve": day})


def alarmed(known: Sequence[Alert], day: int) -> Episodes:
    return episodes(known, [ALARM], {}, model="m", at=START + timedelta(days=day))


def steady(known: Sequence[Alert], day: int) -> Episodes:
    calm = {("CS-D01", "EXT_SOURCE_2"): "steady"}
    return episodes(known, [], calm, model="m", at=START + timedelta(days=day))  # type: ignore[arg-type]


class BookLaws:
    """What holds in any database. A subclass gives `url`, the address of an empty one."""

    def test_a_book_without_a_pass_is_empty(self, url: str) -> None:
        with WatchBook(url) as book:
            assert (book.passes(), book.alerts(), book.newest_report(), book.untold()) == ([], [], None, [])

    def test_passes_come_back_oldest_first_and_from_a_moment_on(self, url: str) -> None:
        with WatchBook(url) as book:
            for day in (3, 1, 2):
                book.record(made(day), None, lambda known: Episodes((), tuple(known), ()))
            assert book.passes() == [made(1), made(2), made(3)]
            assert book.passes(limit=2) == [made(2), made(3)]
            assert book.passes(since=START + timedelta(days=3)) == [made(3)]

    def test_an_alert_opens_goes_on_closes_and_is_told_at_both_ends(self, url: str) -> None:
        with WatchBook(url) as book:
            book.record(made(1), None, lambda known: alarmed(known, 1))
            opening = book.untold()
            assert [alert.opened for _, alert in opening] == [START + timedelta(days=1)]
            book.tell(opening)
            book.record(made(2), None, lambda known: alarmed(known, 2))
            assert book.untold() == []
            assert len(book.open_alerts()) == 1
            book.record(made(3), None, lambda known: steady(known, 3))
            assert book.open_alerts() == []
            (end,) = book.untold()
            assert end[1].closed == START + timedelta(days=3)
            book.tell([end])
            assert book.untold() == []
            book.record(made(4), None, lambda known: alarmed(known, 4))
            assert [alert.closed is None for alert in book.alerts()] == [True, False]

    def test_a_pass_over_an_older_period_neither_opens_nor_closes_an_alert(self, url: str) -> None:
        with WatchBook(url) as book:
            book.record(made(3), None, lambda known: alarmed(known, 3))
            book.record(made(2), None, lambda known: steady(known, 2))
            assert [alert.opened for alert in book.open_alerts()] == [START + timedelta(days=3)]
            book.record(made(4), None, lambda known: steady(known, 4))
            assert book.record(made(1), None, lambda known: alarmed(known, 1)) == ((), (), ())
            assert book.open_alerts() == []
            assert book.passes() == [made(1), made(2), made(3), made(4)]
            book.record(made(4), None, lambda known: alarmed(known, 4))  # the same period once more is not older
            assert len(book.open_alerts()) == 1

    def test_the_newest_challenge_comes_back_whole(self, url: str) -> None:
        with WatchBook(url) as book:
            assert book.newest_challenge() is None
            book.record(made(1), None, lambda known: Episodes((), tuple(known), ()))
            assert book.newest_challenge() is None
            for seed in (1, 2):
                book.record_challenge(challenged(seed))
            assert book.newest_challenge() == challenged(2)

    def test_passes_at_the_same_time_open_an_alert_once(self, url: str) -> None:
        def run(day: int) -> None:
            with WatchBook(url) as book:
                book.record(made(day), None, lambda known: alarmed(known, day))

        threads = [threading.Thread(target=run, args=(day,)) for day in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with WatchBook(url) as book:
            assert len(book.passes()) == 6
            assert len(book.alerts()) == 1

    def test_a_pass_that_fails_leaves_nothing(self, url: str) -> None:
        def fail(_: Sequence[Alert]) -> Episodes:
            raise DataError("no")

        with WatchBook(url) as book:
            with pytest.raises(DataError):
                book.record(made(1), None, fail)
            assert book.passes() == []


class TestSqlite(BookLaws):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'new' / 'watch.db'}"

    def test_looking_makes_no_file(self, tmp_path: Path) -> None:
        with WatchBook(f"sqlite:///{tmp_path / 'watch.db'}") as book:
            assert book.passes() == []
        assert list(tmp_path.iterdir()) == []

    def test_a_broken_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "watch.db").write_bytes(b"broken" * 1_000)
        with WatchBook(f"sqlite:///{tmp_path / 'watch.db'}") as book:
            with pytest.raises(WatchUnavailableError, match="decisions go on without it"):
                book.passes()
            with pytest.raises(WatchUnavailableError, match=r"watch\.db"):
                book.record(made(1), None, lambda known: alarmed(known, 1))

    def test_an_address_that_is_none_is_refused(self) -> None:
        with pytest.raises(DataError, match="watch's book"):
            WatchBook("mysql://somewhere/else")
