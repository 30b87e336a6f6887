"""The application: routes, errors and limits around the parts that `bootstrap` wires."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from credit_scoring.bootstrap import clock, opened_keys, opened_log, published_bundles, stored_applicants, watch_book
from credit_scoring.domain.errors import (
    ClockError,
    ConflictingOutcomeError,
    CreditScoringError,
    DataError,
    FaultyInputError,
    LogTamperedError,
    LogUnavailableError,
    StoreUnavailableError,
    UnknownApplicantError,
    UnknownDecisionError,
    WatchUnavailableError,
)
from credit_scoring.service.auth import Doorkeeper
from credit_scoring.service.champion import Champion
from credit_scoring.service.context import Context, language_of
from credit_scoring.service.desk import Desk
from credit_scoring.service.drivers import Drivers
from credit_scoring.service.edge import PAGE_FILES, Edge
from credit_scoring.service.faults import parameter_faults
from credit_scoring.service.metrics import Metrics
from credit_scoring.service.problems import NO_APPLICANTS, RefusedError, refused
from credit_scoring.service.routes import (
    applicants,
    applications,
    batch,
    decisions,
    model,
    monitoring,
    policy,
    portfolio,
    predict,
    probes,
    reviews,
    simulate,
    standing,
)
from credit_scoring.service.stored import StoreKeeper
from credit_scoring.service.workers import end_with_parent
from credit_scoring.settings import Settings
from credit_scoring.wire.applicants import RelationRequest, StandingRequest
from credit_scoring.wire.base import Problem
from credit_scoring.wire.decisions import OutcomesRequest, ReviewRequest
from credit_scoring.wire.scoring import ApplicationRequest, BatchRequest, PredictRequest
from credit_scoring.wire.simulation import SimulationRequest

logger = logging.getLogger(__name__)
ROUTERS = (
    predict,
    batch,
    applications,
    standing,  # before the applicants, among whose numbers it would be looked for
    applicants,
    simulate,
    decisions,
    reviews,
    model,
    policy,
    portfolio,
    monitoring,
    probes,
)
# Read raw, so that parsing is strict and quick; OpenAPI must still know them.
BODIES = (
    PredictRequest,
    BatchRequest,
    ApplicationRequest,
    StandingRequest,
    RelationRequest,
    SimulationRequest,
    ReviewRequest,
    OutcomesRequest,
    Problem,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application. Nothing is opened before it starts: no file, no database, no model.

    Parameters
    ----------
    settings
        Read from the environment where not given.

    Raises
    ------
    pydantic.ValidationError
        If a setting in the environment is not valid.
    """
    settings = settings or Settings()
    app = FastAPIOffline(
        static_url=PAGE_FILES,
        redoc_url=None,  # it would ask another machine for its logo
        title="credit-scoring",
        version=version("credit-scoring"),
        description="Probability of default, the decision that costs least, and reasons an applicant can understand.",
        lifespan=_lifespan(settings),
        license_info={"name": "MIT"},
        telemetry={"tracing": False, "metrics": False, "logs": False},  # /metrics tells it at a tenth of the cost
    )
    # Before the documentation's, and not as included routers, each of which would be asked twice for every request.
    app.router.routes[:0] = [route for module in ROUTERS for route in module.router.routes]
    _answer_errors(app)
    _describe(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Accept-Language"],
        )
    limits = {"/predict/batch": settings.batch_limit, "/outcomes": settings.batch_limit}
    app.add_middleware(Edge, limit=settings.body_limit, limits=limits, seconds=settings.timeout)
    return app


def _lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        end_with_parent()
        if settings.simulated_clock:
            logger.warning(
                "the clock is simulated: all that is recorded carries the moment of %s, now %s, and is marked so",
                settings.simulated_clock,
                clock(settings).now().isoformat(),
            )
        with opened_log(settings) as (log, writer), opened_keys(log) as keys, watch_book(settings) as watch:
            doorkeeper = Doorkeeper(keys, rate=settings.rate_limit)
            metrics, champion = Metrics(), Champion(published_bundles(settings))
            await asyncio.to_thread(champion.start)
            desk = Desk(writer, champion, metrics, clock(settings), log_features=settings.log_features)
            desk.open()
            store = stored_applicants(settings)
            keeper = StoreKeeper(store, champion)
            keeper.start()
            app.state.context = Context(
                clock=clock(settings),
                champion=champion,
                desk=desk,
                log=log,
                writer=writer,
                store=store,
                watch=watch,
                drivers=Drivers(store),
                doorkeeper=doorkeeper,
                metrics=metrics,
                unknown_features=settings.unknown_features,
            )
            try:
                yield
            finally:
                await asyncio.to_thread(keeper.stop)
                await asyncio.to_thread(champion.stop)
                await asyncio.to_thread(desk.close)

    return lifespan


def _answer_errors(app: FastAPI) -> None:
    """Let every error of the project, the framework and the router become a problem."""

    @app.exception_handler(RefusedError)
    async def refusal(request: Request, error: RefusedError) -> Response:
        language = language_of(request)
        return refused(error.status, error.detail, language=language, kind=error.kind, headers=error.headers)

    @app.exception_handler(CreditScoringError)
    async def known(request: Request, error: CreditScoringError) -> Response:
        faults = error.faults if isinstance(error, FaultyInputError) else ()
        kind = NO_APPLICANTS if isinstance(error, StoreUnavailableError) else ""
        return refused(_status(error), error.sentence, language=language_of(request), kind=kind, faults=faults)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        detail = {
            404: f"there is no {request.url.path[:200]}; /docs lists what there is",
            405: f"{request.url.path[:200]} does not take {request.method}; /docs lists what it takes",
        }.get(error.status_code, str(error.detail))
        return refused(error.status_code, detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> Response:
        return await known(request, FaultyInputError(parameter_faults(error.errors())))


def _status(error: CreditScoringError) -> int:
    if isinstance(error, UnknownDecisionError | UnknownApplicantError):
        return 404
    if isinstance(error, ConflictingOutcomeError):
        return 409
    if isinstance(
        error,
        ClockError | LogUnavailableError | LogTamperedError | StoreUnavailableError | WatchUnavailableError,
    ):
        return 503
    if isinstance(error, DataError):
        return 422
    return 500


def _describe(app: FastAPI) -> None:
    """Add to OpenAPI what raw routes do not tell it: their bodies, problems, and how a caller is known."""
    made = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            _, definitions = models_json_schema(
                [(model, "validation") for model in BODIES], ref_template="#/components/schemas/{model}"
            )
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update(definitions["$defs"])
            components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"key": []}, {}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
