"""Bodies in and answers out: strict JSON, parsed once, every fault named."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from credit_scoring.domain.errors import FaultyInputError
from credit_scoring.domain.text import Language
from credit_scoring.service.faults import body_faults
from credit_scoring.service.problems import MEDIA_TYPE, TITLES, RefusedError, in_language
from credit_scoring.wire.base import Problem

M = TypeVar("M", bound=BaseModel)
JSON = "application/json"


async def parsed(request: Request, model: type[M]) -> M:
    """Return the body as a `model`.

    Raises
    ------
    RefusedError
        415 where it is not JSON by its type, 400 where it is not JSON.
    FaultyInputError
        Naming each field that is wrong.
    """
    require_type(request, JSON)
    return validated(model, await request.body())


def require_type(request: Request, *accepted: str) -> str:
    """Return the body's media type, one of `accepted`; that it must be told keeps other sites' forms out."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in accepted:
        raise RefusedError(415, f"send the body as {' or '.join(accepted)}, not {sent or 'nothing'!r}")
    return sent


def validated(model: type[M], body: bytes) -> M:
    """Return `body` as a `model`, or refuse it."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if any(one["type"] == "json_invalid" for one in found):
            why = found[0]["msg"].removeprefix("Invalid JSON: ")
            raise RefusedError(400, f"the body is not JSON: {why}") from error
        raise FaultyInputError(body_faults(found)) from error


def answer(content: BaseModel | dict[str, Any], status: int = 200, *, language: Language | None = None) -> Response:
    """Return a JSON response; `language` is the one that the caller asked for, where what is told depends on it."""
    body = content.model_dump_json().encode() if isinstance(content, BaseModel) else to_json(content)
    return Response(body, status, headers=in_language(language) if language else None, media_type=JSON)


def body_of(model: type[BaseModel], example: object) -> dict[str, Any]:
    """Return what OpenAPI says of a body that is a `model`; the application adds the schema itself."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of the refusals that an endpoint may answer with."""
    schema = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {status: {"description": TITLES[status][1], "content": schema} for status in statuses}
