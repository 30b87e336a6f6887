"""What-if."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from credit_scoring.domain.text import Language, Text
from credit_scoring.explain.actionable import check_changes, with_consequences
from credit_scoring.scoring.inputs import Value
from credit_scoring.service.answers import explanation
from credit_scoring.service.bodies import answer, body_of, parsed, refusals
from credit_scoring.service.cases import supplied_case
from credit_scoring.service.context import Context, admitted, language_of
from credit_scoring.service.deciding import Case
from credit_scoring.service.problems import RefusedError
from credit_scoring.service.recorded import made, recorded_features
from credit_scoring.service.stored import stored_features
from credit_scoring.service.what_if import changed, suggested
from credit_scoring.wire.simulation import Simulation, SimulationRequest

router = APIRouter(tags=["what-if"])
_OTHERS = Text(
    "which fields an applicant can change is only known of Home Credit applications",
    "les champs qu'un demandeur peut modifier ne sont connus que pour les demandes Home Credit",
)
EXAMPLE = {
    "features": {
        "AMT_CREDIT": 450_000.0,
        "AMT_ANNUITY": 24_000.0,
        "AMT_GOODS_PRICE": 450_000.0,
        "EXT_SOURCE_2": 0.3,
        "EXT_SOURCE_3": 0.4,
    },
    "changes": {"AMT_CREDIT": 300_000.0},
    "suggest": True,
}


@router.post(
    "/simulate",
    summary="What a change to the request would do, and the smallest one that would be approved",
    response_model=Simulation,
    responses=refusals(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 504),
    openapi_extra=body_of(SimulationRequest, EXAMPLE),
)
async def simulate(request: Request) -> Response:
    """Return the application before and after changes to its actionable fields; nothing is decided.

    Everything that follows from a changed field is computed anew. Both are recorded, marked as simulations.
    """
    context, caller = admitted(request, "score")
    asked = await parsed(request, SimulationRequest)
    if asked.decision is not None:  # which shows what is recorded
        admitted(request, "review")
    language = language_of(request)
    before, after, changes, features = await asyncio.to_thread(_cases, context, caller, asked, language)
    first, second = await asyncio.gather(context.desk.decided(before), context.desk.decided(after))
    suggestion = None
    if asked.suggest:
        suggestion = await asyncio.to_thread(suggested, first, features, term=asked.term, language=language)
    told = {"simulation": True, "changes": changes, "before": explanation(first), "after": explanation(second)}
    return answer(told | {"suggestion": suggestion.model_dump() if suggestion else None}, language=language)


def _cases(
    context: Context, caller: str, asked: SimulationRequest, language: Language
) -> tuple[Case, Case, dict[str, float], dict[str, Value]]:
    serving = context.serving()
    if serving.bundle.manifest.portfolio != "home_credit":
        raise RefusedError(409, _OTHERS)
    features: dict[str, Value] = dict(asked.features or {})
    coverage: float | None = None
    applicant = asked.applicant
    if asked.applicant is not None:
        features, coverage = stored_features(context, serving, asked.applicant)
    elif asked.decision is not None:
        record = made(context, asked.decision)
        features, coverage = recorded_features(context, record)
        coverage = coverage if record.entry.facts["bundle"] == serving.digest else None
        applicant = record.entry.payload.applicant if record.entry.payload else None
    check_changes(asked.changes, features, term=asked.term)
    changes = with_consequences(
        {name: float(value) for name, value in asked.changes.items() if value is not None}, features, term=asked.term
    )

    def case(supplied: dict[str, Value]) -> Case:
        return supplied_case(
            context,
            serving,
            supplied,
            caller=caller,
            endpoint="simulate",
            applicant=applicant,
            coverage=coverage,
            language=language,
            kind="simulation",
        )

    return case(features), case(changed(serving, features, changes)), changes, features
