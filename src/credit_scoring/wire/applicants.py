"""Applicants of the feature store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from credit_scoring.wire.base import ApplicantId, Decision, FeatureValue, Wire

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


Likeness = Annotated[
    dict[str, FeatureValue],
    Field(
        max_length=16,
        description="Searchable columns and the applicant's values: others are like them with the same category, "
        "or a number within a fifth of it.",
    ),
]


class StandingRequest(Wire):
    """Where a value stands among the stored applicants, and among those who are like one."""

    feature: str
    value: FeatureValue = None
    like: Likeness = Field(default_factory=dict)


class Axis(Wire):
    """A feature cut into bins; the bins at the ends hold what lies beyond them too.

    A number has ``edges``, one more than bins, ``lower < x <= upper`` but for the first bin, which holds its lower edge
    too; a category has ``levels``, a bin each, most frequent first. Of many levels, the last, null, holds the rest.
    """

    feature: str
    meaning: str
    unit: str
    edges: tuple[float, ...] | None
    levels: tuple[str | None, ...] | None


class Group(Wire):
    """How a feature is distributed among some applicants.

    ``below`` is the share of known values below the value asked about; of a category, the share that has it.
    """

    applicants: int
    missing: int
    counts: tuple[int, ...] = Field(description="By bin.")
    mean_p_default: tuple[float | None, ...] = Field(description="By bin; null where nobody is.")
    median: float | None
    below: float | None


class Standing(Wire):
    """A feature among all stored applicants, and among those who are like the one asked about."""

    axis: Axis
    everyone: Group
    similar: Group | None = Field(description="Null where likeness was not asked for.")


class RelationRequest(Wire):
    """Two features together, among the stored applicants who are like one, or all."""

    x: str
    y: str
    like: Likeness = Field(default_factory=dict)


class Relation(Wire):
    """How many applicants are in each cell, and their mean PD: a row a bin of ``y``, a column a bin of ``x``."""

    x: Axis
    y: Axis
    applicants: int
    missing: int = Field(description="Of whom one of the two is not known.")
    counts: tuple[tuple[int, ...], ...]
    mean_p_default: tuple[tuple[float | None, ...], ...]
