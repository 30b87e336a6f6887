"""Applicants of the feature store: found, read, scored."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from credit_scoring.adapters.feature_store import ApplicantQuery
from credit_scoring.domain.text import Language
from credit_scoring.service.answers import explanation
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.cases import supplied_case
from credit_scoring.service.context import Context, admitted, language_of
from credit_scoring.service.deciding import Case
from credit_scoring.service.stored import stored_features
from credit_scoring.tables.schema import APPLICATION_ID
from credit_scoring.wire.applicants import Applicant, ApplicantPage, ApplicantSearch, ApplicantSummary
from credit_scoring.wire.scoring import Explanation

router = APIRouter(tags=["applicants"])
Id = Annotated[int, Path(ge=0, le=2**53, description="SK_ID_CURR of the application.")]
_KEPT_APART = frozenset({APPLICATION_ID, "p_default", "decision", "coverage"})


@router.get(
    "/applicants",
    summary="Search the feature store",
    response_model=ApplicantPage,
    responses=refusals(401, 403, 404, 422, 429, 503, 504),
)
async def search(request: Request, asked: Annotated[ApplicantSearch, Query()]) -> Response:
    """Return applicants that fit, with the PD and decision that the model named in ``scored_by`` gives them."""
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(_page, context, asked))


def _page(context: Context, asked: ApplicantSearch) -> ApplicantPage:
    page = context.store.search(
        ApplicantQuery(
            starts_with=asked.starts_with,
            p_default=(asked.p_default_min, asked.p_default_max),
            decision=asked.decision,
            sort=APPLICATION_ID if asked.sort.endswith("applicant") else "p_default",
            descending=asked.sort.startswith("-"),
            limit=asked.limit,
            offset=asked.offset,
        )
    )
    found = [
        ApplicantSummary(
            applicant=row[APPLICATION_ID],
            p_default=row["p_default"],
            decision=row["decision"],
            coverage=row["coverage"],
            columns={name: value for name, value in row.items() if name not in _KEPT_APART},
        )
        for row in page.rows.iter_rows(named=True)
    ]
    return ApplicantPage(applicants=tuple(found), total=page.total, scored_by=page.scored_by)


@router.get(
    "/applicants/{applicant}",
    summary="One applicant's features",
    response_model=Applicant,
    responses=refusals(401, 403, 404, 422, 429, 503, 504),
)
async def read(request: Request, applicant: Id) -> Response:
    """Return all features of one applicant as they are stored."""
    context, _ = admitted(request, "score")
    found = await asyncio.to_thread(context.store.features_of, applicant)
    return answer(Applicant(applicant=applicant, features=found))


@router.post(
    "/applicants/{applicant}/score",
    summary="PD, decision and reasons of a stored applicant",
    response_model=Explanation,
    responses=refusals(401, 403, 404, 422, 429, 503, 504),
)
async def score(request: Request, applicant: Id) -> Response:
    """Return what the champion says of a stored applicant now; the features it saw are recorded with the decision."""
    context, caller = admitted(request, "score")
    language = language_of(request)
    case = await asyncio.to_thread(_case, context, applicant, caller, language)
    return answer(explanation(await context.desk.decided(case)), language=language)


def _case(context: Context, applicant: int, caller: str, language: Language) -> Case:
    serving = context.serving()
    features, coverage = stored_features(context, serving, applicant)
    return supplied_case(
        context,
        serving,
        features,
        coverage=coverage,
        caller=caller,
        endpoint="applicant",
        applicant=applicant,
        language=language,
    )
