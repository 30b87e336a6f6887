"""Figures as people of a language write them."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language

EN, FR = Words("en", "EUR"), Words("fr", "EUR")


def read(told: str, words: Words) -> float:
    """Return the number that a person of the language reads."""
    bare = re.sub(r"[\s%€]", "", told).replace("\N{MINUS SIGN}", "-")
    if words.language == "fr":
        return float(bare.replace(",", "."))
    return float(bare.replace(",", ""))


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert EN.number(1_234_567.891, 2) == "1,234,567.89"
    assert FR.number(1_234_567.891, 2) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567,89"
    assert (EN.percent(0.0813), FR.percent(0.0813)) == ("8.1%", "8,1\N{NO-BREAK SPACE}%")
    assert (EN.money(450_000), FR.money(450_000)) == ("€450,000", "450\N{NARROW NO-BREAK SPACE}000\N{NO-BREAK SPACE}€")
    assert Words("fr").money(450_000) == "450\N{NARROW NO-BREAK SPACE}000"
    assert (EN.day(date(2026, 11, 1)), FR.day(date(2026, 11, 1))) == ("1 November 2026", "1er novembre 2026")
    assert (EN.signed(-0.5, 1), EN.signed(0.5, 1), EN.signed(0.0)) == ("\N{MINUS SIGN}0.5", "+0.5", "0")
    at = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)
    assert re.fullmatch(r"25 nov\. 2026,? \d\d:\d\d", FR.moment(at))


@given(st.floats(-1e9, 1e9), st.integers(0, 4), st.sampled_from(LANGUAGES))
def test_a_number_is_read_as_it_was_rounded(value: float, digits: int, language: Language) -> None:
    words = Words(language)
    told = words.number(value, digits)
    assert read(told, words) == pytest.approx(round(value, digits), abs=10.0**-digits)
    assert not told.startswith("-0") or float(round(value, digits)) != 0


@given(st.floats(0, 1), st.sampled_from(LANGUAGES))
def test_the_odds_told_are_those_of_the_pd(p_default: float, language: Language) -> None:
    words = Words(language)
    numbers = [int(re.sub(r"\D", "", one)) for one in re.findall(r"\d[\d\s,]*", words.in_a_hundred(p_default))]
    count, base = min(numbers), max(numbers)
    assert base in {100, 1_000}
    if words.in_a_hundred(p_default) == words("odds.none"):
        count = 0
    assert math.isclose(count / base, p_default, abs_tol=0.5 / base + 1e-12)


def test_a_value_that_is_not_known_is_said_so() -> None:
    assert (EN.value(None, "currency"), FR.value(None, "days")) == ("not known", "non renseigné")
    assert (EN.value(1.0, "flag"), FR.value(0.0, "flag")) == ("yes", "non")
    assert EN.value(-365.0, "days_before") == "365 days ago"
    assert EN.value(0.25, "share") == "25.0%"


def test_a_text_that_does_not_exist_is_no_text() -> None:
    with pytest.raises(KeyError):
        EN("no.such.text")
    assert EN.known("no.such.text", "otherwise") == "otherwise"
