"""A challenger against the champion: the verdict, the rules it follows from, and what was measured."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from credit_scoring.wire.base import Wire
from credit_scoring.wire.model import Interval


class ComparedModel(Wire):
    """One of the two models."""

    version: int
    digest: str
    candidate: str
    cutoff: float


class PromotionRule(Wire):
    """One rule of the promotion policy, applied."""

    code: str
    measures: str
    value: float | None
    limit: str
    state: Literal["passed", "failed", "too_few", "not_judged"]
    if_failed: Literal["wait", "refuse"]
    about: str


class PromotionLimits(Wire):
    """The limits of the rules."""

    least_defaults: int
    cost_tolerance: float = Field(description="Share of the champion's cost.")
    slope: tuple[float, float]
    promised: tuple[float, float]
    approval_fall: float
    auc_fall: float
    slice_applications: int
    slice_defaults: int
    chance: float
    psi: float


class ComparedFigure(Wire):
    """A figure of both models on the same applications; the difference is challenger minus champion."""

    champion: Interval
    challenger: Interval
    difference: Interval


class SwappedApplications(Wire):
    """Applications that one model approves and the other declines."""

    applications: int
    known: int = Field(description="Of them, with an outcome.")
    defaults: int
    bad_rate: Interval | None


class SwappedDecisions(Wire):
    """Where the decisions differ."""

    both_approve: int
    both_decline: int
    let_in: SwappedApplications = Field(description="By the challenger.")
    turned_away: SwappedApplications = Field(description="By the challenger.")


class WatchChallenge(Wire):
    """The newest comparison of a challenger with the champion. Its models may no longer be those of today."""

    at: datetime
    verdict: Literal["promote", "wait", "refuse"]
    champion: ComparedModel
    challenger: ComparedModel
    compared_on: str
    population: Literal["all", "approved"] = Field(description="Whose outcomes are compared.")
    applications: int
    known: int = Field(description="Applications whose outcomes are compared.")
    defaults: int
    rules: tuple[PromotionRule, ...]
    limits: PromotionLimits
    figures: dict[str, ComparedFigure] = Field(description="Empty where no outcome is known.")
    cost: Interval | None = Field(description="Difference in cost per application that the rules judge.")
    expected_cost: tuple[Interval, Interval] = Field(
        description="Difference in cost per application as the champion's PDs say, and as the challenger's say."
    )
    swap: SwappedDecisions
