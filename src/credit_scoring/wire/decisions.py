"""The record of a decision, what people said of it, what became of it, and its replay."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from credit_scoring.domain.text import Text
from credit_scoring.wire.base import ApplicantId, Day, Decision, DecisionId, Moment, Wire, broken
from credit_scoring.wire.model import Interval
from credit_scoring.wire.scoring import Explanation, Reason

ReasonCode = Literal[
    "documents_verified",
    "income_verified",
    "data_error",
    "additional_security",
    "existing_customer",
    "suspected_fraud",
    "policy_exception",
    "model_confirmed",
    "other",
]


class ReviewRequest(Wire):
    """A person confirms a decision or overrides it."""

    action: Literal["confirm", "override"]
    decision: Literal["approve", "decline"] = Field(description="What now holds.")
    reason_code: ReasonCode
    comment: Annotated[str, Field(max_length=2_000)] = ""
    reviewer: Annotated[str, Field(min_length=1, max_length=100, description="Who decided.")]

    @model_validator(mode="after")
    def _said_why(self) -> ReviewRequest:
        if self.reason_code == "other" and not self.comment.strip():
            raise broken(Text("the reason code other needs a comment", "le motif other exige un commentaire"))
        return self


class Review(Wire):
    """A recorded review."""

    review_id: DecisionId
    decision_id: DecisionId
    action: Literal["confirm", "override"]
    decision: Literal["approve", "decline"]
    reason_code: str
    comment: str | None
    reviewer: str | None
    at: datetime


class Observation(Wire):
    """What became of a loan: of one decision, or of all decisions on an applicant."""

    decision_id: DecisionId | None = None
    applicant: ApplicantId | None = None
    defaulted: Annotated[bool, Field(strict=True)]
    observed_on: Day

    @model_validator(mode="after")
    def _one_subject(self) -> Observation:
        if (self.decision_id is None) == (self.applicant is None):
            raise broken(Text("give either decision_id or applicant", "indiquez decision_id ou applicant"))
        return self


class OutcomesRequest(Wire):
    """Outcomes that arrived; sending one again changes nothing."""

    outcomes: Annotated[list[Observation], Field(min_length=1, max_length=10_000)]


class OutcomesResponse(Wire):
    """How many outcomes were new, already known, or of no recorded decision."""

    recorded: int
    known: int
    unknown: int


class DecisionRecord(Wire):
    """A decision as the log holds it. What a purge removed is null.

    ``hash`` seals this entry and all before it.
    """

    decision_id: DecisionId
    kind: str
    sequence: int
    at: datetime
    facts: dict[str, Any]
    applicant: int | None
    inputs: Any
    features: dict[str, float | str] | None = Field(description="The feature values that the model saw.")
    told: Any
    purged: bool
    hash: str
    previous: str
    reviews: tuple[Review, ...] = ()
    outcome: dict[str, Any] | None = None
    shadows: tuple[dict[str, Any], ...] = ()


class DecisionSearch(Wire):
    """What to look for; everything is optional and narrows the search."""

    decision: Decision | None = None
    applicant: Annotated[int, Field(ge=0, le=2**53)] | None = None
    p_default_min: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    p_default_max: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    since: Moment | None = None
    until: Moment | None = None
    reviewed: bool | None = None
    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class DecisionSummary(Wire):
    """A line of a list of decisions."""

    decision_id: DecisionId
    sequence: int
    at: datetime
    applicant: int | None
    p_default: float
    decision: Decision
    coverage: float
    endpoint: str


class DecisionPage(Wire):
    """Decisions, newest first; pass ``next_before`` as ``before`` for the next page."""

    decisions: tuple[DecisionSummary, ...]
    next_before: int | None


class RecordedExplanation(Explanation):
    """A recorded decision explained anew, by the bundle that made it, in the language asked for.

    ``reasons`` are those that count among the first four, ``concepts`` all of them, those that lower the PD too, by the
    size of their contribution.
    """

    kind: Literal["decision", "simulation"]
    at: datetime
    applicant: int | None
    endpoint: str
    cutoff_interval: tuple[float, float]
    minimum_coverage: float
    concepts: tuple[Reason, ...]


Flag = Literal["near_cutoff", "low_coverage", "out_of_range", "unseen_category"]


class QueueSearch(Wire):
    """Which cases to list."""

    flag: Flag | None = None
    before: Annotated[int, Field(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class QueueItem(DecisionSummary):
    """A decision that a person should see, and why."""

    cutoff: float
    flags: tuple[Flag, ...]


class Queue(Wire):
    """Decisions that wait for a person, newest first; pass ``next_before`` as ``before`` for the next page.

    A decision waits while it has no review, is the latest on its applicant, is not purged, and was referred or has
    inputs that training did not see.
    """

    items: tuple[QueueItem, ...]
    waiting: int = Field(description="How many wait in all, whatever the flag asked for.")
    next_before: int | None


class ReviewPeriod(Wire):
    """Of which decisions; everything is optional."""

    since: Moment | None = None
    until: Moment | None = None


class Override(Wire):
    """How often people made one decision of another, for one reason."""

    decided: Decision
    made: Literal["approve", "decline"]
    reason_code: str
    count: int


class ReviewSummary(Wire):
    """What people said of decisions made in a period. Of several reviews of a decision, the latest counts.

    A decision is overridden where it no longer stands as the model made it; a referral, which leaves it to a person,
    where the review calls itself an override. All other reviewed decisions are confirmed. ``override_rate`` is of the
    reviewed decisions that the model approved or declined; null where there are none.
    """

    decisions: dict[Decision, int]
    reviewed: int
    confirmed: int
    overridden: int
    override_rate: Interval | None
    overrides: tuple[Override, ...]


class Difference(Wire):
    """A feature that came out otherwise."""

    feature: str
    recorded: float | None
    recomputed: float | None


class Replay(Wire):
    """A decision made again.

    ``same_p_default`` and ``same_decision`` compare to the last bit what the recorded bundle makes of the recorded
    feature values; ``same_features`` whether the recorded inputs give these values within 1e-9, ``null`` where it
    cannot be told; ``same_reasons`` the reasons where they were told.
    """

    decision_id: DecisionId
    recorded_p_default: float
    p_default: float
    same_p_default: bool
    decision: Decision
    same_decision: bool
    same_features: bool | None
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]
    same_reasons: bool | None
    bundle: str
    note: str = ""
