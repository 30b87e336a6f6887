"""What the model that decides is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.bundle.profile import seen_ranges
from credit_scoring.domain.text import Language
from credit_scoring.service.bodies import answer, refusals
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import admitted, language_of
from credit_scoring.wire.model import FeatureInfo, Interval, Measured, ModelInfo, Policy

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
    challenger = context.champion.challenger
    return answer(_info(context.serving(), challenger.digest if challenger else None, language_of(request)))


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
