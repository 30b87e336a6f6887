"""What is said about an application: approve, refer or decline, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from credit_scoring.domain.text import Language, Text, number, punctuated

Decision = Literal["approve", "refer", "decline"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One concept's part in a PD.

    ``contribution`` is in log-odds of default, against the model's average applicant: positive raises the
    PD. ``feature`` is the one that weighs most within the concept, ``value`` what it holds.
    """

    concept: str
    contribution: float
    feature: str
    value: float | str | None
    unit: str
    meaning: Text

    def told(self, language: Language) -> str:
        """Return the reason as a phrase."""
        effect = _RAISES if self.contribution > 0 else _LOWERS
        quantity = f"{self.meaning.told(language)} ({_shown(self.value, self.unit, language)})"
        return f"{quantity}{_COLON.told(language)}{effect.told(language)}"


_RAISES = Text("raises the risk", "augmente le risque")
_LOWERS = Text("lowers the risk", "réduit le risque")
_COLON = Text(": ", "\N{NO-BREAK SPACE}: ")
_MISSING = Text("not known", "non renseigné")


def _shown(value: float | str | None, unit: str, language: Language) -> str:
    """Return a value as people of the language read it; dates, kept negative, are told as time before."""
    if value is None:
        return _MISSING.told(language)
    if isinstance(value, str):
        return value
    quantity = abs(value) if unit.endswith("_before") else value
    if quantity == round(quantity) or abs(quantity) >= 1000:
        return number(quantity, language)
    return punctuated(f"{quantity:.3g}", language)
