"""Applicants of the feature store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from credit_scoring.wire.base import ApplicantId, Decision, Wire

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class ApplicantSearch(Wire):
    """What to look for; everything is optional and narrows the search."""

    starts_with: Annotated[str, Field(pattern="^[0-9]{1,12}$", description="First digits of the number.")] | None = None
    p_default_min: Share | None = None
    p_default_max: Share | None = None
    decision: Decision | None = None
    sort: Literal["applicant", "p_default", "-applicant", "-p_default"] = "applicant"
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class ApplicantSummary(Wire):
    """An applicant as search lists them. ``p_default`` and ``decision`` are by the model named in the page."""

    applicant: ApplicantId
    p_default: float
    decision: Decision
    coverage: float
    columns: dict[str, Any] = Field(description="The columns that can be searched.")


class ApplicantPage(Wire):
    """Applicants that fit a search, and how many there are in all."""

    applicants: tuple[ApplicantSummary, ...]
    total: int
    scored_by: str = Field(description="Digest of the bundle behind the PDs.")


class Applicant(Wire):
    """One applicant's features. Features that are missing are null."""

    applicant: ApplicantId
    features: dict[str, float | str | None]
