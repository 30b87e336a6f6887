"""Streamlit's own labels, found whatever language they were told in."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from credit_scoring.dashboard.browser import charts, labels
from credit_scoring.dashboard.words import Words, texts
from credit_scoring.domain.text import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_found_by_what_it_says_in_another_language(language: Language) -> None:
    other = next(one for one in LANGUAGES if one != language)
    rules = labels(Words(language))
    for key, text in texts(other).items():
        if key.startswith("streamlit."):
            said, wanted = (re.sub(r"\{\w+\}", "Revenu (A.B)", one) for one in (text, texts(language)[key]))
            pattern, instead = next(rule for rule in rules if re.search(rule[0], said))
            assert re.sub(pattern, instead.replace("$1", r"\1"), said) == wanted


def test_what_draws_charts_is_where_streamlit_says() -> None:
    assert files("streamlit").joinpath("static", *charts().split("/")).is_file()
