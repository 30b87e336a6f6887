"""Every word and figure that is shown, as people of a language read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from credit_scoring.domain.text import Language, punctuated

LOCALES: Mapping[Language, str] = {"en": "en_GB", "fr": "fr_FR"}
_PER_MILLE_BELOW = 0.01
_TOO_LONG = 1e15
_NO_WORD = re.compile(r"\W+")


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return all texts of a language by their dotted keys.

    Examples
    --------
    >>> texts("fr")["decision.approve"]
    'Accord'
    """
    folder = files("credit_scoring.dashboard").joinpath("texts", language)
    trees = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.iterdir()]
    return {key: text for tree in trees for key, text in _flat(tree, "")}


def _flat(tree: Mapping[str, Any], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in tree.items():
        found += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", value)]
    return found


@dataclass(frozen=True)
class Words:
    """The words of a language. ``currency`` is an ISO 4217 code, empty where amounts are shown without one."""

    language: Language
    currency: str = ""

    @property
    def locale(self) -> str:
        """Return the locale by which figures are written."""
        return LOCALES[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with `values` put in.

        Raises
        ------
        KeyError
            If there is no such text, or a value that it names is not given.
        """
        text = texts(self.language)[key]
        return text.format(**values) if values else text

    def known(self, key: str, otherwise: str) -> str:
        """Return the text of `key`, or `otherwise` where there is none."""
        return texts(self.language).get(key, otherwise)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with at most so many decimals."""
        if abs(value) >= _TOO_LONG:
            return punctuated(f"{value:.2e}", self.language)
        return str(format_decimal(round(value, digits) + 0.0, format="#,##0." + "#" * digits, locale=self.locale))

    def signed(self, value: float, digits: int = 0) -> str:
        """Return a number with its sign, a plus too."""
        told = self.number(abs(value), digits)
        return f"+{told}" if value > 0 else f"\N{MINUS SIGN}{told}" if value < 0 else told

    def figure(self, value: float) -> str:
        """Return a number of any size with three significant digits, whole numbers in full."""
        if value == round(value) or abs(value) >= 1_000:
            return self.number(value)
        return self.number(value, 2 if abs(value) >= 1 else 4)

    def percent(self, share: float, digits: int = 1) -> str:
        """Return a share in per cent with so many decimals."""
        decimals = "." + "0" * digits if digits else ""
        sign = "\N{NO-BREAK SPACE}%" if self.language == "fr" else "%"
        return str(format_percent(share + 0.0, format=f"#,##0{decimals}{sign}", locale=self.locale))

    def money(self, amount: float) -> str:
        """Return an amount, in whole units of the currency."""
        if not self.currency or abs(amount) >= _TOO_LONG:
            return self.number(amount)
        shape = "#,##0\N{NO-BREAK SPACE}\N{CURRENCY SIGN}" if self.language == "fr" else "\N{CURRENCY SIGN}#,##0"
        return str(format_currency(amount, self.currency, locale=self.locale, format=shape, currency_digits=False))

    def day(self, when: date) -> str:
        """Return a day in full."""
        told = str(format_date(when, format="long", locale=self.locale))
        return f"1er{told[1:]}" if self.language == "fr" and when.day == 1 else told

    def short_day(self, when: date) -> str:
        """Return a day as tables and axes have room for it."""
        return str(format_date(when, format="d MMM y", locale=self.locale))

    def month(self, month: str) -> str:
        """Return a month, written as ``2026-06``, in words."""
        return str(format_date(date.fromisoformat(f"{month}-01"), format="MMM y", locale=self.locale))

    def moment(self, when: datetime) -> str:
        """Return a moment to the minute, in the time of the machine that shows it."""
        return str(format_datetime(when.astimezone(), format="d MMM y, HH:mm", locale=self.locale))

    def in_a_hundred(self, p_default: float) -> str:
        """Return a PD as a sentence: how many applicants like this one fail to repay."""
        base = 1_000 if p_default < _PER_MILLE_BELOW else 100
        count = round(p_default * base)
        if not count:
            return self("odds.none")
        return self("odds.one" if count == 1 else "odds.many", count=self.number(count), base=self.number(base))

    def value(self, value: float | str | None, unit: str) -> str:
        """Return a feature's value with its unit."""
        if value is None:
            return self("value.missing")
        if isinstance(value, str):
            return self.category(value)
        if unit == "currency":
            return self.money(round(value))
        if unit == "share":
            return self.percent(value)
        if unit == "flag":  # the average of a flag is a share
            return self(f"value.{'yes' if value else 'no'}") if value in {0, 1} else self.percent(value)
        quantity = abs(value) if unit.endswith("_before") else value
        return self.known(f"unit.{unit}.{self.plural(quantity)}", "{value}").format(value=self.figure(quantity))

    def category(self, value: str) -> str:
        """Return a category of the raw tables in words, or as it is where it has none."""
        return self.known(f"category.{_NO_WORD.sub('_', value)}", value)

    def plural(self, quantity: float) -> Literal["one", "other"]:
        """Return which form of a noun goes with a quantity."""
        return "one" if Locale.parse(self.locale).plural_form(abs(quantity)) == "one" else "other"
