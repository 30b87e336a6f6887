"""What the routes work with, wired once at start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from credit_scoring.adapters.clock import Clock
from credit_scoring.adapters.decision_log.log import DecisionLog
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.domain.text import Language
from credit_scoring.service.auth import Doorkeeper, Scope
from credit_scoring.service.champion import Champion, Serving
from credit_scoring.service.desk import Desk
from credit_scoring.service.drivers import Drivers
from credit_scoring.service.metrics import Metrics
from credit_scoring.service.problems import NO_MODEL, RefusedError


@dataclass(frozen=True, eq=False)
class Context:
    """The parts of a running service."""

    clock: Clock
    champion: Champion
    desk: Desk
    log: DecisionLog
    writer: GroupCommit
    store: FeatureStore
    watch: WatchBook
    drivers: Drivers
    doorkeeper: Doorkeeper
    metrics: Metrics
    unknown_features: Literal["refuse", "warn"]

    def serving(self) -> Serving:
        """Return the champion, or refuse with 503 while there is none."""
        serving = self.champion.serving
        if serving is None:
            detail = self.champion.refused or "no champion is loaded yet"
            raise RefusedError(503, detail, kind=NO_MODEL, headers={"Retry-After": "5"})
        return serving


def admitted(request: Request, scope: Scope | None) -> tuple[Context, str]:
    """Return the service's parts and the caller of `request`, if the caller may do what `scope` names."""
    context: Context = request.app.state.context
    return context, context.doorkeeper.caller(request, scope)


def language_of(request: Request) -> Language:
    """Return French where ``Accept-Language`` prefers it to English, and English otherwise."""
    best: tuple[float, Language] = (0.0, "en")
    for part in request.headers.get("accept-language", "").split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        base = name.strip().lower().partition("-")[0]
        if base == "fr" and weight > best[0]:
            best = (weight, "fr")
        elif base == "en" and weight > best[0]:
            best = (weight, "en")
    return best[1]
