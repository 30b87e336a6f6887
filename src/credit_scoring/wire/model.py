"""What the model that decides is, and how good it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from credit_scoring.domain.text import Language
from credit_scoring.wire.base import Wire

# How a note of `Ready` begins whose rest is the moment: all that is recorded is dated by a simulated clock.
SIMULATED_CLOCK = "the clock is simulated: it is "


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


class RocPoint(Wire):
    """What declining from ``cutoff`` on detects, and whom it declines wrongly; null declines nobody."""

    cutoff: float | None
    false_positive_rate: float
    true_positive_rate: float


class GainsPoint(Wire):
    """The share of all defaults that is among the riskiest ``share_of_applications``."""

    share_of_applications: float
    share_of_defaults: float


class CalibrationBin(Wire):
    """Applications of about equal PD: the mean of their PDs, and how many defaulted, with a 95 % interval."""

    applications: int
    mean_p_default: float
    default_rate: Interval


class Performance(Wire):
    """How the champion's PDs, of applications it was not fitted on, agree with what became of them."""

    population: str
    applications: int
    defaults: int
    roc: tuple[RocPoint, ...] = Field(description="From nobody declined to all, at most 201 points.")
    gains: tuple[GainsPoint, ...] = Field(description="From none to all, at most 101 points.")
    calibration: tuple[CalibrationBin, ...] = Field(description="Up to ten of about equal size, by ascending PD.")


class Effect(Wire):
    """What one feature does to the PDs of a sample of applicants.

    ``contributions`` are in log-odds, one an applicant; ``ranks`` where the applicant's value stands among those of the
    sample that differ from it, from 0 (none is lower) to 1, null where it is missing or a category.
    """

    feature: str
    meaning: str
    concept: str
    importance: float
    contributions: tuple[float, ...]
    ranks: tuple[float | None, ...]


class ConceptShare(Wire):
    """A concept's share of the model's mean absolute contribution, with how many features it has."""

    concept: str
    importance: float
    features: int


class Effects(Wire):
    """What drives the champion's PDs: all concepts, and the strongest features on a sample of stored applicants."""

    sample: int = Field(description="Applicants in the sample; 0 where none are stored.")
    concepts: tuple[ConceptShare, ...]
    features: tuple[Effect, ...]


class ModelVersion(Wire):
    """A published version. What cannot be read of it is null, and ``problem`` says why."""

    name: str
    version: int
    digest: str
    role: Literal["champion", "challenger", "former"]
    candidate: str | None
    trained_at: str | None
    auc: Interval | None = Field(description="Out of fold.")
    cost: Interval | None = Field(description="Per applicant, out of fold.")
    cutoff: float | None
    problem: str | None = None


class ModelVersions(Wire):
    """The champion, the challenger if there is one, and those that decided before, latest first."""

    versions: tuple[ModelVersion, ...]


class Health(Wire):
    """The process lives."""

    status: str = "ok"


class Ready(Wire):
    """The champion is loaded and decisions can be recorded."""

    status: str = "ready"
    model: str
    notes: tuple[str, ...] = ()
