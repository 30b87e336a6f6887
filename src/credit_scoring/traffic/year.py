"""A year lived through: applications as they come, outcomes as they mature."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from credit_scoring.adapters.clock import Clock, move
from credit_scoring.domain.errors import TrafficError
from credit_scoring.traffic.calendar import Application, Plan, drawn_months
from credit_scoring.traffic.kept import Kept
from credit_scoring.traffic.sending import Answered, Sender


@dataclass(frozen=True, eq=False)
class Month:
    """A month that is over: its applications as they were answered, and how many outcomes came at its end."""

    number: int
    begins: datetime
    ends: datetime
    answered: tuple[Answered, ...]
    outcomes: int


def simulated_months(
    sender: Sender,
    plan: Plan,
    *,
    clock: Path | None = None,
    keep: Path | None = None,
    on_progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Iterator[Month]:
    """Yield each month once it is over: its applications decided, the outcomes that matured sent, its tables kept.

    Whoever takes the months may do in between what is done at a month's end: the simulated clock stands at it.
    Applications that the log holds already are not sent again, so that a year that was stopped goes on where it was.

    Parameters
    ----------
    clock
        The file of the server's simulated clock, which is moved to noon of each day and to each month's end, never
        back. Without it the server records everything as of now.
    keep
        Folder for the tables so far, written at each month's end.
    on_progress
        Called with the month, the applications done and their total.

    Raises
    ------
    TrafficError
        If the server refuses or stays away, its clock is not the one of `clock`, or the clock is past a moment at
        which something has yet to be recorded.
    """
    if clock is None and sender.clock() is not None:
        raise TrafficError("the server's clock is simulated and would stand still: name its file with --clock")
    kept = Kept(keep) if keep else None
    approved: list[Answered] = []
    known: set[int] = set()
    for drawn in drawn_months(plan):
        done, total = (drawn.number - 1) * plan.applications, plan.months * plan.applications
        answered: list[Answered] = []
        for at, some in itertools.groupby(drawn.applications, key=lambda one: one.at):
            answered += _day(sender, clock, at, list(some))
            on_progress(f"{drawn.begins:%Y-%m}", done + len(answered), total)
        if clock:
            _move_on(sender, clock, drawn.ends)
        approved += [one for one in answered if one.decision == "approve"]
        matured = [one for one in approved if drawn.begins < one.at + plan.labels_after <= drawn.ends]
        new = sender.outcomes([(one, (one.at + plan.labels_after).date()) for one in matured])
        known |= {one.applicant for one in matured}
        if kept:
            kept.add(drawn.tables)
            kept.write(known)
        yield Month(drawn.number, drawn.begins, drawn.ends, tuple(answered), new)


def _day(sender: Sender, clock: Path | None, at: datetime, applications: list[Application]) -> list[Answered]:
    found = sender.known(applications)
    new = [one for one, known in zip(applications, found, strict=True) if known is None]
    if new and clock and _move_on(sender, clock, at) > at:
        raise TrafficError(
            f"the clock {clock} is past {at.isoformat()}, at which applications have yet to come: set it back if "
            "nothing later was recorded, or give a later --start"
        )
    decided = iter(sender.decided(new))
    return [known or next(decided) for known in found]


def _move_on(sender: Sender, clock: Path, moment: datetime) -> datetime:
    """Return where the clock stands after moving it to a moment, unless it is past that; the server must follow."""
    now = Clock(clock).now()
    if now < moment:
        move(clock, now := moment)
    if (served := sender.clock()) != now.isoformat():
        told = "has the real one" if served is None else f"is at {served}"
        raise TrafficError(
            f"the server does not follow the clock {clock}, which is at {now.isoformat()}: it {told}; "
            "start it with CREDIT_SCORING_SIMULATED_CLOCK naming this file"
        )
    return now
