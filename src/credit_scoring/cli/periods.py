"""Periods as a user writes them: ``30d``, ``12h``, a day, a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from credit_scoring.domain.errors import DataError

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def duration(text: str) -> timedelta:
    """Return the duration that `text` names.

    Raises
    ------
    DataError
        If it is none.

    Examples
    --------
    >>> duration("30d").days
    30
    """
    found = re.fullmatch(r"([1-9]\d{0,4})([dhm])", text)
    if found is None:
        raise DataError(f"{text!r} is no period; write 30d, 12h or 90m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str, now: datetime) -> datetime:
    """Return the moment that `text` names: a day or moment in ISO 8601 (UTC where it says nothing), or so long ago.

    Raises
    ------
    DataError
        If it is none.
    """
    if re.fullmatch(r"\d+[dhm]", text):
        return now - duration(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise DataError(f"{text!r} is no moment; write 30d (ago), 2026-06-30 or 2026-06-30T12:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
