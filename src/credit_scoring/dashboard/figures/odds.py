"""Contributions as people read them: what they multiply the odds of default by."""

from __future__ import annotations

import math
from typing import Any, Final

from credit_scoring.dashboard.figures.scale import fixed
from credit_scoring.dashboard.words import Words

RAISING: Final = "\N{BLACK UP-POINTING TRIANGLE}"
LOWERING: Final = "\N{BLACK DOWN-POINTING TRIANGLE}"
_FACTORS = (1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 65_536.0)


def factor(contribution: float, words: Words) -> str:
    """Return what a contribution in log-odds does to the odds.

    Examples
    --------
    >>> factor(0.7, Words("en")), factor(-0.7, Words("en"))
    ('×2.01', '÷2.01')
    """
    size = math.exp(min(abs(contribution), 50.0))
    told = fixed(size, 2, words) if size < 10 else words.number(size)
    return f"÷{told}" if contribution < 0 and round(size, 2) > 1 else f"×{told}"


def arrow(contribution: float) -> str:
    """Return the sign of a contribution: whether it raises the PD or lowers it."""
    return RAISING if contribution > 0 else LOWERING if contribution < 0 else "="


def signed(value: float, words: Words, digits: int = 3) -> str:
    """Return a number with its sign."""
    told = fixed(abs(value), digits, words)
    return f"{'+' if value > 0 else '−'}{told}" if round(value, digits) else told


def odds_axis(low: float, high: float, words: Words, *, centre: float, named: str, most: float) -> dict[str, Any]:
    """Return range and ticks of an axis in log-odds, told as factors against its `centre`, which is `named`.

    `most` is how many times the distance of two ticks may go into the range.
    """
    span = high - low
    step = next((step for step in map(math.log, _FACTORS) if span / step <= most), math.log(_FACTORS[-1]))
    numbers = range(math.ceil((low - centre) / step), math.floor((high - centre) / step) + 1)
    texts = [_power(math.exp(abs(number) * step), number, words) if number else named for number in numbers]
    ticks = [centre + number * step for number in numbers]
    return {"range": [low, high], "tickmode": "array", "tickvals": ticks, "ticktext": texts}


def _power(size: float, number: int, words: Words) -> str:
    return f"{'×' if number > 0 else '÷'}{words.number(size, 2)}"
