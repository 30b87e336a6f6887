"""Where cases wait: those of the same moment share one evaluation and one commit, and one alone waits for nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from credit_scoring.adapters.clock import Clock
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.domain.errors import CreditScoringError
from credit_scoring.domain.record import Entry
from credit_scoring.service.champion import Champion, Serving
from credit_scoring.service.deciding import Case, Decided, decide, entries, shadow
from credit_scoring.service.metrics import Metrics
from credit_scoring.service.problems import RefusedError

logger = logging.getLogger(__name__)
MOST_TOGETHER = 32
MOST_WAITING = 4_096
PAUSE_SECONDS, MOST_PAUSES = 0.002, 4
ARRIVAL_PAUSE_SECONDS = 0.005  # their bodies are long, and what they share takes ten times as long
MOST_SHADOWS = 10_000


class Desk:
    """Decides cases and records them before anybody is told.

    PDs alone are computed in the event loop, where handing them to a thread and back would cost more than it frees.
    Explained cases have a thread of their own, as contributions take much longer, and so have those that arrive as rows
    of the tables, whose features take longer still.
    """

    def __init__(
        self, log: GroupCommit, champion: Champion, metrics: Metrics, clock: Clock, *, log_features: bool
    ) -> None:
        self._log, self._champion, self._metrics, self._log_features = log, champion, metrics, log_features
        self._clock = clock
        self._explaining = ThreadPoolExecutor(1, thread_name_prefix="desk-explain")
        self._assembling = ThreadPoolExecutor(1, thread_name_prefix="desk-assemble")
        self._predicted, self._explained = _Line(self, None), _Line(self, self._explaining)
        self._arrived = _Line(self, self._assembling, ARRIVAL_PAUSE_SECONDS)
        self._shadows: queue.Queue[Decided | None] = queue.Queue(MOST_SHADOWS)
        self._shading = threading.Thread(target=self._shade, name="desk-shadow", daemon=True)

    def open(self) -> None:
        """Start working."""
        self._shading.start()

    def close(self) -> None:
        """Finish what waits, and stop."""
        self._explaining.shutdown()
        self._assembling.shutdown()
        self._shadows.put(None)
        self._shading.join()

    async def decided(self, case: Case) -> Decided:
        """Return the decision of a case, once its record is durable.

        Raises
        ------
        LogUnavailableError
            If it cannot be recorded.
        RefusedError
            With 503 if too many cases wait.
        """
        line = self._arrived if case.arrival else self._explained if case.language else self._predicted
        return await line.decided(case)

    def decide_all(self, cases: Sequence[Case]) -> list[Decided]:
        """Return the decisions of many cases at once, recorded together; blocks the thread that calls it."""
        decided, recorded = self.begun(cases)
        recorded.result()
        self.after(decided)
        return decided

    def begun(self, cases: Sequence[Case]) -> tuple[list[Decided], Future[None]]:
        """Return the decisions of cases, and what is done once they are recorded; nobody may be told before."""
        decided = decide(cases, self._clock.now())
        return decided, self._log.submit(entries(decided, self._clock.mark))

    def after(self, decided: Sequence[Decided]) -> None:
        """Count recorded decisions, and let the challenger score them too."""
        challenged = self._champion.challenger is not None
        for one in decided:
            self._metrics.decided(one)
            if self._log_features:
                logger.info("decision %s (%s) on %s", one.id, one.decision, one.case.inputs.decode(errors="replace"))
            if challenged and one.case.kind == "decision":
                try:
                    self._shadows.put_nowait(one)
                except queue.Full:
                    self._metrics.shadows_dropped.inc()

    def _shade(self) -> None:
        """Score what was decided by the challenger too; nobody waits for it, and nothing it does fails a decision."""
        while (one := self._shadows.get()) is not None:
            challenger = self._champion.challenger
            if challenger is None:
                continue
            try:
                self._log.submit([_shadow(one, challenger, self._clock)]).result()
                self._metrics.shadows.inc()
            except CreditScoringError as error:
                self._metrics.shadows_dropped.inc()
                logger.warning("the challenger's score of decision %s is not recorded: %s", one.id, error)
            except Exception:
                self._metrics.shadows_dropped.inc()
                logger.exception("the challenger could not score decision %s", one.id)


class _Line:
    """Cases of one event loop, taken together as they come; while some are on their way, the next ones gather.

    Who was just told often asks again at once. So after several were told together, the next ones are begun when as
    many wait, or when a pause brings no more: else they would fall into two groups that take turns, each paying for
    an evaluation and a commit of its own. After one that came alone there is no pause.

    Used from the event loop only; `executor` computes, or the loop itself where that is ``None``.
    """

    def __init__(self, desk: Desk, executor: Executor | None, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._desk, self._executor, self._pause_seconds = desk, executor, pause_seconds
        self._waiting: list[tuple[Case, asyncio.Future[Decided]]] = []
        self._busy = False
        self._expected = 0
        self._pause: asyncio.TimerHandle | None = None

    async def decided(self, case: Case) -> Decided:
        if len(self._waiting) >= MOST_WAITING:
            raise RefusedError(503, "too many applications wait for a decision: try again in a moment")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Decided] = loop.create_future()
        self._waiting.append((case, future))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin, loop)  # after all that came with it
        elif self._pause is not None and len(self._waiting) >= self._expected:
            self._pause.cancel()
            self._pause = None
            loop.call_soon(self._begin, loop)
        return await future

    def _gather(self, loop: asyncio.AbstractEventLoop, before: int, pauses: int) -> None:
        """Begin, unless more have come than waited `before`: then others may follow, for so many `pauses`."""
        self._pause = None
        if len(self._waiting) > before and pauses:
            self._wait(loop, pauses - 1)
        elif self._waiting:
            self._begin(loop)
        else:
            self._busy = False

    def _wait(self, loop: asyncio.AbstractEventLoop, pauses: int) -> None:
        self._pause = loop.call_later(self._pause_seconds, self._gather, loop, len(self._waiting), pauses)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        if self._executor is None:
            self._work(together, loop)
        else:
            self._executor.submit(self._work, together, loop)

    def _work(self, together: list[tuple[Case, asyncio.Future[Decided]]], loop: asyncio.AbstractEventLoop) -> None:
        futures = [future for _, future in together]
        try:
            decided, recorded = self._desk.begun([case for case, _ in together])
        except Exception as error:  # whoever waits is told, and the line goes on
            loop.call_soon_threadsafe(self._end, futures, error, loop)
            return
        recorded.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._end, futures, done.exception() or decided, loop)
        )

    def _end(
        self,
        futures: list[asyncio.Future[Decided]],
        found: list[Decided] | BaseException,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        for number, future in enumerate(futures):
            if future.done():  # who asked has gone
                continue
            if isinstance(found, BaseException):
                future.set_exception(found)
            else:
                future.set_result(found[number])
        if not isinstance(found, BaseException):
            self._desk.after(found)
        self._expected = min(len(futures) + len(self._waiting), MOST_TOGETHER)
        if len(self._waiting) >= self._expected:
            loop.call_soon(self._begin, loop)
        elif self._expected > 1:
            loop.call_soon(self._wait, loop, MOST_PAUSES)  # after the answers have gone
        else:
            self._busy = False


def _shadow(one: Decided, challenger: Serving, clock: Clock) -> Entry:
    if one.case.supplied is None:
        return shadow(one, challenger, None, clock)
    known = challenger.intake.inputs.kinds
    sent = json.loads(one.case.inputs)["features"]
    return shadow(one, challenger, {name: value for name, value in sent.items() if name in known}, clock)
