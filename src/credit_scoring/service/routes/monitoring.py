"""What the watch found. It works apart from the service, which only reads its book."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.monitoring.passes import Pass
from credit_scoring.monitoring.promotion import Challenge
from credit_scoring.monitoring.vintages import Vintage
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.context import admitted
from credit_scoring.wire.challenge import WatchChallenge
from credit_scoring.wire.monitoring import (
    Watch,
    WatchAlert,
    WatchedConcept,
    WatchFinding,
    WatchPass,
    WatchSearch,
    WatchVintage,
)

router = APIRouter(tags=["operation"])


@router.get(
    "/monitoring",
    summary="What the watch found",
    response_model=Watch,
    responses=refusals(401, 403, 422, 429, 503, 504),
)
async def monitoring(request: Request, asked: Annotated[WatchSearch, Query()]) -> Response:
    """Return the passes of ``credit-scoring monitor run``, the newest in detail, alerts, and the newest challenge."""
    context, _ = admitted(request, "review")
    return answer(await asyncio.to_thread(_watch, context.watch, asked))


def _watch(book: WatchBook, asked: WatchSearch) -> Watch:
    passes, report = book.passes(since=asked.since, limit=asked.limit), book.newest_report()
    findings, challenge = passes[-1].findings if passes else (), book.newest_challenge()
    return Watch(
        passes=tuple(map(_pass, passes)),
        findings=tuple(WatchFinding.model_validate(one.model_dump()) for one in findings),
        concepts=tuple(WatchedConcept.model_validate(one.model_dump()) for one in report.drift.concepts)
        if report
        else (),
        vintages=tuple(map(_vintage, report.vintages)) if report else (),
        alerts=tuple(WatchAlert.model_validate(one.model_dump()) for one in book.alerts()),
        challenge=challenge and _challenge(challenge),
    )


def _pass(made: Pass) -> WatchPass:
    alarms = sum(one.severity == "alarm" for one in made.findings)
    counts = {"alarms": alarms, "notices": len(made.findings) - alarms}
    return WatchPass.model_validate(made.model_dump(exclude={"findings"}) | counts)


def _challenge(made: Challenge) -> WatchChallenge:
    judged, told = made.judgement.model_dump(), made.comparison.model_dump()
    also = {"at": made.at, "verdict": judged["verdict"], "rules": judged["rules"], "limits": judged["policy"]}
    shown = {name: value for name, value in told.items() if name in WatchChallenge.model_fields}
    return WatchChallenge.model_validate(shown | also)


def _vintage(one: Vintage) -> WatchVintage:
    return WatchVintage.model_validate(one.model_dump() | {"mature": one.mature})
