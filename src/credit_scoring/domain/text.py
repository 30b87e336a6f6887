"""Words told to people, in the two languages the project speaks."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")


class Text(NamedTuple):
    """The same words in English and in French."""

    en: str
    fr: str

    def told(self, language: Language) -> str:
        """Return the words in `language`."""
        return self.fr if language == "fr" else self.en
