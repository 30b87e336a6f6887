"""The decision log on a disk that fills up, twice: no answer without a record, and all is well once there is room."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.running import Running, eventually, running

from credit_scoring.adapters.decision_log.log import open_log

pytestmark = pytest.mark.slow

MEGABYTE = 2**20
AT_ONCE = 8
MOST_REQUESTS = 8_000


class Disk:
    """A small file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._filler = folder, folder / "of-somebody-else"

    def fill(self) -> None:
        """Let somebody else take all the room there is."""
        with self._filler.open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4_096))
            except OSError:
                return

    def free(self) -> None:
        self._filler.unlink()

    def enlarge(self, size: int) -> None:
        mount("-o", f"remount,size={size}", str(self.folder))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to mount a small disk")
    try:
        mount("-t", "tmpfs", "-o", f"size={3 * MEGABYTE}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs to mount a small disk: {error}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class Clients:
    """Several clients, and the decisions that they were told."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self.told: dict[str, tuple[float, str]] = {}
        self.statuses: Counter[int] = Counter()

    def ask(self, number: int) -> int:
        """Ask once; the answer is a decision, or a problem that says why there is none."""
        features: dict[str, Any] = {"EXT_SOURCE_2": number % 997 / 997, "AMT_CREDIT": 100_000.0 + number}
        path = ("/predict", "/predict/explain")[number % 2]
        response = self._server.client.post(path, json={"features": features})
        self.statuses[response.status_code] += 1
        if response.status_code == 200:
            one = response.json()
            self.told[one["decision_id"]] = one["p_default"], one["decision"]
        else:
            assert response.status_code == 503, response.text
            assert response.headers["content-type"] == "application/problem+json"
            assert "decision log" in response.json()["detail"]
        return response.status_code

    def ask_often(self, times: int, first: int = 0) -> Counter[int]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return Counter(pool.map(self.ask, range(first, first + times)))

    def ask_until_refused(self) -> None:
        """Ask until nobody is answered; before that, a small record may still find room where a large one did not."""
        for first in range(0, MOST_REQUESTS, AT_ONCE):
            if self.ask_often(AT_ONCE, first) == {503: AT_ONCE}:
                return
        raise AssertionError("the disk does not fill up")


def ready(client: httpx.Client) -> int:
    return client.get("/ready").status_code


def test_a_full_disk_refuses_decisions_loses_none_and_is_got_over_without_a_restart(
    new_home: Callable[[], Path], disk: Disk
) -> None:
    url = f"sqlite:///{disk.folder / 'decisions.db'}"
    with running(new_home(), CREDIT_SCORING_DECISIONS_URI=url) as server:
        clients = Clients(server)
        assert clients.ask_often(40) == {200: 40}
        for make_room in (disk.free, lambda: disk.enlarge(64 * MEGABYTE)):
            if make_room == disk.free:
                disk.fill()  # the second time, the log itself takes all the room
            clients.ask_until_refused()
            eventually(lambda: ready(server.client) == 503)
            assert clients.ask_often(40) == {503: 40}
            one = next(iter(clients.told))
            assert server.client.get(f"/decisions/{one}/replay").json()["same_p_default"]  # what is there can be read
            assert server.client.get("/health").status_code == 200
            make_room()
            eventually(lambda: ready(server.client) == 200)
            assert clients.ask_often(40) == {200: 40}
    recorded = {}
    with open_log(url) as log:
        found = log.verify(on_entry=lambda one: recorded.update({one.entry.id: one.entry.facts}))
    assert found.entries == len(recorded)
    assert {name: (facts["p_default"], facts["decision"]) for name, facts in recorded.items()} == clients.told
