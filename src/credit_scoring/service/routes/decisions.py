"""Recorded decisions: read, replayed, reviewed, and joined with what became of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.domain.errors import UnknownDecisionError
from credit_scoring.domain.record import Entry, Json, Outcome, Payload, Recorded
from credit_scoring.service.bodies import answer, body_of, parsed, refusals
from credit_scoring.service.context import Context, admitted, language_of
from credit_scoring.service.explained import explained
from credit_scoring.service.problems import RefusedError
from credit_scoring.service.recorded import made, seen, summary
from credit_scoring.service.replay import replayed
from credit_scoring.wire.decisions import (
    DecisionPage,
    DecisionRecord,
    DecisionSearch,
    DecisionSummary,
    OutcomesRequest,
    OutcomesResponse,
    RecordedExplanation,
    Replay,
    Review,
    ReviewRequest,
)

router = APIRouter(tags=["records"])
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a decision, as it was answered.")]
_READ = refusals(401, 403, 404, 409, 422, 429, 503, 504)


@router.get(
    "/decisions",
    summary="Decisions, newest first",
    response_model=DecisionPage,
    responses=refusals(401, 403, 422, 429, 503, 504),
)
async def search(request: Request, asked: Annotated[DecisionSearch, Query()]) -> Response:
    """Return recorded decisions that fit, a page at a time."""
    context, _ = admitted(request, "review")
    found = await asyncio.to_thread(
        context.log.search,
        decision=asked.decision,
        applicant=asked.applicant,
        p_default=(asked.p_default_min, asked.p_default_max),
        since=asked.since,
        until=asked.until,
        reviewed=asked.reviewed,
        before=asked.before,
        limit=asked.limit,
    )
    lines = [DecisionSummary.model_validate(summary(record)) for record in found]
    more = found[-1].sequence if len(found) == asked.limit else None
    return answer(DecisionPage(decisions=tuple(lines), next_before=more))


@router.get("/decisions/{decision_id}", summary="A record", response_model=DecisionRecord, responses=_READ)
async def read(request: Request, decision_id: Id) -> Response:
    """Return what the log holds of a decision or simulation, with its reviews, outcome and shadow scores."""
    context, _ = admitted(request, "review")
    return answer(await asyncio.to_thread(_record, context, decision_id))


def _record(context: Context, decision: str) -> DecisionRecord:
    record = made(context, decision)
    entry, payload = record.entry, record.entry.payload
    about = context.log.about(decision)
    outcomes = [dict(one.entry.facts) for one in about if one.entry.kind == "outcome"]
    return DecisionRecord(
        decision_id=entry.id,
        kind=entry.kind,
        sequence=record.sequence,
        at=entry.at,
        facts=dict(entry.facts),
        applicant=payload.applicant if payload else None,
        inputs=json.loads(payload.inputs) if payload else None,
        features=_features(context, record),
        told=json.loads(payload.told) if payload and payload.told else None,
        purged=record.purged,
        hash=record.hash.hex(),
        previous=record.previous.hex(),
        reviews=tuple(_review(one) for one in about if one.entry.kind == "review"),
        outcome=outcomes[-1] if outcomes else None,
        shadows=tuple(dict(one.entry.facts) for one in about if one.entry.kind == "shadow"),
    )


def _features(context: Context, record: Recorded) -> dict[str, float | str] | None:
    """Return the values that the model saw, by name, those known; ``None`` where they or its bundle are gone."""
    try:
        found = seen(context, record)
    except RefusedError:
        return None
    encoder = found.serving.bundle.model.encoder
    named = zip(encoder.features, found.values[0].tolist(), strict=True)
    decoded = {name: encoder.decode(name, value) for name, value in named}
    return {name: value for name, value in decoded.items() if value is not None}


@router.get("/decisions/{decision_id}/replay", summary="Make a decision again", response_model=Replay, responses=_READ)
async def replay(request: Request, decision_id: Id) -> Response:
    """Return whether the record gives the same decision: to the last bit from its feature values, by its own bundle."""
    context, _ = admitted(request, "review")

    def work() -> Replay:
        return replayed(seen(context, made(context, decision_id)))

    return answer(await asyncio.to_thread(work))


@router.get(
    "/decisions/{decision_id}/explanation",
    summary="A recorded decision explained",
    response_model=RecordedExplanation,
    responses=_READ,
)
async def explanation(request: Request, decision_id: Id) -> Response:
    """Return why a decision or simulation came out as it did, by the bundle that made it, in the reader's language."""
    context, _ = admitted(request, "review")
    language = language_of(request)

    def work() -> RecordedExplanation:
        return explained(seen(context, made(context, decision_id)), language)

    return answer(await asyncio.to_thread(work), language=language)


