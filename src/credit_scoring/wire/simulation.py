"""What-if: changes to what an applicant can change, and the smallest one that would be approved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from credit_scoring.domain.text import Text
from credit_scoring.wire.base import WHOLE, ApplicantId, Decision, DecisionId, Features, FeatureValue, Wire, broken
from credit_scoring.wire.scoring import Explanation


class SimulationRequest(Wire):
    """An application, stored, decided before or supplied, and changes to its actionable fields.

    ``TERM`` is the number of monthly repayments; with ``AMT_CREDIT`` or ``TERM`` the annuity follows, unless it is
    changed too.
    """

    applicant: ApplicantId | None = Field(None, description="An applicant of the feature store.")
    decision: DecisionId | None = Field(None, description="Or a recorded decision: what it was made of.")
    features: Annotated[Features | None, Field(description="Or an application by name.")] = None
    changes: Annotated[dict[str, FeatureValue], Field(max_length=20)] = Field(default_factory=dict)
    suggest: bool = Field(False, strict=True, description="Also look for the smallest change that would be approved.")
    term: Annotated[int, Field(strict=True, ge=1, le=600), WHOLE] | None = Field(
        None, description="The present number of monthly repayments where it is known; estimated otherwise."
    )

    @model_validator(mode="after")
    def _one_source(self) -> SimulationRequest:
        if sum(one is not None for one in (self.applicant, self.decision, self.features)) != 1:
            raise broken(
                Text("give one of applicant, decision and features", "indiquez applicant, decision ou features")
            )
        return self


class Suggestion(Wire):
    """The smallest change that would be approved, or what was searched in vain.

    With ``none``, no offer that was tried is approved; ``changes`` and ``p_default`` are then of the one with the
    lowest PD. ``size`` is the largest relative change of a figure of the contract.
    """

    outcome: Literal["no_change_needed", "found", "none"]
    changes: dict[str, float]
    term: int | None = Field(description="Number of monthly repayments with the change, where it can be told.")
    p_default: float
    decision: Decision
    size: float
    tried: int = Field(description="How many offers were tried.")
    text: str


class Simulation(Wire):
    """The same application before and after the changes. Nothing is decided: both are recorded as simulations."""

    simulation: Literal[True] = True
    changes: dict[str, float] = Field(description="The changes, with what follows from them.")
    before: Explanation
    after: Explanation
    suggestion: Suggestion | None = None
