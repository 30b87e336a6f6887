"""A chart is drawn once of what it shows, and anew of anything else."""

from __future__ import annotations

import plotly.graph_objects as go
from tests.unit.dashboard.answers import ENGLISH

from credit_scoring.dashboard.charts import Chart
from credit_scoring.dashboard.figures.remembered import remembered
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import Interval


def test_equal_answers_in_equal_words_are_drawn_once() -> None:
    drawn: list[float] = []

    @remembered
    def build(found: Interval, words: Words, most: int = 8) -> Chart:
        drawn.append(found.value)
        return Chart(words("product"), str(most), go.Figure(), ())

    def answer(value: float) -> Interval:
        return Interval(value=value, lower=0.0, upper=1.0)

    first = build(answer(0.5), ENGLISH)
    assert build(answer(0.5), Words("en")) is first
    assert drawn == [0.5]
    others = [build(answer(0.6), ENGLISH), build(answer(0.5), Words("fr")), build(answer(0.5), ENGLISH, most=3)]
    assert all(one is not first for one in others)
    assert drawn == [0.5, 0.6, 0.5, 0.5]
