"""What the decision log keeps of a decision, of what people said of it, and of what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
EntryKind = Literal["decision", "simulation", "shadow", "review", "outcome", "purge"]


@dataclass(frozen=True, slots=True)
class Payload:
    """The personal part of an entry, which a purge removes: bytes as they were, empty where there is none.

    ``inputs`` is the application as received (JSON), ``values`` the feature values that the model saw
    (`pack_values`), ``told`` what was answered beyond the decision: reasons, warnings, a reviewer's comment (JSON).
    """

    inputs: bytes = b""
    values: bytes = b""
    told: bytes = b""
    applicant: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the log's chain. ``facts`` stay for good and hold nothing personal; ``payload`` may be purged.

    ``id`` is 32 hexadecimal digits, ``subject`` the id of the decision that a shadow, review or outcome is about.
    A decision's facts are ``p_default``, ``decision``, ``cutoff``, ``coverage``, ``bundle``, ``policy``, ``caller``
    and ``endpoint``; ``at`` is when it was made, with its time zone.
    """

    kind: EntryKind
    id: str
    at: datetime
    facts: Mapping[str, Json]
    payload: Payload | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the log holds it. ``payload`` is ``None`` where it was purged or never was.

    ``sequence`` counts from 1 without gaps; ``hash`` seals this entry and, through ``previous``, all before it.
    """

    entry: Entry
    sequence: int
    previous: bytes
    hash: bytes
    purged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a loan: of one decision by its id, or else of every decision on an applicant."""

    decision: str | None = None
    applicant: int | None = None
    defaulted: bool
    observed_on: date
