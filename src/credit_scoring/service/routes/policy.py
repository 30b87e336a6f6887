"""What other cut-offs and cost ratios would change. Nothing is changed by asking."""

from __future__ import annotations

import asyncio
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from credit_scoring.decision.cost import CostMatrix
from credit_scoring.decision.trade_off import Point, TradeOff, cheapest_cutoff, drawn_cutoffs, swapped
from credit_scoring.domain.errors import StoreUnavailableError
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import Context, admitted
from credit_scoring.wire.model import Interval
from credit_scoring.wire.policy import Costs, CurvePoint, PolicyChange, PolicyCurve, Proposal, Swap

router = APIRouter(tags=["policy"])


@router.get(
    "/policy/curve",
    summary="What every cut-off would cost",
    response_model=PolicyCurve,
    responses=refusals(401, 403, 422, 429, 503, 504),
)
async def curve(request: Request, asked: Annotated[Costs, Query()]) -> Response:
    """Return what the cut-offs worth drawing would have cost and approved, on the champion's out-of-fold PDs."""
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(_curve, context.serving(), asked))


@router.get(
    "/policy/change",
    summary="Another cut-off beside the one in force",
    response_model=PolicyChange,
    responses=refusals(401, 403, 422, 429, 503, 504),
)
async def change(request: Request, asked: Annotated[Proposal, Query()]) -> Response:
    """Return what a proposed cut-off would cost or save, and who would change sides.

    Of the applications behind the champion's figures it is known who defaulted; of the stored applicants it is expected
    from their PDs.
    """
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(_change, context, context.serving(), asked))


def _curve(serving: Serving, asked: Costs) -> PolicyCurve:
    costs = _costs(serving, asked)
    cheapest = cheapest_cutoff(serving.ranked, costs)
    points = _points(_trade_off(serving, costs, cheapest))
    return PolicyCurve(
        approve_bad=costs.approve_bad,
        decline_good=costs.decline_good,
        population=serving.bundle.manifest.out_of_fold.population,
        applications=serving.ranked.applications,
        defaults=serving.ranked.defaults,
        points=tuple(points.values()),
        cheapest=points[cheapest],
        theoretical=points[costs.theoretical_cutoff],
        present=points[serving.bundle.policy.cutoff],
    )


def _change(context: Context, serving: Serving, asked: Proposal) -> PolicyChange:
    costs, present = _costs(serving, asked), serving.bundle.policy.cutoff
    cheapest = cheapest_cutoff(serving.ranked, costs)
    proposed = cheapest if asked.cutoff is None else asked.cutoff
    trade_off = _trade_off(serving, costs, cheapest, proposed)
    points, ranked = _points(trade_off), serving.ranked
    observed = swapped(ranked.p_default, ranked.defaulted, present=present, proposed=proposed)
    return PolicyChange(
        approve_bad=costs.approve_bad,
        decline_good=costs.decline_good,
        present=points[present],
        proposed=points[proposed],
        cost_difference=Interval(**trade_off.cost_difference(proposed, present)._asdict()),
        observed=Swap(applications=ranked.applications, **observed._asdict()),
        stored=_stored(context, serving, present, proposed),
    )


def _costs(serving: Serving, asked: Costs) -> CostMatrix:
    """Return the costs asked for; what was not said is as the policy in force has it."""
    present = serving.bundle.policy
    return CostMatrix(
        present.approve_bad if asked.approve_bad is None else asked.approve_bad,
        present.decline_good if asked.decline_good is None else asked.decline_good,
    )


def _trade_off(serving: Serving, costs: CostMatrix, *named: float) -> TradeOff:
    """Return the curve's cut-offs with those that have a name, on the same replicates whichever endpoint asks."""
    drawn = drawn_cutoffs(serving.ranked)
    return TradeOff(serving.ranked, np.r_[drawn, costs.theoretical_cutoff, serving.bundle.policy.cutoff, named], costs)


def _points(trade_off: TradeOff) -> dict[float, CurvePoint]:
    return {point.cutoff: _point(point) for point in trade_off.points()}


def _point(point: Point) -> CurvePoint:
    return CurvePoint(
        cutoff=point.cutoff,
        cost=Interval(**point.cost._asdict()),
        approval_rate=point.approval_rate,
        bad_rate_approved=point.bad_rate_approved,
        defaults_detected=point.defaults_detected,
    )


def _stored(context: Context, serving: Serving, present: float, proposed: float) -> Swap | None:
    """Return who of the stored applicants would change sides, if there are any that the champion has scored."""
    try:
        scores = context.store.scores()
    except StoreUnavailableError:
        return None
    if scores.scored_by != serving.digest:
        return None
    found = swapped(scores.p_default, scores.p_default, present=present, proposed=proposed)
    return Swap(applications=scores.p_default.size, **found._asdict())
