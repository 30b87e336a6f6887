"""How the stored applicants are scored, all together."""

from __future__ import annotations

import asyncio
from typing import get_args

from fastapi import APIRouter, Request, Response

from credit_scoring.decision.curves import spread
from credit_scoring.domain.decision import Decision
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import Context, admitted
from credit_scoring.service.problems import NO_APPLICANTS, RefusedError
from credit_scoring.wire.policy import Portfolio

router = APIRouter(tags=["applicants"])


@router.get(
    "/portfolio",
    summary="PDs and decisions of all stored applicants",
    response_model=Portfolio,
    responses=refusals(401, 403, 429, 503, 504),
)
async def portfolio(request: Request) -> Response:
    """Return how the champion's PDs of the stored applicants are spread, and what its cut-off makes of them."""
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(_portfolio, context, context.serving()))


def _portfolio(context: Context, serving: Serving) -> Portfolio:
    scores = context.store.scores()
    if scores.scored_by != serving.digest:
        raise _of_another(serving, scores.scored_by)
    p_default = scores.p_default
    approved = p_default[p_default < serving.bundle.policy.cutoff]
    edges, counts = spread(p_default)
    found = dict(scores.decision.value_counts().iter_rows())
    return Portfolio(
        applicants=p_default.size,
        scored_by=scores.scored_by,
        by_decision={decision: found.get(decision, 0) for decision in get_args(Decision)},
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        approval_rate=approved.size / p_default.size,
        bad_rate=float(p_default.mean()),
        bad_rate_approved=float(approved.mean()) if approved.size else None,
    )


def _of_another(serving: Serving, scored_by: str) -> RefusedError:
    """Return the refusal of figures that would mix one model's PDs with another's cut-off."""
    if serving.bundle.manifest.portfolio != "home_credit":
        detail = "the champion was trained on a single-table file, so that it cannot score the stored applicants"
        return RefusedError(503, detail, kind=NO_APPLICANTS)
    detail = (
        f"the stored applicants are still scored by bundle {scored_by[:12]}, not yet by the champion, "
        f"bundle {serving.digest[:12]}; ask again in a moment"
    )
    return RefusedError(503, detail, headers={"Retry-After": "5"})
