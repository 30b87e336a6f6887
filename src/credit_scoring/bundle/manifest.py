"""What a bundle says of itself, in one JSON file that names every other file by SHA-256."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from credit_scoring.bundle.model import Encoder
from credit_scoring.domain.text import Text
from credit_scoring.features.spec import Feature

FORMAT_VERSION = 3


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeatureCard(_Record):
    """A feature as the bundle knows it: enough to tell reasons without the training data."""

    name: str
    kind: Literal["number", "category"]
    unit: str
    concept: str
    meaning: Text
    sources: tuple[str, ...]
    direction: Literal[-1, 0, 1] = 0

    @classmethod
    def of(cls, feature: Feature) -> FeatureCard:
        """Return the card of a feature of the catalogue."""
        kind: Literal["number", "category"] = "category" if feature.kind == "category" else "number"
        return cls(
            name=feature.name,
            kind=kind,
            unit=feature.unit,
            concept=feature.concept,
            meaning=feature.meaning,
            sources=feature.sources,
            direction=feature.direction,
        )


class Metric(_Record):
    """A figure with its 95 % bootstrap interval."""

    value: float
    lower: float
    upper: float


class Evaluation(_Record):
    """Figures of one set of predictions at two cut-offs; ``population`` says of whom.

    Out of fold, the decisions of each fold are by the cut-off that was cheapest on the other folds, so that
    ``at_cutoff`` does not flatter ``cutoff``, which is the cheapest on all of them.
    """

    population: str
    applications: int
    defaults: int
    cutoff: float
    theoretical_cutoff: float
    metrics: dict[str, Metric]
    at_cutoff: dict[str, Metric]
    at_theoretical_cutoff: dict[str, Metric]


class CandidateResult(_Record):
    """How one candidate did out of fold, and its paired difference to the one that was chosen."""

    name: str
    calibration: str
    evaluation: Evaluation
    difference_to_chosen: dict[str, Metric]
    settings: dict[str, str]


class GoldenRow(_Record):
    """An invented application, and the PD that the model gave it where it was made."""

    features: dict[str, float | str]
    p_default: float


class Provenance(_Record):
    """Where the bundle comes from."""

    created_at: str
    data_fingerprint: str
    data_rows: dict[str, int]
    git_commit: str
    python: str
    libraries: dict[str, str]
    seed: int
    threads: int


class Manifest(_Record):
    """All of a bundle but its model's numbers, policy, profile and out-of-fold predictions.

    ``importances`` are shares of the mean absolute contribution of each feature; they weigh coverage.
    """

    format_version: int
    portfolio: Literal["home_credit", "matrix"]
    id_column: str
    outcome_column: str
    features: tuple[FeatureCard, ...]
    encoder: Encoder
    definitions_digest: str
    importances: dict[str, float]
    candidate: str
    out_of_fold: Evaluation
    holdout: Evaluation | None
    candidates: tuple[CandidateResult, ...]
    provenance: Provenance
    files: dict[str, str] = {}
