"""What the model that decides is, how good it is, and which versions there are."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.bundle.profile import seen_ranges
from credit_scoring.decision.curves import calibration, gains, roc
from credit_scoring.domain.text import Language
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import admitted, language_of
from credit_scoring.service.drivers import MOST_FEATURES
from credit_scoring.service.versions import model_versions
from credit_scoring.wire.model import (
    CalibrationBin,
    Effects,
    FeatureInfo,
    GainsPoint,
    Interval,
    Measured,
    ModelInfo,
    ModelVersions,
    Performance,
    Policy,
    RocPoint,
)

router = APIRouter(tags=["model"])


@router.get(
    "/model/info",
    summary="Version, figures, cut-off and features of the champion",
    response_model=ModelInfo,
    responses=refusals(401, 403, 429, 503),
)
async def model_info(request: Request) -> Response:
    """Return the champion's origin, figures with intervals, cost policy, and features told in the reader's language."""
    context, _ = admitted(request, "score")
    challenger, language = context.champion.challenger, language_of(request)
    return answer(_info(context.serving(), challenger.digest if challenger else None, language), language=language)


@router.get(
    "/model/performance",
    summary="ROC curve, gains and calibration of the champion",
    response_model=Performance,
    responses=refusals(401, 403, 429, 503, 504),
)
async def performance(request: Request) -> Response:
    """Return how the champion's out-of-fold PDs rank the applications, and how they agree with who defaulted."""
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(_performance, context.serving()))


@router.get(
    "/model/contributions",
    summary="What drives the champion's PDs",
    response_model=Effects,
    responses=refusals(401, 403, 422, 429, 503, 504),
)
async def contributions(
    request: Request,
    most: Annotated[int, Query(ge=1, le=MOST_FEATURES, description="How many features, strongest first.")] = 15,
) -> Response:
    """Return the weight of every concept, and what the strongest features do to a sample of the stored applicants.

    Meanings are told in the reader's language. The first request to a champion takes seconds, later ones do not.
    """
    context, _ = admitted(request, "score")
    serving, language = context.serving(), language_of(request)
    effects = await asyncio.to_thread(context.drivers.effects, serving, most=most, language=language)
    return answer(effects, language=language)


@router.get(
    "/model/versions",
    summary="The champion, its challenger and those before it",
    response_model=ModelVersions,
    responses=refusals(401, 403, 429, 503, 504),
)
async def versions(request: Request) -> Response:
    """Return the published versions with their figures; each bundle is verified when it is first read."""
    context, _ = admitted(request, "score")
    return answer(await asyncio.to_thread(model_versions, context.champion))


def _info(serving: Serving, challenger: str | None, language: Language) -> ModelInfo:
    bundle, manifest = serving.bundle, serving.bundle.manifest
    origin = manifest.provenance
    return ModelInfo(
        name=serving.name,
        version=serving.version,
        digest=bundle.digest,
        candidate=manifest.candidate,
        trained_at=origin.created_at,
        trained_on=origin.data_rows,
        data_fingerprint=origin.data_fingerprint,
        portfolio=manifest.portfolio,
        calibration=bundle.model.calibrator.kind,
        out_of_fold=_measured(manifest.out_of_fold),
        holdout=_measured(manifest.holdout) if manifest.holdout else None,
        policy=Policy(**bundle.policy.model_dump(), theoretical_cutoff=bundle.policy.costs.theoretical_cutoff),
        challenger=challenger,
        language=language,
        features=_features(serving, language),
    )


def _measured(evaluation: Evaluation) -> Measured:
    return Measured(
        population=evaluation.population,
        applications=evaluation.applications,
        defaults=evaluation.defaults,
        metrics={name: Interval(**metric.model_dump()) for name, metric in evaluation.metrics.items()},
        at_cutoff={name: Interval(**metric.model_dump()) for name, metric in evaluation.at_cutoff.items()},
    )


def _features(serving: Serving, language: Language) -> tuple[FeatureInfo, ...]:
    bundle = serving.bundle
    seen = seen_ranges(bundle.profile)
    return tuple(
        FeatureInfo(
            name=card.name,
            kind=card.kind,
            unit=card.unit,
            concept=card.concept,
            meaning=card.meaning.told(language),
            importance=bundle.manifest.importances.get(card.name, 0.0),
            seen=seen.get(card.name),
            levels=bundle.model.encoder.categories.get(card.name),
            sources=card.sources,
        )
        for card in bundle.manifest.features
    )


def _performance(serving: Serving) -> Performance:
    ranked = serving.ranked
    return Performance(
        population=serving.bundle.manifest.out_of_fold.population,
        applications=ranked.applications,
        defaults=ranked.defaults,
        roc=tuple(RocPoint(**point._asdict()) for point in roc(ranked)),
        gains=tuple(GainsPoint(**point._asdict()) for point in gains(ranked)),
        calibration=tuple(
            CalibrationBin(
                applications=one.applications,
                mean_p_default=one.mean_p_default,
                default_rate=Interval(value=one.default_rate, lower=one.lower, upper=one.upper),
            )
            for one in calibration(ranked)
        ),
    )