@router.post(
    "/decisions/{decision_id}/review",
    summary="A person confirms or overrides a decision",
    status_code=201,
    response_model=Review,
    responses=_READ | refusals(400, 413, 415),
    openapi_extra=body_of(
        ReviewRequest,
        {
            "action": "override",
            "decision": "approve",
            "reason_code": "income_verified",
            "comment": "Payslips of three months seen.",
            "reviewer": "C. Martin",
        },
    ),
)
async def review(request: Request, decision_id: Id) -> Response:
    """Record a review; the decision itself stays as it is."""
    context, caller = admitted(request, "review")
    asked = await parsed(request, ReviewRequest)
    entry = await asyncio.to_thread(_reviewed, context, decision_id, asked, caller)
    await asyncio.wrap_future(context.writer.submit([entry]))
    told = json.loads(entry.payload.told) if entry.payload else {}
    return answer(_told_review(entry, told), 201)


def _reviewed(context: Context, decision: str, asked: ReviewRequest, caller: str) -> Entry:
    record = context.log.get(decision)
    if record.entry.kind != "decision":
        raise UnknownDecisionError(decision)
    present = _standing(record, context.log.about(decision))
    if asked.action == "confirm" and present not in {asked.decision, "refer"}:
        raise RefusedError(409, f"the decision stands at {present}: to make it {asked.decision}, override it")
    if asked.action == "override" and present == asked.decision:
        raise RefusedError(409, f"the decision stands at {present} already: confirm it")
    facts: dict[str, Json] = {"action": asked.action, "decision": asked.decision, "reason_code": asked.reason_code}
    facts |= {"caller": caller, **context.clock.mark}
    personal = json.dumps({"comment": asked.comment, "reviewer": asked.reviewer}, ensure_ascii=False)
    payload = Payload(
        told=personal.encode(), applicant=record.entry.payload.applicant if record.entry.payload else None
    )
    return Entry("review", new_id(), context.clock.now(), facts, payload, subject=decision)


def _standing(record: Recorded, about: Sequence[Recorded]) -> str:
    """Return what holds now: the last review's decision, else the model's."""
    reviews = [one for one in about if one.entry.kind == "review"]
    return str((reviews[-1] if reviews else record).entry.facts["decision"])


def _review(record: Recorded) -> Review:
    payload = record.entry.payload
    return _told_review(record.entry, json.loads(payload.told) if payload and payload.told else {})


def _told_review(entry: Entry, personal: dict[str, str]) -> Review:
    return Review.model_validate(
        {
            "review_id": entry.id,
            "decision_id": entry.subject,
            "action": entry.facts["action"],
            "decision": entry.facts["decision"],
            "reason_code": entry.facts["reason_code"],
            "comment": personal.get("comment"),
            "reviewer": personal.get("reviewer"),
            "at": entry.at,
        }
    )


@router.post(
    "/outcomes",
    summary="What became of loans",
    response_model=OutcomesResponse,
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 429, 503, 504),
    openapi_extra=body_of(
        OutcomesRequest, {"outcomes": [{"applicant": 100_001, "defaulted": False, "observed_on": "2026-06-30"}]}
    ),
)
async def outcomes(request: Request) -> Response:
    """Join outcomes to their decisions. Sending one again changes nothing; one that contradicts is refused with 409."""
    context, caller = admitted(request, "review")
    asked = await parsed(request, OutcomesRequest)
    observed = [
        Outcome(decision=one.decision_id, applicant=one.applicant, defaulted=one.defaulted, observed_on=one.observed_on)
        for one in asked.outcomes
    ]
    counts = await asyncio.to_thread(
        context.log.outcomes, observed, context.clock.now(), caller, mark=context.clock.mark
    )
    return answer(OutcomesResponse(recorded=counts.new, known=counts.known, unknown=counts.unknown))
