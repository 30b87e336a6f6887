"""A new application as it arrives, with its history."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from credit_scoring.domain.text import Text
from credit_scoring.scoring.arrivals import accepted
from credit_scoring.service.answers import explanation
from credit_scoring.service.bodies import JSON, answer, body_of, refusals, require_type, validated
from credit_scoring.service.context import admitted, language_of
from credit_scoring.service.deciding import Case, Remark
from credit_scoring.service.problems import RefusedError
from credit_scoring.service.routes.direct import DirectRoute
from credit_scoring.wire.scoring import ApplicationRequest, Explanation

router = APIRouter(tags=["decisions"], route_class=DirectRoute)
ABSENT = "the table was not sent: the features built from it are missing"
_ONE_TABLE = Text(
    "the model was trained on one table: send its columns to /predict",
    "le modèle a été entraîné sur une seule table\N{NO-BREAK SPACE}: envoyez ses colonnes à /predict",
)
EXAMPLE = {
    "application": {
        "SK_ID_CURR": 900_001,
        "NAME_CONTRACT_TYPE": "Cash loans",
        "AMT_INCOME_TOTAL": 180_000.0,
        "AMT_CREDIT": 450_000.0,
        "AMT_ANNUITY": 24_000.0,
        "AMT_GOODS_PRICE": 450_000.0,
        "DAYS_BIRTH": -14_000,
        "DAYS_EMPLOYED": -2_000,
        "EXT_SOURCE_2": 0.6,
        "EXT_SOURCE_3": 0.5,
    },
    "bureau": [
        {
            "SK_ID_BUREAU": 5_000_001,
            "CREDIT_ACTIVE": "Active",
            "CREDIT_TYPE": "Consumer credit",
            "DAYS_CREDIT": -400,
            "AMT_CREDIT_SUM": 90_000.0,
            "AMT_CREDIT_SUM_DEBT": 30_000.0,
        }
    ],
    "bureau_balance": [],
    "previous_application": [],
    "installments_payments": [],
    "POS_CASH_balance": [],
    "credit_card_balance": [],
}


@router.post(
    "/applications/score",
    summary="A new application, from its rows in the raw tables",
    response_model=Explanation,
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 429, 503, 504),
    openapi_extra=body_of(ApplicationRequest, EXAMPLE),
)
async def score_application(request: Request) -> Response:
    """Return PD, decision and reasons of an application whose features are computed from raw rows, as in training."""
    context, caller = admitted(request, "score")
    require_type(request, JSON)
    body = await request.body()
    asked = validated(ApplicationRequest, body)
    serving = context.serving()
    if serving.bundle.manifest.portfolio != "home_credit":
        raise RefusedError(409, _ONE_TABLE)
    arrival = await asyncio.to_thread(accepted, serving.bundle, asked.rows())
    language = language_of(request)
    case = Case(
        serving=serving,
        endpoint="application",
        caller=caller,
        inputs=body,
        arrival=arrival,
        coverage=arrival.coverage,
        remarks=tuple(Remark("absent_table", table, ABSENT) for table in arrival.absent),
        language=language,
        applicant=arrival.applicant,
    )
    return answer(explanation(await context.desk.decided(case)), language=language)
