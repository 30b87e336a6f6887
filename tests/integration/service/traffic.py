"""Clients of all kinds at once, and everything that they were told."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.domain.record import Recorded

FIRST_OWN = 10_000_000  # numbers of applications that only one request ever carries
MOST_REQUESTS = 3_000


@dataclass(frozen=True, slots=True)
class Told:
    """One decision, read from a complete answer to a request that was sent at `sent`."""

    sent: float
    id: str
    p_default: float
    decision: str
    version: int
    reasons: tuple[str, ...] | None


@dataclass
class Traffic:
    """Threads that ask for everything there is until the `with` block ends; what is lost is not asked again."""

    url: str
    applicants: list[int]
    clients: int = 6
    pause: float = 0.02
    told: list[Told] = field(default_factory=list)
    reviewed: list[dict[str, str]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)
    lost: int = 0

    def __enter__(self) -> Self:
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        client = _Client(self, random.Random(number), (number + 1) * FIRST_OWN)  # noqa: S311 - not a secret
        kinds = (client.predict, client.explain, client.batch, client.application, client.stored, client.simulate)
        with httpx.Client(base_url=self.url, timeout=60) as client.http:
            for turn in range(MOST_REQUESTS):
                try:
                    kinds[(turn + number) % len(kinds)]()
                except httpx.TransportError:
                    self.lost += 1
                    time.sleep(0.2)
                if self._done.wait(self.pause):
                    return


@dataclass
class _Client:
    traffic: Traffic
    random: random.Random
    own: int
    http: httpx.Client = field(init=False)

    def predict(self) -> None:
        for one in self._ask("/predict", {"features": self._features(), "applicant": self._next()}):
            self._review(one)

    def explain(self) -> None:
        self._ask("/predict/explain", {"features": self._features(), "applicant": self._next()})

    def batch(self) -> None:
        rows = [{"features": self._features(), "applicant": self._next()} for _ in range(self.random.randint(2, 12))]
        self._ask("/predict/batch", {"applications": rows})

    def application(self) -> None:
        row = self._features() | {"SK_ID_CURR": self._next()}
        debts = [{"SK_ID_BUREAU": 1 + n, "AMT_CREDIT_SUM_DEBT": 1_000.0 * n} for n in range(self.random.randint(0, 3))]
        self._ask("/applications/score", {"application": row, "bureau": debts, "previous_application": []})

    def stored(self) -> None:
        self._ask(f"/applicants/{self.random.choice(self.traffic.applicants)}/score", None)

    def simulate(self) -> None:
        self._ask("/simulate", {"features": self._features(), "changes": {"AMT_CREDIT": 250_000.0}, "suggest": True})

    def _features(self) -> dict[str, float | str]:
        draw = self.random.uniform
        return {
            "EXT_SOURCE_1": draw(0, 1),
            "EXT_SOURCE_2": draw(0, 1),
            "EXT_SOURCE_3": draw(0, 1),
            "AMT_CREDIT": draw(100_000, 900_000),
            "AMT_ANNUITY": draw(10_000, 60_000),
            "AMT_GOODS_PRICE": draw(100_000, 900_000),
            "AMT_INCOME_TOTAL": draw(50_000, 400_000),
            "CODE_GENDER": self.random.choice(["F", "M"]),
        }

    def _next(self) -> int:
        self.own += 1
        return self.own

    def _ask(self, path: str, body: Mapping[str, Any] | None) -> list[Told]:
        sent = time.monotonic()
        answer = self._posted(path, body, 200)
        if answer is None:
            return []
        made = answer.get("predictions") or [answer[when] for when in ("before", "after") if when in answer] or [answer]
        told = [
            Told(
                sent,
                one["decision_id"],
                one["p_default"],
                one["decision"],
                one["model"]["version"],
                tuple(reason["text"] for reason in one["reasons"]) if "reasons" in one else None,
            )
            for one in made
        ]
        self.traffic.told += told
        return told

    def _review(self, one: Told) -> None:
        action, decision = {
            "approve": ("override", "decline"),
            "decline": ("override", "approve"),
            "refer": ("confirm", "approve"),
        }[one.decision]
        body = {"action": action, "decision": decision, "reason_code": "income_verified", "reviewer": "C. Martin"}
        answer = self._posted(f"/decisions/{one.id}/review", body, 201)
        if answer is not None:
            self.traffic.reviewed.append(answer)

    def _posted(self, path: str, body: Mapping[str, Any] | None, wanted: int) -> dict[str, Any] | None:
        response = self.http.post(path, json=body)
        self.traffic.statuses[response.status_code] += 1
        if response.status_code == wanted:
            answer: dict[str, Any] = response.json()
            return answer
        if response.status_code != 503:
            self.traffic.strange.append(f"{path}: {response.status_code} {response.text[:500]}")
        return None


def require_all_recorded(url: str, *many: Traffic) -> None:
    """Fail unless the log at `url` verifies and holds all that was told, as it was told, and nothing twice."""
    recorded: dict[str, Recorded] = {}
    carried: Counter[int] = Counter()

    def note(one: Recorded) -> None:
        assert one.entry.id not in recorded
        recorded[one.entry.id] = one
        if one.entry.kind == "decision" and one.entry.payload and (one.entry.payload.applicant or 0) >= FIRST_OWN:
            carried[one.entry.payload.applicant or 0] += 1

    with open_log(url) as log:
        found = log.verify(on_entry=note)
    assert found.entries == len(recorded)
    assert max(carried.values()) == 1  # no request was decided twice
    for traffic in many:
        assert not traffic.strange
        assert len({one.id for one in traffic.told}) == len(traffic.told) > 0
        for one in traffic.told:
            facts = recorded[one.id].entry.facts
            assert (facts["p_default"], facts["decision"], facts["version"]) == (
                one.p_default,
                one.decision,
                one.version,
            )
        for review in traffic.reviewed:
            entry = recorded[review["review_id"]].entry
            assert (entry.kind, entry.subject) == ("review", review["decision_id"])
            assert entry.facts["decision"] == review["decision"]


def require_replays(client: httpx.Client, told: Iterable[Told]) -> None:
    """Fail unless each decision comes out again: PD and decision to the last bit, features and reasons as recorded."""

    def replay(one: Told) -> None:
        response = client.get(f"/decisions/{one.id}/replay")
        assert response.status_code == 200, response.text
        again = response.json()
        assert again["same_p_default"], again
        assert again["same_decision"], again
        assert again["same_features"] is True, again
        assert again["p_default"] == one.p_default
        assert again["same_reasons"] is (None if one.reasons is None else True), again
        assert one.reasons is None or tuple(again["reasons"]) == one.reasons

    in_parallel(replay, told)


def in_parallel(work: Callable[[Told], None], told: Iterable[Told]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, told))
