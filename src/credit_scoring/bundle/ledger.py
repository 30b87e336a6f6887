"""Which model decided when, and who promoted it: one line of JSON for each change, only ever added to.

A change is written here, durably, before the pointer moves: a process killed between the two leaves a line that names
who tried and why, and that `periods` tells from one that took effect by what the next change replaced. The other order
would leave a champion that nobody promoted.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import IO, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from credit_scoring.bundle.store import flush
from credit_scoring.domain.errors import BundleError

Action = Literal["promote", "rollback", "challenge"]


class LedgerEntry(BaseModel):
    """One change. ``replaced`` is the digest of the champion before, or of the challenger before a challenge.

    It is empty if there was none, and ``None`` if that is not known because the pointer was damaged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    action: Action
    model_name: str
    version: int
    digest: str
    by: str
    reason: str
    replaced: str | None


class Period(NamedTuple):
    """A time in which one bundle decided, ``since <= t < until``; ``None`` is from before the ledger, and to now.

    Without an ``entry`` the ledger does not know who made it champion, nor when exactly between the changes around.
    """

    digest: str
    since: datetime | None
    until: datetime | None
    entry: LedgerEntry | None


class Ledger:
    """The ledger in a file. A line that a killed process did not finish is no line; its change never took effect."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def entries(self) -> list[LedgerEntry]:
        """Return every change, oldest first; none where there is no file.

        Raises
        ------
        BundleError
            If a finished line is not an entry.
        """
        try:
            lines = self.file.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [self._entry(number, line) for number, line in enumerate(lines, 1)]

    def _entry(self, number: int, line: bytes) -> LedgerEntry:
        try:
            return LedgerEntry.model_validate_json(line)
        except ValidationError as error:
            raise BundleError(
                f"line {number} of {self.file} is damaged: restore the file, or move it away to begin a new one"
            ) from error

    @contextmanager
    def changing(self) -> Iterator[IO[bytes]]:
        """Give the file to `add` to; nobody else who changes the models goes on meanwhile, in whatever process."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def add(self, file: IO[bytes], entry: LedgerEntry) -> None:
        """Write an entry after the last finished line; it is on disk when this returns."""
        file.seek(0)
        finished = file.read().rfind(b"\n") + 1
        file.truncate(finished)
        file.write(entry.model_dump_json().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
        flush(self.file.parent)


def periods(entries: Sequence[LedgerEntry], champion: str) -> list[Period]:
    """Return who decided when, oldest first, without gaps.

    Parameters
    ----------
    entries
        Oldest first.
    champion
        Digest of the present champion, empty if there is none: it tells whether the last change took effect.
    """
    changes = [entry for entry in entries if entry.action != "challenge"]
    first = changes[0].replaced if changes else champion
    found = [Period(first, None, changes[0].at if changes else None, None)] if first else []
    for entry, following in zip_longest(changes, changes[1:]):
        after, until = (champion, None) if following is None else (following.replaced, following.at)
        if after is not None and after == entry.replaced != entry.digest:  # killed before the pointer moved
            found[-1:] = [one._replace(until=until) for one in found[-1:]]
            continue
        found.append(Period(entry.digest, entry.at, until, entry))
        if after and after != entry.digest:  # the pointer was moved by other hands
            found.append(Period(after, entry.at, until, None))
    return found


def on_day(found: Sequence[Period], day: date) -> list[Period]:
    """Return the periods that share a moment with a day, from midnight to midnight UTC."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    return [one for one in found if (one.since is None or one.since < end) and (one.until is None or one.until > begin)]
