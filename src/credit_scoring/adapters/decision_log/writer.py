"""One writer thread in front of the log: whoever waits at the same moment shares one commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from credit_scoring.adapters.closing import Closing
from credit_scoring.adapters.decision_log.log import DecisionLog
from credit_scoring.domain.errors import LogUnavailableError
from credit_scoring.domain.record import Entry

WAITING_LIMIT = 10_000


class _Submission(NamedTuple):
    entries: Sequence[Entry]
    future: Future[None]
    since: float


class GroupCommit(Closing):
    """Appends to a log from any thread without waiting.

    A submission that comes alone is written at once; those that come while one is being written go together into the
    next transaction. `limit` is how many entries may wait.
    """

    def __init__(self, log: DecisionLog, *, limit: int = WAITING_LIMIT) -> None:
        self._log, self._limit = log, limit
        self._waiting: list[_Submission] = []
        self._entries = 0
        self._writing_since: float | None = None
        self._closed = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._thread.start()

    def submit(self, entries: Sequence[Entry]) -> Future[None]:
        """Return a future that is done once the entries are on disk; all of them are then in the log, or none.

        It fails as `DecisionLog.append` does. Its callbacks run in the writer's thread, and hold up what comes next.

        Raises
        ------
        LogUnavailableError
            If too many entries wait already, or the writer is closed.
        """
        submission = _Submission(entries, Future(), time.monotonic())
        with self._change:
            if self._closed:
                raise LogUnavailableError(self._log.database.where, "it is closed", "start the service again")
            if self._entries + len(entries) > self._limit and self._waiting:
                raise LogUnavailableError(
                    self._log.database.where, f"{self._entries} entries wait to be written", "try again in a moment"
                )
            self._entries += len(entries)
            self._waiting.append(submission)
            self._change.notify()
        return submission.future

    def lag_seconds(self) -> float:
        """Return how long the oldest entry has waited that is not on disk yet; 0 if there is none."""
        with self._change:
            since = self._writing_since
            if since is None and self._waiting:
                since = self._waiting[0].since
        return 0.0 if since is None else time.monotonic() - since

    def close(self) -> None:
        """Write what waits, and take no more. The log stays open."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while taken := self._taken():
            # A future that was cancelled until now is of interest to nobody.
            self._write([one for one in taken if one.future.set_running_or_notify_cancel()])

    def _taken(self) -> list[_Submission]:
        """Return all that waits, as soon as something does; nothing once closed."""
        with self._change:
            self._writing_since = None
            while not self._waiting and not self._closed:
                self._change.wait()
            taken, self._waiting, self._entries = self._waiting, [], 0
            if taken:
                self._writing_since = taken[0].since
        return taken

    def _write(self, taken: list[_Submission]) -> None:
        if not taken:
            return
        error = self._append([entry for one in taken for entry in one.entries])
        if error is None or len(taken) == 1:
            for one in taken:
                _settle(one.future, error)
            return
        for one in taken:  # one of them is bad: the others shall not suffer; a log that is away is not tried again
            if not isinstance(error, LogUnavailableError):
                error = self._append(one.entries)
            _settle(one.future, error)

    def _append(self, entries: Sequence[Entry]) -> Exception | None:
        try:
            self._log.append(entries)
        except Exception as error:
            return error
        return None


def _settle(future: Future[None], error: Exception | None) -> None:
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
