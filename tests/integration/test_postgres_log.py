"""The laws of the log on PostgreSQL, and what only a server can do to it."""

from __future__ import annotations

import itertools
import os
import select
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from sqlalchemy import create_engine, make_url
from tests.unit.adapters.test_decision_log_builders import entry, refused
from tests.unit.adapters.test_decision_log_change_laws import ChangeLaws
from tests.unit.adapters.test_decision_log_laws import RecordLaws
from tests.unit.adapters.test_decision_log_queue_laws import QueueLaws
from tests.unit.adapters.test_watch_book import BookLaws

from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.domain.errors import LogUnavailableError, UnknownDecisionError
from credit_scoring.domain.record import Entry

URL = "CREDIT_SCORING_TEST_POSTGRES"


def server() -> str:
    root = os.environ.get(URL)
    if not root:
        pytest.skip(f"needs a PostgreSQL database: set {URL} to its URL (postgresql+psycopg://…)")
    return root


def own_name() -> str:
    return f"credit_scoring_{uuid.uuid4().hex}"


@pytest.fixture
def url() -> Iterator[str]:
    """A database whose search path is an empty schema of its own, dropped at the end."""
    name, engine = own_name(), create_engine(server())
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        settings = {"options": f"-csearch_path={name}", "application_name": name}
        yield engine.url.update_query_dict(settings).render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        engine.dispose()


class TestPostgres(RecordLaws):
    pass


class TestChangesInPostgres(ChangeLaws):
    pass


class TestQueueInPostgres(QueueLaws):
    pass


@pytest.mark.parametrize("table", ["entries", "payloads"])
def test_a_table_is_not_emptied_either(url: str, table: str) -> None:
    with open_log(url) as log:
        log.append([entry()])
        assert "decision log" in refused(url, f"TRUNCATE {table} CASCADE")
        assert log.verify().entries == 1


def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(url: str) -> None:
    hasty = url.replace("options=", "options=-csynchronous_commit%3Doff+")
    assert hasty != url
    with open_log(hasty) as log, log.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@contextmanager
def hanging_up(url: str) -> Iterator[Callable[[], int]]:
    """Let the server hang up on whoever uses the log, as often as it is called."""
    engine = create_engine(server(), isolation_level="AUTOCOMMIT")
    name = make_url(url).query["application_name"]
    query = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{name}'"  # noqa: S608
    with engine.connect() as connection:
        yield lambda: int(connection.exec_driver_sql(query).scalar_one())
    engine.dispose()


def test_a_connection_that_died_unused_is_not_noticed(url: str) -> None:
    with open_log(url) as log, hanging_up(url) as hang_up:
        log.append([entry()])
        for use in (lambda: log.append([entry()]), log.writable, log.head, log.count):
            assert hang_up() > 0
            use()
        assert log.verify().entries == 2


def is_there(log: DecisionLog, one: Entry) -> bool:
    while True:
        try:
            return log.get(one.id).entry == one
        except UnknownDecisionError:
            return False
        except LogUnavailableError:
            continue


def test_what_was_acknowledged_is_there_and_nothing_else_however_often_connections_are_lost(url: str) -> None:
    acknowledged: list[str] = []
    failed = 0
    with open_log(url) as log, hanging_up(url) as hang_up:
        done = threading.Event()

        def hang_up_again_and_again() -> None:
            for pause in itertools.cycle((0.004, 0.01, 0.03, 0.1)):  # the longest lets a commit through anywhere
                if done.wait(pause):
                    return
                hang_up()

        thread = threading.Thread(target=hang_up_again_and_again)
        thread.start()
        began = time.monotonic()
        while (passed := time.monotonic() - began) < 4 or (passed < 60 and not (failed and acknowledged)):
            new = [entry(), entry()]
            try:
                log.append(new)
            except LogUnavailableError as error:
                failed += 1
                if "not known" in str(error):  # who was told so looks for it later
                    acknowledged += [one.id for one in new if is_there(log, one)]
            else:
                acknowledged += [one.id for one in new]
        done.set()
        thread.join()
        assert [one.entry.id for one in log.scan(kinds=["decision"])] == acknowledged
        assert log.verify().entries == len(acknowledged)
    assert failed
    assert acknowledged


class CutLine:
    """A line to the server that, when `armed`, is cut at the next commit: once that is answered, or before."""

    def __init__(self, host: str, port: int, *, answered: bool) -> None:
        self.armed, self._server, self._answered = threading.Event(), (host, port), answered
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._carry, args=(self._listening.accept()[0],), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    other = server if ready is client else client
                    said = ready.recv(65_536)
                    cut = ready is client and b"COMMIT\0" in said and self.armed.is_set()
                    if said and not (cut and not self._answered):
                        other.sendall(said)
                    if cut and self._answered:
                        server.recv(65_536)
                    if cut or not said:
                        self.armed.clear()
                        return


@pytest.mark.parametrize("answered", [True, False])
def test_an_answer_that_was_lost_is_looked_up(url: str, answered: bool) -> None:
    address = make_url(url)
    line = CutLine(address.host or "127.0.0.1", address.port or 5432, answered=answered)
    with closing(line), open_log(address.set(host="127.0.0.1", port=line.port).render_as_string(False)) as log:
        log.append([entry()])
        for _ in range(3):
            line.armed.set()
            new = [entry(), entry()]
            assert [one.entry for one in log.append(new)] == new
            assert not line.armed.is_set()
            assert [log.get(one.id).entry for one in new] == new
        assert log.verify().entries == 7


def test_a_database_that_comes_back_is_used_again() -> None:
    name, engine = own_name(), create_engine(server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            address = engine.url.set(database=name).render_as_string(hide_password=False)
            with open_log(address) as log, GroupCommit(log) as writer:
                writer.submit([entry()]).result(20)
                for _ in range(2):
                    connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                    connection.exec_driver_sql(
                        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
                    )
                    with pytest.raises(LogUnavailableError, match="not currently accepting"):
                        log.writable()
                    futures = [writer.submit([entry()]) for _ in range(5)]
                    assert all(isinstance(future.exception(20), LogUnavailableError) for future in futures)
                    connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
                    writer.submit([entry()]).result(20)
                assert log.verify().entries == 3
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    engine.dispose()


class TestBookInPostgres(BookLaws):
    pass
