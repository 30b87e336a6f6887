from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from tests.told import assert_refused_in_both, assert_told_in_both

from credit_scoring.domain.errors import Fault, FaultyInputError, UnknownApplicantError, UnknownDecisionError
from credit_scoring.domain.faults import A_NUMBER, A_TEXT, beyond, must_be, quoted, unknown
from credit_scoring.domain.text import Text, figure

WHY, MEANING = Text("no feature has this name", "aucune variable ne porte ce nom"), Text("Age", "Âge")
values = st.floats(-1e300, 1e300) | st.integers(-(10**15), 10**15)
names = st.text("ABCD_", min_size=1, max_size=8)


@given(values)
def test_a_figure_is_the_number_in_french_too(value: float) -> None:
    english, french = figure(value)
    assert english == f"{value:g}"
    assert "." not in french
    read = float(french.replace("\N{NARROW NO-BREAK SPACE}", "").replace(",", "."))
    assert math.isclose(read, value, rel_tol=1e-9)
    if float(value).is_integer() and abs(value) <= 2**53:
        assert read == value


@given(values, values, names)
def test_shared_sentences_are_told_in_both_languages(value: float, limit: float, name: str) -> None:
    faults = [
        Fault("one", must_be(A_NUMBER, quoted(name))),
        Fault("two", must_be(A_TEXT, quoted(value))),
        Fault("three", unknown(WHY, [])),
        Fault("four", unknown(WHY, [name])),
        Fault("five", beyond(value, limit, MEANING)),
    ]
    assert_told_in_both(faults)
    assert ("below" in faults[-1].problem.en) == ("inférieur" in faults[-1].problem.fr) == (value < limit)
    assert all(name in words for words in faults[3].problem)
    assert_refused_in_both(FaultyInputError(faults))


def test_what_is_looked_for_in_vain_is_told_in_both_languages() -> None:
    for error in (UnknownDecisionError("d1"), UnknownApplicantError([7], 100, 200, nearest=100)):
        assert isinstance(error.sentence, Text)
        assert str(error) == error.sentence.en
    assert_told_in_both([Fault("applicant", Text(*UnknownApplicantError([7], 100, 200, nearest=100).sentence))])
