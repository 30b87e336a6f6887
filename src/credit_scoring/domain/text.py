"""Words told to people, in the two languages the project speaks."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
_MOST_WRITTEN_OUT = 1e16


class Text(NamedTuple):
    """The same words in English and in French."""

    en: str
    fr: str

    def told(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.fr if language == "fr" else self.en


def number(value: float, language: Language) -> str:
    """Return a whole number as people of the language read it.

    Examples
    --------
    >>> number(1234567.0, "en")
    '1,234,567'
    """
    return punctuated(f"{value:,.0f}", language)


def percentage(share: float, language: Language) -> str:
    """Return a share in per cent, one decimal.

    Examples
    --------
    >>> percentage(0.0813, "en")
    '8.1%'
    """
    told = punctuated(f"{100 * share:.1f}", language)
    return f"{told}\N{NO-BREAK SPACE}%" if language == "fr" else f"{told}%"


def figure(value: float) -> Text:
    """Return any number, in English in six digits.

    Examples
    --------
    >>> figure(12500.25).en
    '12500.2'
    >>> figure(12500.25).fr.split()
    ['12', '500,25']
    """
    whole = float(value).is_integer() and abs(value) < _MOST_WRITTEN_OUT
    return Text(f"{value:g}", punctuated(f"{value:,.0f}" if whole else f"{value:,.10g}", "fr"))


def punctuated(text: str, language: Language) -> str:
    """Return an English number with the language's separators."""
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",") if language == "fr" else text
