"""An entry made ready outside the transaction: checked, its facts as text, its payload digested, its body as bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from credit_scoring.adapters.decision_log import chain
from credit_scoring.domain.errors import DataError
from credit_scoring.domain.record import Entry, Json

SCORED = frozenset({"decision", "simulation", "shadow"})
_LARGEST = 2**63


class Copied(NamedTuple):
    """What stands in columns of its own beside the facts, so that it can be searched."""

    p_default: float | None = None
    decision: str | None = None
    bundle: str | None = None
    caller: str | None = None


class Draft(NamedTuple):
    """An entry of which only its place in the chain is missing."""

    entry: Entry
    at: int
    facts: str
    copied: Copied
    salt: bytes | None
    digest: bytes | None
    body: bytes


_NOTHING_COPIED = Copied()


def draft(entry: Entry) -> Draft:
    """Return the entry made ready.

    Raises
    ------
    DataError
        If its facts are not JSON, its moment has no time zone, or a value does not fit its column.
    """
    try:
        at = chain.microseconds(entry.at)
        facts = chain.canonical(entry.facts)
        copied = copied_facts(entry.kind, entry.facts)
        salt = digest = None
        if (payload := entry.payload) is not None:
            if payload.applicant is not None and not -_LARGEST <= payload.applicant < _LARGEST:
                raise ValueError(f"an applicant's number of {payload.applicant}")
            salt = os.urandom(chain.SALT_BYTES)
            digest = chain.digest(salt, payload)
        body = chain.body(entry.kind, entry.id, entry.subject, at, facts, digest)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DataError(f"the entry {entry.id!r} cannot be recorded: {error}") from error
    return Draft(entry, at, facts, copied, salt, digest, body)


def copied_facts(kind: str, facts: Mapping[str, Json]) -> Copied:
    """Return what is copied out of the facts; a `TypeError` if it is neither of its column's type nor missing."""
    if kind not in SCORED:
        return _NOTHING_COPIED
    p_default = facts.get("p_default")
    if not (p_default is None or isinstance(p_default, float | int)) or isinstance(p_default, bool):
        raise TypeError(f"p_default is {p_default!r}, not a number")
    return Copied(p_default, _text(facts, "decision"), _text(facts, "bundle"), _text(facts, "caller"))


def _text(facts: Mapping[str, Json], name: str) -> str | None:
    value = facts.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}, not text")
    value.encode()  # half a surrogate pair is text to JSON, but to no database
    return value
