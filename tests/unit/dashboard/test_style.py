"""Colours that everybody can read (WCAG 2.2: 1.4.3 for text, 1.4.11 for what a figure is made of)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from credit_scoring.dashboard import style

THEME = tomllib.loads((Path(style.__file__).parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
TEXT = ("INK", "QUIET", "BRAND", "APPROVE", "REFER", "DECLINE", "RAISES", "LOWERS")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", TEXT)
def test_text_is_readable_on_every_ground(name: str) -> None:
    for ground in (style.PAPER, style.MIST):
        assert contrast(getattr(style, name), ground) >= 4.5


def test_marks_stand_out_from_the_paper() -> None:
    for colour in (style.EVERYONE, style.RAISES, style.LOWERS):
        assert contrast(colour, style.PAPER) >= 3


def test_the_theme_of_streamlit_is_the_same() -> None:
    assert (THEME["textColor"], THEME["backgroundColor"]) == (style.INK, style.PAPER)
    assert (THEME["primaryColor"], THEME["secondaryBackgroundColor"]) == (style.BRAND, style.MIST)
    assert contrast(THEME["primaryColor"], "#FFFFFF") >= 4.5
    assert contrast(THEME["linkColor"], THEME["backgroundColor"]) >= 4.5
