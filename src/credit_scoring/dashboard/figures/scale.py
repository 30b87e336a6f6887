"""Axes: round figures on them as a language writes them, and features cut into bins."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from babel.numbers import format_compact_currency, format_compact_decimal, format_decimal

from credit_scoring.dashboard.figures.labels import CHARACTER, NARROWEST, wrapped
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.applicants import Axis

Value = float | str | None
_LEAST_SPAN = 1e-9


def round_figures(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Return at most so many round figures, evenly spaced, from `low` to `high`.

    Examples
    --------
    >>> round_figures(0.0, 0.3)
    (0.0, 0.1, 0.2, 0.3)
    """
    span = high - low
    if span < _LEAST_SPAN:
        return (low,)
    exponent = math.floor(math.log10(span / most))
    for step in (factor * 10.0**power for power in (exponent, exponent + 1) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return tuple(round(number * step, 12) for number in range(first, last + 1))
    return (low, high)


def digits_of(step: float) -> int:
    """Return how many decimals a round step needs."""
    return max(0, math.ceil(-math.log10(step) - 1e-9)) if step > 0 else 0


def percent_axis(low: float, high: float, words: Words, *, most: int = 5) -> dict[str, Any]:
    """Return range and ticks of an axis of shares."""
    ticks = round_figures(max(low, 0.0), high, most)
    digits = digits_of(100 * (ticks[1] - ticks[0])) if len(ticks) > 1 else 1
    texts = [words.percent(tick, digits) for tick in ticks]
    return {"range": [low, high], "tickmode": "array", "tickvals": ticks, "ticktext": texts}


def number_axis(low: float, high: float, words: Words, *, most: int = 5) -> dict[str, Any]:
    """Return range and ticks of an axis of numbers."""
    ticks = round_figures(low, high, most)
    digits = digits_of(ticks[1] - ticks[0]) if len(ticks) > 1 else 2
    texts = [words.number(tick, digits) for tick in ticks]
    return {"range": [low, high], "tickmode": "array", "tickvals": ticks, "ticktext": texts}


def fixed(value: float, digits: int, words: Words) -> str:
    """Return a number with exactly so many decimals, as figures in a column have it."""
    return str(format_decimal(round(value, digits) + 0.0, format="#,##0." + "0" * digits, locale=words.locale))


def compact(amount: float, words: Words) -> str:
    r"""Return an amount as an axis has room for it, in thousands or millions where it is that large.

    Examples
    --------
    >>> compact(1_350_000.0, Words("fr", "EUR"))
    '1,35\xa0M€'
    """
    digits = 2 if abs(amount) >= 1e6 else 1
    if not words.currency:
        return str(format_compact_decimal(amount, locale=words.locale, fraction_digits=digits))
    told = str(format_compact_currency(amount, words.currency, locale=words.locale, fraction_digits=digits))
    return re.sub("(?<=[kM])\\s", "", told)


def apart(words: Words, one: float, other: float) -> tuple[str, str]:
    """Return two shares in per cent, with as many decimals as tell them apart."""
    for digits in (1, 2, 3):
        told = words.percent(one, digits), words.percent(other, digits)
        if told[0] != told[1]:
            return told
    return words.percent(one), words.percent(other)


def row_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return range and ticks of an axis with a named row a whole number, the first at the top."""
    ticks = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": list(names)}
    return {"range": [len(names) - 0.5, -0.5], "showgrid": False, "zeroline": False, **ticks}


@dataclass(frozen=True)
class Bins:
    """An axis in bins of equal width on the screen, whatever they span: bin `i` lies from `i` to `i + 1`."""

    edges: Sequence[float] | None
    levels: Sequence[str | None] | None
    unit: str
    words: Words

    @classmethod
    def of(cls, axis: Axis, words: Words) -> Bins:
        """Return the bins of an answer's axis."""
        return cls(axis.edges, axis.levels, axis.unit, words)

    def __len__(self) -> int:
        """Return how many bins there are."""
        return len(self.edges) - 1 if self.edges is not None else len(self.levels or ())

    def place(self, value: Value) -> float | None:
        """Return where a value lies, at an end if it lies beyond; nothing for a missing value or an unknown level."""
        if self.edges is not None:
            if not isinstance(value, int | float) or not len(self):
                return None
            return float(np.interp(value, self.edges, range(len(self.edges))))
        levels = list(self.levels or ())
        level = value if value in levels else None
        return levels.index(level) + 0.5 if value is not None and level in levels else None

    def bin_of(self, value: Value) -> int | None:
        """Return the number of the bin that holds a value: ``lower < x <= upper``."""
        at = self.place(value)
        if at is None or self.edges is None or not isinstance(value, int | float):
            return None if at is None else int(at)
        return min(max(bisect_left(self.edges, value) - 1, 0), len(self) - 1)

    def short(self, value: float) -> str:
        """Return a number as an axis has room for it."""
        if self.unit in {"currency", "flag"}:
            return self.words.value(value, self.unit)
        if self.unit == "share":
            return self.words.percent(value, 0 if abs(100 * value - round(100 * value)) < 1e-6 else 1)
        return self.words.figure(abs(value) if self.unit.endswith("_before") else value)

    def names(self) -> list[str]:
        """Return the bins by name; the outermost say that they hold what lies beyond."""
        if self.edges is None:
            return [
                self.words("chart.bin.rest") if level is None else self.words.category(level)
                for level in self.levels or ()
            ]
        told = [self.short(edge) for edge in self.edges]
        between = [self.words("chart.bin.between", lower=lower, upper=upper) for lower, upper in pairwise(told)]
        if len(between) > 1:
            before = self.unit.endswith("_before")
            between[0] = self.words("chart.bin.first_before" if before else "chart.bin.first", upper=told[1])
            between[-1] = self.words("chart.bin.last_before" if before else "chart.bin.last", lower=told[-2])
        return between

    def axis(self, *, upward: bool = False, most: int = 6) -> dict[str, Any]:
        """Return range and ticks: edges as far as there is room for them, or the name of each level."""
        settled: dict[str, Any] = {"range": [0, len(self)], "tickmode": "array"}
        if self.edges is None:
            names = [wrapped(name, 14) if upward else wrapped(name, 16, 1) for name in self.names()]
            turned = {} if upward else {"tickangle": None, "autotickangles": [0, -45, -90]}
            return settled | turned | {"tickvals": [at + 0.5 for at in range(len(names))], "ticktext": names}
        told = [compact(edge, self.words) if self.unit == "currency" else self.short(edge) for edge in self.edges]
        room = 0.8 * NARROWEST / (CHARACTER * (max(map(len, told)) + 2))
        shown = range(0, len(told), _stride(len(told) - 1, max(2, most if upward else min(int(room), most))))
        return settled | {"tickvals": list(shown), "ticktext": [told[at] for at in shown]}


def _stride(bins: int, most: int) -> int:
    """Return every how many edges a tick stands, for at most so many ticks.

    The last edge has one if that takes few of them away; otherwise ticks count by 1, 2, 5, 10, …
    """
    least = next(step for step in range(1, bins + 2) if bins // step < most)
    exact = next((step for step in range(least, 1 + 8 * least // 5) if bins % step == 0), None)
    return exact or next((step for step in (1, 2, 5, 10, 20, 50, 100) if step >= least), least)
