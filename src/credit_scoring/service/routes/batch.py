"""Many applications at once, as JSON, Arrow or Parquet, answered as asked."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

import polars as pl
from fastapi import APIRouter, Request, Response

from credit_scoring.domain.errors import Fault, FaultyInputError
from credit_scoring.domain.text import Text
from credit_scoring.service.answers import prediction
from credit_scoring.service.bodies import JSON, answer, body_of, refusals, require_type, validated
from credit_scoring.service.cases import supplied_case
from credit_scoring.service.context import Context, admitted
from credit_scoring.service.deciding import Case, Decided
from credit_scoring.service.problems import RefusedError
from credit_scoring.tables.schema import APPLICATION_ID
from credit_scoring.wire.scoring import MOST_ROWS, BatchRequest, BatchResponse, PredictRequest

router = APIRouter(tags=["decisions"])
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
FORMS = (JSON, ARROW, PARQUET)
ROWS_AT_A_TIME = 500
_NO_IDS = Text("must be whole numbers", "doit contenir des nombres entiers")
_BODY = body_of(
    BatchRequest, {"applications": [{"features": {"EXT_SOURCE_2": 0.6}}, {"features": {"EXT_SOURCE_2": 0.2}}]}
)
_BINARY: dict[str, dict[str, object]] = {
    form: {"schema": {"type": "string", "format": "binary"}} for form in (ARROW, PARQUET)
}
_BODY["requestBody"]["content"] |= _BINARY


@router.post(
    "/predict/batch",
    summary="PDs and decisions of up to 10,000 applications",
    response_model=BatchResponse,
    responses=refusals(400, 401, 403, 406, 413, 415, 422, 429, 503, 504) | {200: {"content": _BINARY}},
    openapi_extra=_BODY,
)
async def predict_batch(request: Request) -> Response:
    """Return one prediction an application, in their order.

    Arrow (IPC stream) and Parquet hold a row an application and a column a feature; ``SK_ID_CURR`` is taken for the
    record. The answer comes as ``Accept`` asks, else in the form of the body. Either all are decided or none is
    answered; those that were recorded before a failure stay in the log.
    """
    context, caller = admitted(request, "score")
    sent = require_type(request, *FORMS)
    wanted = _wanted(request, sent)
    body = await request.body()
    return await asyncio.to_thread(_decide, context, caller, sent, wanted, body)


def _wanted(request: Request, sent: str) -> str:
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")]
    for form in accepted:
        if form in FORMS:
            return form
    if "*/*" in accepted or "application/*" in accepted:
        return sent
    raise RefusedError(406, f"the answer comes as {', '.join(FORMS)}")


def _decide(context: Context, caller: str, sent: str, wanted: str, body: bytes) -> Response:
    if sent == JSON:
        asked: Sequence[PredictRequest] = validated(BatchRequest, body).applications
    else:
        asked = _rows(body, sent)
    cases = _cases(context, caller, asked)
    decided: list[Decided] = []
    for start in range(0, len(cases), ROWS_AT_A_TIME):
        decided += context.desk.decide_all(cases[start : start + ROWS_AT_A_TIME])
    if wanted == JSON:
        return answer({"predictions": [prediction(one) for one in decided]})
    return Response(_table(decided, wanted), media_type=wanted)


def _cases(context: Context, caller: str, asked: Sequence[PredictRequest]) -> list[Case]:
    serving, cases = context.serving(), list[Case]()
    faults: list[Fault] = []
    for number, one in enumerate(asked):
        try:
            cases.append(
                supplied_case(
                    context,
                    serving,
                    one.features,
                    caller=caller,
                    endpoint="batch",
                    applicant=one.applicant,
                    field=f"applications.{number}.features",
                )
            )
        except FaultyInputError as error:
            faults += error.faults
            if len(faults) > 20:
                break
    if faults:
        raise FaultyInputError(faults[:20])
    return cases


def _rows(body: bytes, form: str) -> list[PredictRequest]:
    """Return the rows of an Arrow stream or a Parquet file."""
    try:
        if form == PARQUET:
            scanned = pl.scan_parquet(io.BytesIO(body))
            _require_rows(int(scanned.select(pl.len()).collect().item()))
            frame = scanned.collect()
        else:
            frame = pl.read_ipc_stream(io.BytesIO(body))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RefusedError(400, f"the body cannot be read as {form}: {str(error).splitlines()[0][:200]}") from error
    _require_rows(frame.height)
    if strange := [n for n, kind in frame.schema.items() if not (kind.is_numeric() or kind in {pl.String, pl.Null})]:
        raise FaultyInputError([Fault(name, _neither(frame.schema[name])) for name in strange])
    applicants = frame[APPLICATION_ID].to_list() if APPLICATION_ID in frame.columns else [None] * frame.height
    features = frame.drop(APPLICATION_ID, strict=False).with_columns(pl.selectors.float().fill_nan(None))
    if applicants and not all(isinstance(key, int | None) for key in applicants):
        raise FaultyInputError([Fault(APPLICATION_ID, _NO_IDS)])
    return [
        PredictRequest.model_construct(features=row, applicant=key)
        for row, key in zip(features.iter_rows(named=True), applicants, strict=True)
    ]


def _neither(kind: pl.DataType) -> Text:
    return Text(f"{kind} is neither number nor text", f"{kind} n'est ni un nombre ni un texte")


def _require_rows(rows: int) -> None:
    if not 1 <= rows <= MOST_ROWS:
        raise RefusedError(422, f"send 1 to {MOST_ROWS:,} applications at once, not {rows:,}")


def _table(decided: Sequence[Decided], form: str) -> bytes:
    rows = [
        prediction(one)
        | {
            APPLICATION_ID: one.case.applicant,
            "warnings": [f"{remark.field}: {remark.message}" for remark in one.remarks],
            "model": one.case.serving.digest,
        }
        for one in decided
    ]
    schema: dict[str, pl.DataType] = {APPLICATION_ID: pl.Int64(), "warnings": pl.List(pl.String)}
    frame = pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None).select(
        APPLICATION_ID, pl.exclude(APPLICATION_ID)
    )
    out = io.BytesIO()
    if form == PARQUET:
        frame.write_parquet(out)
    else:
        frame.write_ipc_stream(out)
    return out.getvalue()
