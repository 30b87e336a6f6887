"""The moment at which something is recorded: now, or what a file says where a year is simulated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from credit_scoring.domain.errors import ClockError
from credit_scoring.domain.record import Json


@dataclass(frozen=True)
class Clock:
    """Tells the moment, and marks what it dates where that is not the real one.

    ``file`` holds a moment of ISO 8601 with its time zone. It is read anew each time, so that all processes of a
    service agree; who moves the clock replaces the file (`move`).
    """

    file: Path | None = None

    def now(self) -> datetime:
        """Return the moment, in UTC.

        Raises
        ------
        ClockError
            If the file cannot be read, or holds no moment with a time zone.
        """
        if self.file is None:
            return datetime.now(UTC)
        try:
            moment = datetime.fromisoformat(self.file.read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            raise ClockError(self.file, str(error)) from error
        if moment.tzinfo is None:
            raise ClockError(self.file, f"{moment.isoformat()} has no time zone")
        return moment.astimezone(UTC)

    @property
    def mark(self) -> dict[str, Json]:
        """Return what the facts of an entry say of its moment; nothing where it is the real one."""
        return {"clock": "simulated"} if self.file else {}


def move(file: Path, moment: datetime) -> None:
    """Set a simulated clock; whoever reads it sees the old moment or the new one."""
    written = file.with_name(f".{file.name}.partial")
    written.write_text(moment.isoformat(), encoding="utf-8")
    written.replace(file)
