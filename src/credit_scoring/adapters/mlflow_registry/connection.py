"""MLflow, loaded without what it would print or send, and its errors in one sentence; the only importer of mlflow."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from credit_scoring.domain.errors import MissingExtraError, RegistryError

try:
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.entities import Metric
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError
except ImportError as error:  # pragma: no cover - exercised by the minimal-install check
    raise MissingExtraError("train", "the model registry") from error

__all__ = ["Metric", "MlflowClient", "MlflowException", "download_artifacts", "masked", "told"]
P = ParamSpec("P")
T = TypeVar("T")


class _Addressed(Protocol):
    uri: str


A = TypeVar("A", bound=_Addressed)


def told(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
    """Turn what MLflow and its database raise in `method` into one sentence that names the registry's ``uri``."""

    @wraps(method)
    def call(self: A, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except (MlflowException, SQLAlchemyError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RegistryError(masked(f"the registry {self.uri} cannot be used: {reason}")) from error

    return call  # type: ignore[return-value] # the first parameter is positional only to mypy


def masked(text: str) -> str:
    """Return `text` without the passwords of the addresses in it."""
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:***@", text)
