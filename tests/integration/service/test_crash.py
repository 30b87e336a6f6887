"""Mixed traffic while the server is killed and the champion changes: what a client was told is recorded, once."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine
from tests.integration.service.traffic import Traffic, require_all_recorded, require_replays
from tests.running import Running, eventually, running
from tests.served import Bundles

from credit_scoring.bundle.published import Pointer, PublishedBundles

pytestmark = pytest.mark.slow

MOST_REPLAYS = 300
POSTGRES = "CREDIT_SCORING_TEST_POSTGRES"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A database whose search path is an empty schema of its own, dropped at the end."""
    root = os.environ.get(POSTGRES)
    if not root:
        pytest.skip(f"needs a PostgreSQL database: set {POSTGRES} to its URL (postgresql+psycopg://…)")
    name, engine = f"credit_scoring_{uuid.uuid4().hex}", create_engine(root)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        own = engine.url.update_query_dict({"options": f"-csearch_path={name}"})
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        engine.dispose()


def promote(home: Path, bundles: Bundles, version: int) -> None:
    PublishedBundles(home / "models").point(Pointer(champion=bundles.version(version), announced=True))


def promoted(server: Running, bundles: Bundles, version: int) -> None:
    """Promote a version, and wait until the server says that it decides."""
    promote(server.home, bundles, version)
    digest = bundles.version(version).digest
    eventually(lambda: server.client.get("/ready").json()["model"] == digest)


def traffic_on(server: Running) -> Traffic:
    found = server.client.get("/applicants", params={"limit": 50}).json()["applicants"]
    return Traffic(server.url, [one["applicant"] for one in found])


def require_that_it_replays(server: Running, bundles: Bundles, traffic: Traffic) -> None:
    """Replay much of what was told, by the bundle that decides now, and some by one that does not any more."""
    by_version = {number: [one for one in traffic.told if one.version == number] for number in (1, 2)}
    by_version = {number: told[:: 1 + len(told) // MOST_REPLAYS] for number, told in by_version.items()}
    for number, other in ((1, 2), (2, 1)):
        promoted(server, bundles, number)
        require_replays(server.client, by_version[number])
        require_replays(server.client, by_version[other][::20])
    assert all(by_version.values())


def survive(home: Path, bundles: Bundles, log: str, **environment: str) -> None:
    with running(home, **environment) as server:
        with traffic_on(server) as traffic:
            for version, until_killed in ((2, 1.5), (1, 0.0), (2, 0.9)):  # it is taken up, or not yet, or just now
                time.sleep(1.5)
                promote(home, bundles, version)
                time.sleep(until_killed)
                server.kill()
                server.start()
            time.sleep(1.5)
        assert traffic.lost
        require_all_recorded(log, traffic)
        require_that_it_replays(server, bundles, traffic)


def test_what_was_told_is_recorded_once_and_replays_however_often_the_server_is_killed(
    new_home: Callable[[], Path], bundles: Bundles
) -> None:
    home = new_home()
    survive(home, bundles, f"sqlite:///{home / 'decisions.db'}")


def test_what_was_told_is_in_postgres_once_and_replays_however_often_the_server_is_killed(
    new_home: Callable[[], Path], bundles: Bundles, postgres_url: str
) -> None:
    survive(new_home(), bundles, postgres_url, CREDIT_SCORING_DECISIONS_URI=postgres_url)


def test_a_promotion_drops_no_request_and_answers_after_it_name_the_new_version(
    new_home: Callable[[], Path], bundles: Bundles
) -> None:
    home, known = new_home(), list[tuple[float, float, int]]()
    with running(home) as server, traffic_on(server) as traffic:
        for version in (2, 1, 2):
            promoted(server, bundles, version)
            since = time.monotonic()
            time.sleep(1.5)
            known.append((since, time.monotonic(), version))
    assert not traffic.lost
    assert set(traffic.statuses) == {200, 201}
    for since, until, version in known:
        assert {one.version for one in traffic.told if since <= one.sent and one.sent < until} == {version}
    require_all_recorded(f"sqlite:///{home / 'decisions.db'}", traffic)


def workers_of(server: Running) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in children.split() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_gone(server: Running) -> bool:
    try:
        httpx.get(f"{server.url}/health", timeout=5)
    except httpx.TransportError:
        return True
    return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc, to find the workers")
def test_workers_keep_one_chain_though_they_and_the_process_above_them_are_killed(
    new_home: Callable[[], Path], bundles: Bundles
) -> None:
    home = new_home()
    with running(home, "--workers", "2") as server:
        eventually(lambda: server.output.count("Application startup complete") == 2)
        with traffic_on(server) as traffic:
            time.sleep(1.5)
            os.kill(workers_of(server)[0], signal.SIGKILL)
            promote(home, bundles, 2)
            eventually(lambda: server.output.count("Application startup complete") == 3)
            time.sleep(1.5)
            server.kill()
            eventually(lambda: is_gone(server))  # its workers do not outlive it
            server.arguments = ()
            server.start()  # at the same port
            time.sleep(1.5)
        assert traffic.lost
        require_all_recorded(f"sqlite:///{home / 'decisions.db'}", traffic)
        require_replays(server.client, traffic.told[::5])
        assert {one.version for one in traffic.told[::5]} == {1, 2}
