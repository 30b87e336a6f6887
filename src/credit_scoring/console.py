"""What the terminal shows: each step with what it does, how long it may still take, and what it made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY_SECONDS = 10.0


class Terminal:
    """Writes to standard error: bars on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(text, markup=False)

    def notice(self, text: str) -> None:
        """Write a line that the user should read once."""
        self.say(f"note: {text}")

    @contextmanager
    def step(self, title: str) -> Iterator[Bar]:
        """Show a step; the bar it yields tells progress, and its ``made`` is told at the end with the time."""
        start = time.perf_counter()
        if self._console.is_terminal:
            with Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            ) as progress:
                bar = Bar(self, title, progress)
                yield bar
        else:
            self.say(f"{title} ...")
            bar = Bar(self, title, None)
            yield bar
        made = f": {bar.made}" if bar.made else ""
        self.say(f"{title}{made} ({time.perf_counter() - start:.1f} s)")


class Bar:
    """The progress of one step. Set ``made`` to say what came of it."""

    def __init__(self, terminal: Terminal, title: str, progress: Progress | None) -> None:
        self.made = ""
        self._terminal, self._title, self._progress = terminal, title, progress
        self._task = progress.add_task(title, total=None) if progress else None
        self._start = self._last = time.perf_counter()

    def at(self, what: str, done: int, total: int | None) -> None:
        """Tell that `done` of `total` are done and `what` is next."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=f"{self._title}: {what}", completed=done, total=total)
            return
        now = time.perf_counter()
        if now - self._last < _LINE_EVERY_SECONDS:
            return
        self._last = now
        left = f", about {(now - self._start) / done * (total - done):.0f} s left" if done and total else ""
        of = f" of {total}" if total else ""
        self._terminal.say(f"  {what} ({done}{of}{left})")
