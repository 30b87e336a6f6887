"""A served home on a simulated clock, and months lived against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from tests.running import Running, running

from credit_scoring.adapters.clock import move
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.client.api import Api
from credit_scoring.domain.record import EntryKind, Recorded
from credit_scoring.traffic.calendar import Plan
from credit_scoring.traffic.changes import parsed
from credit_scoring.traffic.sending import Sender
from credit_scoring.traffic.year import Month, simulated_months

PLAN = Plan(months=3, applications=40, changes=(parsed("2:EXT_SOURCE_2-0.1"),), labels_after=timedelta(days=40), seed=3)


@dataclass
class Simulated:
    """A server whose clock is simulated."""

    server: Running
    clock: Path | None

    def months(self, plan: Plan = PLAN, *, patience: float = 60, **how: Any) -> Iterator[Month]:
        """Live through a plan; what is done between two months happens at the end of the first."""
        with httpx.Client(timeout=60) as http:
            sender = Sender(Api(http, self.server.url, "", "en"), patience=patience)
            yield from simulated_months(sender, plan, clock=self.clock, **how)

    def lived(self, plan: Plan = PLAN, **how: Any) -> list[Month]:
        return list(self.months(plan, **how))

    def entries(self, *kinds: EntryKind) -> list[Recorded]:
        with open_log(f"sqlite:///{self.server.home / 'decisions.db'}") as log:
            return list(log.scan(kinds=kinds))


@contextmanager
def simulated(home: Path, plan: Plan = PLAN) -> Iterator[Simulated]:
    clock = home / "clock"
    move(clock, plan.begins(1))
    with running(home, CREDIT_SCORING_SIMULATED_CLOCK=str(clock)) as server:
        yield Simulated(server, clock)
