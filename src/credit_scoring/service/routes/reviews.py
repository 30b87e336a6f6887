"""What waits for a person, and what people said."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from credit_scoring.adapters.decision_log.queue import ReviewCount, Reviews, flags_of
from credit_scoring.decision.curves import wilson_interval
from credit_scoring.domain.record import Recorded
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.context import admitted
from credit_scoring.service.recorded import summary
from credit_scoring.wire.decisions import Override, Queue, QueueItem, QueueSearch, ReviewPeriod, ReviewSummary
from credit_scoring.wire.model import Interval

router = APIRouter(tags=["records"])
_READ = refusals(401, 403, 422, 429, 503, 504)


@router.get("/queue", summary="Decisions that wait for a person", response_model=Queue, responses=_READ)
async def queue(request: Request, asked: Annotated[QueueSearch, Query()]) -> Response:
    """Return what a person should see, newest first, a page at a time, with the reason to look at each."""
    context, _ = admitted(request, "review")
    one_more = asked.limit + 1
    found, waiting = await asyncio.to_thread(context.log.queue, flag=asked.flag, before=asked.before, limit=one_more)
    shown = found[: asked.limit]
    more = shown[-1].sequence if len(found) == one_more else None
    return answer(Queue(items=tuple(map(_item, shown)), waiting=waiting, next_before=more))


def _item(record: Recorded) -> QueueItem:
    facts = record.entry.facts
    return QueueItem.model_validate(summary(record) | {"cutoff": facts["cutoff"], "flags": flags_of(facts)})


@router.get("/reviews/summary", summary="How often people override", response_model=ReviewSummary, responses=_READ)
async def review_summary(request: Request, asked: Annotated[ReviewPeriod, Query()]) -> Response:
    """Return how the decisions of a period came out, and how many of them people confirmed and overrode, and why."""
    context, _ = admitted(request, "review")
    return answer(_summed(await asyncio.to_thread(context.log.reviews, since=asked.since, until=asked.until)))


def _summed(found: Reviews) -> ReviewSummary:
    overridden = [one for one in found.counts if _overrides(one)]
    of_model = sum(one.decisions for one in found.counts if one.decided != "refer")
    of_model_overridden = sum(one.decisions for one in overridden if one.decided != "refer")
    reviewed, total = (sum(one.decisions for one in some) for some in (found.counts, overridden))
    return ReviewSummary(
        decisions=dict(found.decisions),
        reviewed=reviewed,
        confirmed=reviewed - total,
        overridden=total,
        override_rate=_rate(of_model_overridden, of_model) if of_model else None,
        overrides=_by_reason(overridden),
    )


def _overrides(one: ReviewCount) -> bool:
    """Return whether what the model decided no longer stands; a referral decides nothing, so there the review tells."""
    if one.decided == "refer":
        return bool(one.review["action"] == "override")
    return bool(one.review["decision"] != one.decided)


def _rate(successes: int, trials: int) -> Interval:
    lower, upper = wilson_interval(successes, trials)
    return Interval(value=successes / trials, lower=lower, upper=upper)


def _by_reason(overridden: list[ReviewCount]) -> tuple[Override, ...]:
    """Return the overrides counted by what became what and why, the most frequent first."""
    counts: dict[tuple[str, str, str], int] = {}
    for one in overridden:
        key = (one.decided, one.review["decision"], one.review["reason_code"])
        counts[key] = counts.get(key, 0) + one.decisions
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Override.model_validate({"decided": decided, "made": made, "reason_code": reason, "count": count})
        for (decided, made, reason), count in ranked
    )
