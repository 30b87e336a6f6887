"""One reason, told to the applicant: what it is about, and what the file says."""

from __future__ import annotations

import re

from credit_scoring.dashboard.words import Words
from credit_scoring.wire.scoring import Reason

_DAYS_IN_A_YEAR, _DAYS_IN_A_MONTH = 365.25, 365.25 / 12
_YEARS_FROM, _MONTHS_FROM = 730, 61
_TIMES_FROM = 2


def reason_told(reason: Reason, words: Words, unit: str | None = None) -> tuple[str, str]:
    """Return the concept's name, and a sentence with the meaning and the value.

    The sentence is the reason's own text up to its last colon: what follows is for the officer. With `unit` its figure
    is told as the applicant would say it (``yes``, ``9,461 days (about 26 years)``), else as the service wrote it.
    """
    meaning, value = _parts(reason)
    if reason.value is None:
        value = words("letter.reason.unknown")
    elif isinstance(reason.value, str):
        value = words.category(reason.value)
    elif unit:
        value = _quantity(reason.value, unit, words)
        meaning = meaning.removesuffix(words.known(f"letter.quantity.{unit.removesuffix('_before')}.within", ""))
    # A colon within the meaning would make two in the sentence.
    meaning = re.sub(r"\s*:\s+", ", ", meaning)
    sentence = words("letter.reason.fact", meaning=meaning, value=value) if value else f"{meaning}."
    about = words.known(f"letter.reason.about.{reason.concept}", "")
    return words.known(f"concept.{reason.concept}", reason.concept), f"{sentence} {about}".strip()


def _parts(reason: Reason) -> tuple[str, str]:
    """Return meaning and value as the service wrote them, ``Meaning (value): effect``; a value may hold either sign."""
    fact = (reason.text.rpartition(":")[0] or reason.text).strip()
    if isinstance(reason.value, str) and fact.endswith(f" ({reason.value})"):
        return fact.removesuffix(f" ({reason.value})"), reason.value
    meaning, _, value = fact.rpartition(" (")
    return (meaning, value.removesuffix(")")) if meaning else (fact, "")


def _quantity(value: float, unit: str, words: Words) -> str:
    if unit == "currency":
        return words.money(round(value))
    if unit == "flag":
        # The average of a flag is a share.
        return words(f"value.{'yes' if value else 'no'}") if value in {0, 1} else words.percent(value, 0)
    if unit == "rate" or (unit == "ratio" and abs(value) < _TIMES_FROM):
        return words.percent(value, 0)
    if unit == "ratio":
        return words("letter.quantity.times", value=words.number(value, 1))
    quantity = abs(value) if unit.endswith("_before") else value
    if unit in {"days", "days_before"}:
        return _days(quantity, words)
    return _counted(quantity, unit, words) if unit in {"years", "months_before"} else words.figure(quantity)


def _days(days: float, words: Words) -> str:
    told = _counted(days, "days", words)
    if abs(days) >= _YEARS_FROM:
        return words("letter.quantity.about_years", days=told, count=words.number(abs(days) / _DAYS_IN_A_YEAR))
    if abs(days) >= _MONTHS_FROM:
        return words("letter.quantity.about_months", days=told, count=words.number(abs(days) / _DAYS_IN_A_MONTH))
    return told


def _counted(quantity: float, unit: str, words: Words) -> str:
    return words(f"letter.quantity.{unit}.{words.plural(quantity)}", value=words.figure(quantity))
