"""What all wire models have in common, and the pieces that several of them use."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from credit_scoring.domain.text import Text

Decision = Literal["approve", "refer", "decline"]
FeatureValue = (
    Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[str, Field(strict=True, max_length=200)]
    | None
)
OWN_RULE = "own_rule"
Features = Annotated[dict[str, FeatureValue], Field(max_length=2_000)]


def _whole(value: object) -> object:
    """Return 7 for 7.0, which is the same number to JSON; nothing else is made an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
# Ids go over the wire as JSON numbers, which are exact up to 2**53.
ApplicantId = Annotated[int, Field(strict=True, ge=0, le=2**53), WHOLE]
DecisionId = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="Id of a recorded decision.")]


def broken(rule: Text) -> PydanticCustomError:
    """Return the error to raise where a message breaks a rule of ours; its context tells the `rule` in both languages.

    Pydantic would keep of a ``ValueError`` its string alone.
    """
    return PydanticCustomError(OWN_RULE, "{en}", rule._asdict())


def _written_as(pattern: str, example: str) -> BeforeValidator:
    """Refuse a moment that is not written as ISO 8601 has it: Pydantic takes a number for seconds since 1970."""

    def check(value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and not re.fullmatch(pattern, value)):
            raise broken(Text(f"must be written as {example}", f"doit s'écrire sous la forme {example}"))
        return value

    return BeforeValidator(check)


Day = Annotated[date, _written_as(r"\d{4}-\d\d-\d\d", "2026-06-30")]
Moment = Annotated[AwareDatetime, _written_as(r"\d{4}-\d\d-\d\d[Tt ].+", "2026-06-30T12:00:00Z")]


class Wire(BaseModel):
    """A message: unknown fields are refused, and it is not changed once made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(Wire):
    """One thing wrong with a request."""

    field: str = Field(description="Where it stands in the request, dotted from the root of the body.")
    problem: str = Field(description="What is wrong with it, in the language of Accept-Language.")


class Problem(Wire):
    """Why a request was refused (RFC 9457, ``application/problem+json``)."""

    type: str = Field(description="A stable name of the kind of problem.")
    title: str
    status: int
    detail: str = Field(
        description="A sentence that says what to do, in the language that Content-Language names, or else in English."
    )
    faults: tuple[Fault, ...] = ()


class ModelReference(Wire):
    """Which model decided: the registered version and the SHA-256 of its bundle."""

    version: int
    digest: str
