from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.bundle.model import Encoder
from credit_scoring.domain.decision import Reason
from credit_scoring.domain.text import Text
from credit_scoring.explain.reasons import Reasoner

CONCEPTS = ("income", "income", "debt", "car", "age", "job")
CARDS = tuple(
    FeatureCard(
        name=f"f{i}", kind="number", unit="", concept=concept, meaning=Text(f"Feature {i}", f"Variable {i}"), sources=()
    )
    for i, concept in enumerate(CONCEPTS)
)
REASONER = Reasoner(CARDS, Encoder(features=tuple(card.name for card in CARDS), categories={}))
shares = st.lists(st.floats(-3, 3), min_size=len(CARDS) + 1, max_size=len(CARDS) + 1)


@given(st.lists(shares, min_size=1, max_size=5), st.integers(1, 6))
def test_reasons_are_the_concepts_that_raise_the_pd_most(rows: list[list[float]], most: int) -> None:
    contributions = np.array(rows)
    values = np.arange(len(rows), dtype=np.float64)[:, None].repeat(len(CARDS), axis=1)
    for row, told in enumerate(REASONER.reasons(contributions, values, most=most)):
        totals = {c: sum(rows[row][i] for i, of in enumerate(CONCEPTS) if of == c) for c in set(CONCEPTS)}
        raising = sorted((total for total in totals.values() if total > 0), reverse=True)
        assert [reason.contribution for reason in told] == pytest.approx(raising[:most])
        for reason in told:
            members = [i for i, of in enumerate(CONCEPTS) if of == reason.concept]
            assert reason.value == row
            assert reason.feature == f"f{max(members, key=lambda i: rows[row][i])}"


@given(st.lists(shares, min_size=1, max_size=5))
def test_concepts_and_the_baseline_add_up_to_the_margin_the_largest_first(rows: list[list[float]]) -> None:
    contributions = np.array(rows)
    values = np.arange(len(CARDS), dtype=np.float64)[None].repeat(len(rows), axis=0)
    for row, told in zip(rows, REASONER.concepts(contributions, values), strict=True):
        assert sum(reason.contribution for reason in told) + row[-1] == pytest.approx(sum(row), abs=1e-12)
        sizes = [abs(reason.contribution) for reason in told]
        assert sizes == sorted(sizes, reverse=True)
        assert all(sizes)
        assert len({reason.concept for reason in told}) == len(told)
        for reason in told:
            members = [i for i, of in enumerate(CONCEPTS) if of == reason.concept]
            strongest = (max if reason.contribution > 0 else min)(members, key=lambda i: row[i])
            assert (reason.feature, reason.value) == (f"f{strongest}", strongest)


@given(st.lists(shares, min_size=1, max_size=3))
def test_reasons_are_the_first_concepts_that_raise_the_pd(rows: list[list[float]]) -> None:
    contributions, values = np.array(rows), np.zeros((len(rows), len(CARDS)))
    for reasons, concepts in zip(
        REASONER.reasons(contributions, values), REASONER.concepts(contributions, values), strict=True
    ):
        assert reasons == [one for one in concepts if one.contribution > 0][:4]


@pytest.mark.parametrize(
    ("value", "unit", "english", "french"),
    [
        (None, "currency", "not known", "non renseigné"),
        ("Laborers", "", "Laborers", "Laborers"),
        (1_234_567.0, "currency", "1,234,567", "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"),
        (0.1234, "ratio", "0.123", "0,123"),
        (-365.0, "days_before", "365", "365"),
        (-12.0, "days", "-12", "-12"),
    ],
)
def test_values_are_told_as_people_of_the_language_read_them(
    value: float | str | None, unit: str, english: str, french: str
) -> None:
    reason = Reason("concept", 0.4, "f", value, unit, Text("Quantity", "Grandeur"))
    assert reason.told("en") == f"Quantity ({english}): raises the risk"
    assert reason.told("fr") == f"Grandeur ({french})\N{NO-BREAK SPACE}: augmente le risque"
    lowering = Reason("concept", -0.4, "f", value, unit, Text("Quantity", "Grandeur"))
    assert lowering.told("fr").endswith("réduit le risque")
