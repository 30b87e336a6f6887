"""What the watch found: its passes through time, the newest one in detail, and its alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from credit_scoring.wire.base import Decision, Moment, Wire
from credit_scoring.wire.challenge import WatchChallenge
from credit_scoring.wire.model import Interval

Severity = Literal["notice", "alarm"]


class RealisedFigures(Wire):
    """What became of applications whose outcome is known, beside what their PDs promised."""

    population: Literal["all", "approved"] = Field(description="The declined have no outcome, as a rule.")
    applications: int
    defaults: int
    expected: dict[str, Interval]
    realised: dict[str, float]
    beyond: tuple[str, ...] = Field(description="Figures outside the interval that was expected.")


class WatchFinding(Wire):
    """One check that found something."""

    code: str
    severity: Severity
    subject: str
    concept: str
    importance: float = Field(description="Share of the model's mean absolute contribution.")
    measures: str
    value: float
    limit: float
    chance: float = Field(description="Probability of as much without any drift.")


class WatchPass(Wire):
    """One pass of the watch over the decisions of a period."""

    at: datetime
    since: datetime
    until: datetime
    model: str
    version: int
    decisions: dict[Decision, int]
    others: int = Field(description="Decisions of other models in the period, which are not compared.")
    purged: int = Field(description="Decisions whose feature values were purged, which are not compared.")
    psi: dict[str, float] = Field(description="Of p_default, of decision, and of the features found or weightiest.")
    alarms: int
    notices: int
    too_few: int = Field(description="Checks that had too few applications to tell.")
    trained: dict[str, Interval]
    expected: dict[str, Interval]
    realised: RealisedFigures | None
    vintage: str = Field(description="Month of the decisions whose outcomes were realised.")


class WatchVintage(Wire):
    """The decisions of one month."""

    month: str
    decisions: int
    approved: int
    known: int = Field(description="Of the approved, with an outcome.")
    mature: bool
    realised: RealisedFigures | None
    defaults_by_month: tuple[float, ...]


class WatchedConcept(Wire):
    """The features of one concept together."""

    concept: str
    features: int
    moved: int
    importance: float
    importance_moved: float
    largest_psi: float


class WatchAlert(Wire):
    """One episode of one check."""

    code: str
    subject: str = Field(description="A concept, or what is not a feature.")
    model: str
    measures: str
    subjects: tuple[str, ...]
    worst: str
    value: float
    limit: float
    importance: float
    opened: datetime
    closed: datetime | None


class Watch(Wire):
    """What the watch recorded; empty where no pass was made yet."""

    passes: tuple[WatchPass, ...] = Field(description="Oldest first.")
    findings: tuple[WatchFinding, ...] = Field(description="Of the newest pass.")
    concepts: tuple[WatchedConcept, ...] = Field(description="Of the newest pass.")
    vintages: tuple[WatchVintage, ...] = Field(description="Of the newest pass, oldest first.")
    alerts: tuple[WatchAlert, ...] = Field(description="Newest first, open or closed.")
    challenge: WatchChallenge | None = Field(description="The newest comparison of a challenger with the champion.")


class WatchSearch(Wire):
    """What to tell of the watch."""

    since: Moment | None = Field(None, description="Passes over periods that end at or after this moment.")
    limit: int = Field(120, ge=1, le=1_000, description="How many passes at most, the newest.")
