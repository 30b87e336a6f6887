from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.bundle.linear import CompiledTerms, Term

FEATURES = (*(f"F{number}" for number in range(300)), "CATEGORY")


@given(seed=st.integers(0, 1_000), rows=st.integers(1, 600), width=st.integers(0, 300), order=st.sampled_from("CF"))
def test_compiled_terms_are_the_terms_and_one_row_gives_the_bits_of_a_batch(
    seed: int, rows: int, width: int, order: Literal["C", "F"]
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, len(FEATURES)))
    values[:, -1] = generator.integers(0, 2 if rows < 300 else 3, rows)
    values[generator.random(values.shape) < 0.2] = np.nan
    values = np.array(values, order=order)
    # The same feature twice, as in a blend.
    named = [*FEATURES[:width], *FEATURES[: min(width, 3)]]
    draws = generator.normal(size=(len(named), 4))
    terms = (
        *(
            Term(feature=name, weight=w, missing_weight=m, center=c, scale=0.5 + abs(s), offset=w / 3)
            for name, (w, m, c, s) in zip(named, draws, strict=True)
        ),
        *(Term(feature=name) for name in FEATURES[:2]),  # always 0
        Term(feature=FEATURES[1], missing_weight=0.7, offset=0.1),
        Term(feature="CATEGORY", level_weights=(0.1, -0.4, 0.2), missing_weight=0.3, offset=0.05),
        Term(feature="CATEGORY", level_weights=(0.2, 0.0), missing_weight=-0.1) if rows < 300 else Term(feature="F0"),
    )
    compiled = CompiledTerms(terms, FEATURES)
    one_by_one = sum(term.of(values[:, FEATURES.index(term.feature)]) for term in terms)
    assert np.allclose(compiled.total(values), one_by_one, rtol=0, atol=1e-10)
    shares = np.zeros_like(values)
    compiled.add_to(shares, values)
    assert np.allclose(shares.sum(axis=1), one_by_one, rtol=0, atol=1e-10)
    chosen = generator.integers(0, rows, 5)
    alone = [compiled.total(values[[row]])[0] for row in chosen]
    assert np.array_equal(alone, compiled.total(values)[chosen])


@pytest.mark.parametrize("rows", [0, 1, 2, 300])
def test_without_terms_the_part_is_zero(rows: int) -> None:
    terms = CompiledTerms((), ("a", "b"))
    assert terms.total(np.ones((rows, 2))).tolist() == [0.0] * rows
