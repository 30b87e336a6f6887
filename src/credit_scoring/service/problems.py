"""Refusals as RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from credit_scoring.domain.errors import Fault
from credit_scoring.domain.text import Language, Text
from credit_scoring.wire.base import Fault as WireFault
from credit_scoring.wire.base import Problem

MEDIA_TYPE = "application/problem+json"
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be read"),
    401: ("no-key", "An API key is needed"),
    403: ("not-allowed", "The API key does not allow this"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "This method is not for this address"),
    406: ("not-acceptable", "The answer does not come in this form"),
    409: ("conflict", "This contradicts what is recorded"),
    413: ("too-large", "The request is too large"),
    415: ("media-type", "The body is of another type"),
    422: ("invalid", "The request is not valid"),
    429: ("too-many", "Too many requests"),
    500: ("error", "Something went wrong here"),
    503: ("unavailable", "The service cannot decide now"),
    504: ("timeout", "The answer took too long"),
}
# What a caller can do about some 503s differs, so they are told apart.
NO_MODEL, NO_APPLICANTS = "no-model", "no-applicants"


class RefusedError(Exception):
    """A request is refused with this status and sentence; ``kind`` where the status does not tell enough."""

    def __init__(
        self,
        status: int,
        detail: str | Text,
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail, self.kind, self.headers = status, detail, kind, headers
        super().__init__(detail.en if isinstance(detail, Text) else detail)


def refused(
    status: int,
    detail: str | Text,
    *,
    language: Language = "en",
    kind: str = "",
    faults: tuple[Fault, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response of a refusal, in `language` where its sentence is known in both."""
    usual, title = TITLES.get(status, ("error", "The request failed"))
    told = Problem(
        type=f"urn:credit-scoring:{kind or usual}",
        title=title,
        status=status,
        detail=detail.told(language) if isinstance(detail, Text) else detail,
        faults=tuple(WireFault(field=fault.field, problem=fault.problem.told(language)) for fault in faults),
    )
    own = dict(headers or {}) | (in_language(language) if isinstance(detail, Text) else {})
    return Response(told.model_dump_json(), status, media_type=MEDIA_TYPE, headers=own)


def in_language(language: Language) -> dict[str, str]:
    """Return the headers of what is told in `language`, and would be in another had the caller asked for it."""
    return {"Content-Language": language, "Vary": "Accept-Language"}
