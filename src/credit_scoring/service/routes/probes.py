"""Does the process live, may it be sent requests, what does it measure."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Request, Response

from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.domain.errors import WatchUnavailableError
from credit_scoring.monitoring.alerts import Alert
from credit_scoring.monitoring.passes import Pass
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.context import Context, admitted
from credit_scoring.service.metrics import CONTENT_TYPE
from credit_scoring.wire.model import SIMULATED_CLOCK, Health, Ready

router = APIRouter(tags=["operation"])


@router.get("/health", summary="The process lives", response_model=Health)
async def health() -> Response:
    """Return at once; neither model nor database is touched."""
    return answer(Health())


@router.get("/ready", summary="Decisions can be made and recorded", response_model=Ready, responses=refusals(503))
async def ready(request: Request) -> Response:
    """Return whether a verified champion is loaded and the decision log can be written; 503 says what is missing."""
    context: Context = request.app.state.context
    serving = context.serving()
    await asyncio.to_thread(context.log.writable)
    notes = [context.champion.refused] if context.champion.refused else []
    if context.clock.file is not None:
        notes.append(SIMULATED_CLOCK + context.clock.now().isoformat())
    return answer(Ready(model=serving.digest, notes=tuple(notes)))


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses=refusals(401, 429) | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus' text format; any API key will do."""
    context, _ = admitted(request, None)
    serving = context.champion.serving
    context.metrics.champion.set(serving.version if serving else 0)
    context.metrics.champion_refused.set(bool(context.champion.refused))
    context.metrics.log_lag.set(context.writer.lag_seconds())
    with suppress(WatchUnavailableError):  # its silence shows in the age of its last pass
        context.metrics.watched(*await asyncio.to_thread(_newest, context.watch))
    return Response(context.metrics.exposed(), media_type=CONTENT_TYPE)


def _newest(book: WatchBook) -> tuple[Pass | None, list[Alert]]:
    passes = book.passes(limit=1)
    return passes[0] if passes else None, book.open_alerts()
