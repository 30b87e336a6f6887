"""Applications and outcomes sent, each once, however often the server goes away."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from pydantic_core import to_json

from credit_scoring.client.api import Api, ApiError
from credit_scoring.domain.errors import TrafficError
from credit_scoring.traffic.calendar import Application
from credit_scoring.wire.base import Decision
from credit_scoring.wire.decisions import DecisionPage, DecisionRecord, DecisionSummary, OutcomesResponse
from credit_scoring.wire.model import SIMULATED_CLOCK, Ready
from credit_scoring.wire.scoring import Explanation

T = TypeVar("T")
PASSING = frozenset({"down", "timeout", "unavailable", "no-model", "too-many"})
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
OUTCOMES_AT_A_TIME = 1_000


@dataclass(frozen=True, eq=False)
class Answered:
    """What was decided on an applicant `at` a moment, and whether they would default.

    ``found`` says that the log told the decision, and not an answer.
    """

    applicant: int
    at: datetime
    defaulted: bool
    decision_id: str
    decision: Decision
    p_default: float
    found: bool


class Sender:
    """Asks the API, so many requests at once; one that fails for a passing reason is tried again for `patience` s.

    The log is what says that an application was sent: it is looked up before it is sent again. So nothing is
    recorded twice, whether the server dies, the connection, or who sends.

    Every method raises `TrafficError` if the API refuses, or does not come back.
    """

    def __init__(self, api: Api, *, at_once: int = 4, patience: float = 60.0) -> None:
        self._api, self._at_once, self._patience = api, at_once, patience

    def clock(self) -> str | None:
        """Return the moment of the server's simulated clock, as it writes it; ``None`` where it has the real one."""
        ready = self._patiently(lambda: self._api.get(Ready, "/ready"))
        return next((n.removeprefix(SIMULATED_CLOCK) for n in ready.notes if n.startswith(SIMULATED_CLOCK)), None)

    def known(self, applications: Sequence[Application]) -> list[Answered | None]:
        """Return what the log holds of each application; ``None`` where it has not come there yet."""
        return self._together(lambda one: self._patiently(lambda: self._found(one)), applications)

    def decided(self, applications: Sequence[Application]) -> list[Answered]:
        """Return the decisions on applications that were not in the log."""
        return self._together(self._decided, applications)

    def outcomes(self, matured: Sequence[tuple[Answered, date]]) -> int:
        """Return how many outcomes are new to the log; each comes with the day on which it is known."""
        new = 0
        for first in range(0, len(matured), OUTCOMES_AT_A_TIME):
            told = [
                {"decision_id": one.decision_id, "defaulted": one.defaulted, "observed_on": day.isoformat()}
                for one, day in matured[first : first + OUTCOMES_AT_A_TIME]
            ]
            ask = partial(self._api.post, OutcomesResponse, "/outcomes", {"outcomes": told})
            new += self._patiently(ask).recorded  # the same again changes nothing
        return new

    def _together(self, work: Callable[[Application], T], applications: Sequence[Application]) -> list[T]:
        with ThreadPoolExecutor(self._at_once) as pool:
            futures = [pool.submit(work, one) for one in applications]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _decided(self, application: Application) -> Answered:
        attempts = itertools.count()

        def ask() -> Answered:
            if next(attempts) and (found := self._found(application)):  # only the answer was lost
                return found
            told = self._api.post(Explanation, "/applications/score", dict(application.body))
            return _answered(application, told, found=False)

        return self._patiently(ask)

    def _found(self, application: Application) -> Answered | None:
        page = self._api.get(DecisionPage, "/decisions", applicant=application.id, limit=1)
        if not page.decisions:
            return None
        one = page.decisions[0]
        recorded = self._api.get(DecisionRecord, f"/decisions/{one.decision_id}").inputs
        if recorded is not None and recorded != json.loads(to_json(application.body)):
            raise TrafficError(
                f"applicant {application.id} is in this log with another application, so it holds another simulated "
                "year: give the same options as then to go on with that, or another --seed"
            )
        return _answered(application, one, found=True)

    def _patiently(self, ask: Callable[[], T]) -> T:
        pause, until = FIRST_PAUSE, time.monotonic() + self._patience
        while True:
            try:
                return ask()
            except ApiError as error:
                if error.kind not in PASSING or time.monotonic() + pause > until:
                    raise _ended(error) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _answered(one: Application, told: Explanation | DecisionSummary, *, found: bool) -> Answered:
    return Answered(one.id, one.at, one.defaulted, told.decision_id, told.decision, told.p_default, found)


def _ended(error: ApiError) -> TrafficError:
    why = f"{error.kind}: {error.detail}" if error.detail else error.kind
    if error.kind in PASSING:
        return TrafficError(
            f"the API does not answer ({why}); what it recorded stays: start it, and give the same command again"
        )
    return TrafficError(f"the API refuses ({why})")
