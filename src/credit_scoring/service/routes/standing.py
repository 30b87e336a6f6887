"""Where an applicant stands among the stored ones."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, HTTPException, Request, Response

from credit_scoring.adapters.feature_store.bins import Axis as Cut
from credit_scoring.domain.text import Language
from credit_scoring.features.assemble import catalogue
from credit_scoring.service.bodies import answer, body_of, parsed, refusals
from credit_scoring.service.context import Context, admitted, language_of
from credit_scoring.wire.applicants import Axis, Group, Relation, RelationRequest, Standing, StandingRequest

router = APIRouter(tags=["applicants"])
_REFUSALS = refusals(400, 401, 403, 413, 415, 422, 429, 503, 504)
_LIKE = {"NAME_CONTRACT_TYPE": "Cash loans", "AMT_CREDIT": 450_000.0}


@router.post(
    "/applicants/standing",
    summary="A feature among all stored applicants, and among similar ones",
    response_model=Standing,
    responses=_REFUSALS,
    openapi_extra=body_of(StandingRequest, {"feature": "EXT_SOURCE_2", "value": 0.55, "like": _LIKE}),
)
async def standing(request: Request) -> Response:
    """Return how a feature is distributed, and where a value stands, among all and those who are like one."""
    context, _ = admitted(request, "score")
    asked = await parsed(request, StandingRequest)
    language = language_of(request)
    return answer(await asyncio.to_thread(_standing, context, asked, language), language=language)


def _standing(context: Context, asked: StandingRequest, language: Language) -> Standing:
    found = context.store.comparison().standing(asked.feature, asked.value, asked.like)
    return Standing(
        axis=_axis(asked.feature, found.axis, language),
        everyone=Group.model_validate(asdict(found.everyone)),
        similar=Group.model_validate(asdict(found.similar)) if found.similar else None,
    )


@router.post(
    "/applicants/relation",
    summary="Two features together, and the PD that goes with them",
    response_model=Relation,
    responses=_REFUSALS,
    openapi_extra=body_of(RelationRequest, {"x": "EXT_SOURCE_2", "y": "AMT_CREDIT", "like": {}}),
)
async def relation(request: Request) -> Response:
    """Return how many stored applicants, all or those who are like one, have both features so, and their mean PD."""
    context, _ = admitted(request, "score")
    asked = await parsed(request, RelationRequest)
    language = language_of(request)
    return answer(await asyncio.to_thread(_relation, context, asked, language), language=language)


def _relation(context: Context, asked: RelationRequest, language: Language) -> Relation:
    found = context.store.comparison().relation(asked.x, asked.y, asked.like)
    return Relation(
        x=_axis(asked.x, found.x, language),
        y=_axis(asked.y, found.y, language),
        applicants=found.applicants,
        missing=found.missing,
        counts=found.counts,
        mean_p_default=found.mean_p_default,
    )


@router.get("/applicants/standing", include_in_schema=False)
@router.get("/applicants/relation", include_in_schema=False)
async def neither_is_a_number() -> None:
    """Refuse the method, as anywhere else: what is not an applicant's number would be refused for that."""
    raise HTTPException(405, headers={"Allow": "POST"})


def _axis(name: str, cut: Cut, language: Language) -> Axis:
    feature = catalogue()[name]
    return Axis(
        feature=name, meaning=feature.meaning.told(language), unit=feature.unit, edges=cut.edges, levels=cut.levels
    )
