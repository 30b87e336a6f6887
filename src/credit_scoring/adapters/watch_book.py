"""The watch's book: passes, alerts and challenges, in a database apart from the decisions, which it never holds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    exc,
    insert,
    inspect,
    select,
    update,
)

from credit_scoring.adapters.closing import Closing
from credit_scoring.adapters.decision_log.chain import microseconds
from credit_scoring.adapters.decision_log.database import reason
from credit_scoring.adapters.decision_log.engines import BEGIN_WRITING, made_engine
from credit_scoring.domain.errors import WatchUnavailableError
from credit_scoring.monitoring.alerts import Alert, Episodes
from credit_scoring.monitoring.passes import Pass
from credit_scoring.monitoring.promotion import Challenge
from credit_scoring.monitoring.watch import WatchReport

T = TypeVar("T")
REPORTS_KEPT = 100
WRITING = 0x7761746368  # any number, the same in every process: on PostgreSQL, passes wait for each other

_metadata = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
passes = Table(
    "watch_passes",
    _metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("until", BigInteger, nullable=False, index=True, comment="microseconds since 1970, UTC"),
    Column("summary", Text, nullable=False, comment="Pass, as JSON"),
    Column("report", Text, comment="WatchReport, as JSON, of the newest passes"),
)
alerts = Table(
    "watch_alerts",
    _metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("opened", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("closed", BigInteger),
    Column("told", Integer, nullable=False, comment="1 once the webhook, if there is one, took the opening; 2 the end"),
    Column("alert", Text, nullable=False, comment="Alert, as JSON"),
)
challenges = Table(
    "watch_challenges",
    _metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("challenge", Text, nullable=False, comment="Challenge, as JSON"),
)


class WatchBook(Closing):
    """Passes, alerts and challenges. Every method raises `WatchUnavailableError` if the database cannot be used now."""

    def __init__(self, url: str) -> None:
        self._engine, self._file = made_engine(url, "watch's book", kept=False)
        self._where = str(self._file or self._engine.url.render_as_string(hide_password=True))

    def record(self, made: Pass, report: WatchReport | None, judge: Callable[[Sequence[Alert]], Episodes]) -> Episodes:
        """Record a pass with its report and what `judge` makes of the alerts that are open; return that.

        Alerts are of today: a pass whose period ends before that of another one is recorded, and changes none. All is
        one transaction that shuts out other passes, so that an alert is opened once.
        """

        def write(connection: Connection) -> Episodes:
            row = {"until": microseconds(made.until), "summary": made.model_dump_json()}
            row |= {"report": report and report.model_dump_json()}
            (number,) = connection.execute(insert(passes).values(row).returning(passes.c.number)).one()
            newest = _newest_first(select(passes.c.number))
            old = passes.c.number.not_in(newest.limit(REPORTS_KEPT)) & passes.c.report.is_not(None)
            connection.execute(update(passes).where(old).values(report=None))
            if connection.execute(newest.limit(1)).scalar_one() != number:
                return Episodes((), (), ())
            numbers = {alert.key: (number, alert) for number, alert in _alerts(connection, only_open=True)}
            happened = judge([alert for _, alert in numbers.values()])
            for alert in (*happened.going_on, *happened.closed):
                closed = None if alert.closed is None else microseconds(alert.closed)
                known = update(alerts).where(alerts.c.number == numbers[alert.key][0])
                connection.execute(known.values(closed=closed, alert=alert.model_dump_json()))
            for alert in happened.opened:
                new = {"opened": microseconds(alert.opened), "told": 0, "alert": alert.model_dump_json()}
                connection.execute(insert(alerts).values(new))
            return happened

        return self._writing(write)

    def passes(self, *, since: datetime | None = None, limit: int = 400) -> list[Pass]:
        """Return the newest passes whose period ends at or after `since`, oldest first."""
        query = _newest_first(select(passes.c.summary)).limit(limit)
        if since is not None:
            query = query.where(passes.c.until >= microseconds(since))
        found = self._reading(passes, lambda connection: connection.execute(query).scalars())
        return [Pass.model_validate_json(text) for text in reversed(found)]

    def newest_report(self) -> WatchReport | None:
        """Return the whole report of the pass whose period ends last, if it was over any decision."""
        query = _newest_first(select(passes.c.report)).limit(1)
        found = self._reading(passes, lambda connection: connection.execute(query).scalars())
        return WatchReport.model_validate_json(found[0]) if found and found[0] else None

    def open_alerts(self) -> list[Alert]:
        """Return the alerts that are open, oldest first."""
        return [alert for _, alert in self._reading(passes, lambda one: _alerts(one, only_open=True))]

    def alerts(self, limit: int = 200) -> list[Alert]:
        """Return the newest alerts, open or closed, newest first."""
        return [alert for _, alert in self._reading(passes, lambda one: _alerts(one, limit=limit))]

    def untold(self) -> list[tuple[int, Alert]]:
        """Return the alerts whose opening, or whose end, no webhook has taken yet, with their numbers."""
        return self._reading(passes, lambda connection: _alerts(connection, untold=True))

    def tell(self, told: Sequence[tuple[int, Alert]]) -> None:
        """Note that a webhook took these alerts as they are."""

        def write(connection: Connection) -> None:
            for number, alert in told:
                row = update(alerts).where(alerts.c.number == number)
                connection.execute(row.values(told=1 if alert.closed is None else 2))

        self._writing(write)

    def record_challenge(self, made: Challenge) -> None:
        """Record a comparison of a challenger with the champion, and what was judged of it."""
        row = {"challenge": made.model_dump_json()}
        self._writing(lambda connection: connection.execute(insert(challenges).values(row)))

    def newest_challenge(self) -> Challenge | None:
        """Return the comparison that was recorded last, if any was."""
        query = select(challenges.c.challenge).order_by(challenges.c.number.desc()).limit(1)
        found = self._reading(challenges, lambda connection: connection.execute(query).scalars())
        return Challenge.model_validate_json(found[0]) if found else None

    def _reading(self, table: Table, work: Callable[[Connection], Iterable[T]]) -> list[T]:
        """Return what `work` finds, nothing where the table was never written; no file is made to look into it."""
        if self._file is not None and not self._file.exists():
            return []
        with self._told(), self._engine.connect() as connection:
            return list(work(connection)) if inspect(connection).has_table(table.name) else []

    def _writing(self, work: Callable[[Connection], T]) -> T:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._told(), self._engine.execution_options(begin=BEGIN_WRITING).begin() as connection:
            if self._file is None:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITING})")
            _metadata.create_all(connection)
            return work(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except exc.SQLAlchemyError as error:
            raise WatchUnavailableError(self._where, reason(error)) from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _newest_first(query: Select[Any]) -> Select[Any]:
    """Return the query of passes, that whose period ends last first."""
    return query.order_by(passes.c.until.desc(), passes.c.number.desc())


def _alerts(
    connection: Connection, *, only_open: bool = False, untold: bool = False, limit: int | None = None
) -> Iterator[tuple[int, Alert]]:
    query = select(alerts.c.number, alerts.c.alert)
    if only_open:
        query = query.where(alerts.c.closed.is_(None))
    if untold:
        ended = alerts.c.closed.is_not(None) & (alerts.c.told < 2)
        query = query.where((alerts.c.told == 0) | ended)
    newest_first = limit is not None
    query = query.order_by(alerts.c.number.desc() if newest_first else alerts.c.number).limit(limit)
    for number, text in connection.execute(query):
        yield number, Alert.model_validate_json(text)
