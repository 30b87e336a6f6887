"""What another cut-off or cost ratio would change, and how the portfolio is scored."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from credit_scoring.wire.base import Wire
from credit_scoring.wire.model import Interval

Cost = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


class Costs(Wire):
    """What wrong decisions cost; by default what the policy in force says."""

    approve_bad: Cost | None = None
    decline_good: Cost | None = None


class Proposal(Costs):
    """Another policy; without a cut-off, the cheapest at its costs."""

    cutoff: Annotated[float, Field(ge=0, le=1.01, allow_inf_nan=False)] | None = None


class CurvePoint(Wire):
    """Declining from ``cutoff`` on, on applications that the model was not fitted on."""

    cutoff: float
    cost: Interval = Field(description="Per applicant, with its 95 % interval.")
    approval_rate: float
    bad_rate_approved: float | None = Field(description="Null where nobody is approved.")
    defaults_detected: float


class PolicyCurve(Wire):
    """The cost of every cut-off worth drawing. ``present`` is the cut-off in force, at the costs asked for."""

    approve_bad: float
    decline_good: float
    population: str
    applications: int
    defaults: int
    points: tuple[CurvePoint, ...] = Field(description="By ascending cut-off, at most 120.")
    cheapest: CurvePoint
    theoretical: CurvePoint
    present: CurvePoint


class Swap(Wire):
    """Who changes sides. ``bad`` are those who default: observed, or expected from the PDs."""

    applications: int
    newly_approved: int
    newly_approved_bad: float
    newly_declined: int
    newly_declined_bad: float


class PolicyChange(Wire):
    """A proposed policy beside the one in force, both at the proposed costs; nothing is changed by asking."""

    approve_bad: float
    decline_good: float
    present: CurvePoint
    proposed: CurvePoint
    cost_difference: Interval = Field(description="Proposed less present, per applicant, paired.")
    observed: Swap = Field(description="Of the applications behind the figures.")
    stored: Swap | None = Field(description="Of the stored applicants; null where the champion has scored none.")


class Portfolio(Wire):
    """The stored applicants as the champion scores them. Bad rates are expected from the PDs."""

    applicants: int
    scored_by: str
    by_decision: dict[str, int]
    edges: tuple[float, ...] = Field(description="Of the PD's bins, one more than counts.")
    counts: tuple[int, ...]
    approval_rate: float = Field(description="Approved by the cut-off alone.")
    bad_rate: float
    bad_rate_approved: float | None
