from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.domain.decision import Reason
from credit_scoring.domain.text import Language, Text

MEANING = Text("Age of the car", "Âge de la voiture")
languages = st.sampled_from(["en", "fr"])


def reason(contribution: float, value: float | str | None, unit: str = "currency") -> Reason:
    return Reason("car", contribution, "OWN_CAR_AGE", value, unit, MEANING)


@given(st.floats(-10, 10).filter(bool), languages)
def test_a_reason_says_which_way_it_pushes(contribution: float, language: Language) -> None:
    told = reason(contribution, 3.0).told(language)
    opposite = reason(-contribution, 3.0).told(language)
    assert told != opposite
    assert told.startswith(MEANING.told(language))
    raising = {"en": "raises", "fr": "augmente"}[language]
    assert (raising in told) == (contribution > 0)


@given(st.floats(-(10**9), 10**9), languages)
def test_a_number_is_told_with_its_first_three_digits(value: float, language: Language) -> None:
    told = reason(1.0, value).told(language)
    found = re.search(r"\((.*)\)", told)
    assert found is not None
    text = found[1]
    if language == "fr":
        assert "." not in text
        text = text.replace("\N{NARROW NO-BREAK SPACE}", "").replace(",", ".")
    shown = float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert abs(shown - value) <= 0.005 * abs(value) + 1e-300


@given(st.integers(-(10**5), 0), languages, st.sampled_from(["days_before", "months_before"]))
def test_time_before_the_application_is_told_without_a_sign(value: int, language: Language, unit: str) -> None:
    assert "-" not in reason(1.0, float(value), unit).told(language)


@given(languages)
def test_what_is_not_known_is_said_so_and_a_category_is_told_as_it_is(language: Language) -> None:
    unknown = reason(1.0, None).told(language)
    assert {"en": "not known", "fr": "non renseigné"}[language] in unknown
    assert "(Laborers)" in reason(1.0, "Laborers").told(language)
