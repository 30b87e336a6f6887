"""What the model that decides is, and how good it is."""

from __future__ import annotations

from pydantic import Field

from credit_scoring.domain.text import Language
from credit_scoring.wire.base import Wire


class Interval(Wire):
    """A figure with its 95 % interval."""

    value: float
    lower: float
    upper: float


class Measured(Wire):
    """Figures on one population."""

    population: str
    applications: int
    defaults: int
    metrics: dict[str, Interval]
    at_cutoff: dict[str, Interval]


class Policy(Wire):
    """What errors cost and where the cut-off lies."""

    version: int
    approve_bad: float
    decline_good: float
    cutoff: float
    cutoff_interval: tuple[float, float]
    theoretical_cutoff: float
    minimum_coverage: float


class FeatureInfo(Wire):
    """One feature of the model."""

    name: str
    kind: str
    unit: str
    concept: str
    meaning: str
    importance: float = Field(description="Share of the model's mean absolute contribution.")
    seen: tuple[float, float] | None = Field(description="Smallest and largest value in training.")
    levels: tuple[str, ...] | None = Field(description="Categories in training.")
    sources: tuple[str, ...]


class ModelInfo(Wire):
    """The champion."""

    name: str
    version: int
    digest: str
    candidate: str
    trained_at: str
    trained_on: dict[str, int] = Field(description="Rows by table.")
    data_fingerprint: str
    portfolio: str
    calibration: str
    out_of_fold: Measured
    holdout: Measured | None
    policy: Policy
    challenger: str | None = Field(description="Digest of the bundle scored in shadow.")
    language: Language
    features: tuple[FeatureInfo, ...]


class Health(Wire):
    """The process lives."""

    status: str = "ok"


class Ready(Wire):
    """The champion is loaded and decisions can be recorded."""

    status: str = "ready"
    model: str
    notes: tuple[str, ...] = ()
