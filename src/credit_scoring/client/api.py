"""The API over HTTP: answers as wire models, what goes wrong as errors that say what to do about it."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from credit_scoring.domain.text import Language
from credit_scoring.wire.base import Fault, Problem

M = TypeVar("M", bound=BaseModel)
SECONDS = 30.0


class ApiError(Exception):
    """The API did not give what was asked for.

    ``kind`` is the last part of the problem's type (``not-found``, ``no-model``, …), or ``down`` where nothing
    answered and ``foreign`` where something else than this API did; ``detail`` is the API's own sentence, ``faults``
    what was wrong with the request, field by field.
    """

    def __init__(self, kind: str, detail: str = "", faults: tuple[Fault, ...] = ()) -> None:
        self.kind, self.detail, self.faults = kind, detail, faults
        super().__init__(f"{kind}: {detail}")


class Api:
    """The API at `url`, asked as the holder of `key`, answering in `language`. Threads may share it.

    Every request raises `ApiError` if it is refused, or nothing answers.
    """

    def __init__(self, http: httpx.Client, url: str, key: str, language: Language) -> None:
        self._http, self._url = http, url.rstrip("/")
        self._headers = {"Accept-Language": language, "Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def get(self, model: type[M], path: str, **parameters: object) -> M:
        """Return what lies at `path`; parameters that are ``None`` are left out."""
        return self._asked(model, "GET", path, params={k: v for k, v in parameters.items() if v is not None})

    def post(self, model: type[M], path: str, body: BaseModel | dict[str, Any] | None = None) -> M:
        """Return the answer to `body`."""
        try:
            content = to_json(body, exclude_none=isinstance(body, BaseModel)) if body is not None else b"{}"
        except ValueError as error:  # such as half a character
            raise ApiError("malformed", str(error)) from error
        return self._asked(model, "POST", path, content=content)

    def _asked(self, model: type[M], method: str, path: str, **sent: Any) -> M:
        try:
            response = self._http.request(method, f"{self._url}{path}", headers=self._headers, **sent)
        except httpx.TimeoutException as error:
            raise ApiError("timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiError("down", str(error)) from error
        if response.is_error:
            raise _refusal(response)
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise ApiError("foreign", f"{error.error_count()} unexpected fields from {path}") from error


def _refusal(response: httpx.Response) -> ApiError:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return ApiError("foreign", f"{response.status_code} {response.reason_phrase}")
    return ApiError(problem.type.rpartition(":")[2], problem.detail, problem.faults)
