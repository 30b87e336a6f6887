"""A PD and a decision from features by name."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from credit_scoring.domain.text import Language
from credit_scoring.service.answers import explanation, prediction
from credit_scoring.service.bodies import JSON, answer, body_of, refusals, require_type, validated
from credit_scoring.service.cases import supplied_case
from credit_scoring.service.context import admitted, language_of
from credit_scoring.service.deciding import Decided
from credit_scoring.service.routes.direct import DirectRoute
from credit_scoring.wire.scoring import Explanation, Prediction, PredictRequest

router = APIRouter(tags=["decisions"], route_class=DirectRoute)
THREE_SCORES = {"features": {"EXT_SOURCE_1": 0.5, "EXT_SOURCE_2": 0.6, "EXT_SOURCE_3": 0.7}}
REFUSALS = refusals(400, 401, 403, 413, 415, 422, 429, 503, 504)


@router.post(
    "/predict",
    summary="PD and decision of one application",
    response_model=Prediction,
    responses=REFUSALS,
    openapi_extra=body_of(PredictRequest, THREE_SCORES),
)
async def predict(request: Request) -> Response:
    """Return the PD and the decision; the record is durable before the answer leaves."""
    return answer(prediction(await _decided(request, "predict", None)))


@router.post(
    "/predict/explain",
    summary="The same, with contributions and reasons",
    response_model=Explanation,
    responses=REFUSALS,
    openapi_extra=body_of(PredictRequest, THREE_SCORES),
)
async def explain(request: Request) -> Response:
    """Return the prediction with what raised and lowered it, in the language of ``Accept-Language``."""
    language = language_of(request)
    return answer(explanation(await _decided(request, "explain", language)), language=language)


async def _decided(request: Request, endpoint: str, language: Language | None) -> Decided:
    context, caller = admitted(request, "score")
    require_type(request, JSON)
    body = await request.body()
    asked = validated(PredictRequest, body)
    case = supplied_case(
        context,
        context.serving(),
        asked.features,
        caller=caller,
        endpoint=endpoint,
        applicant=asked.applicant,
        inputs=body,
        language=language,
    )
    return await context.desk.decided(case)
