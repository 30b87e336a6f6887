"""What is wrong with a field, in the sentences that several rooms say."""

from __future__ import annotations

from collections.abc import Sequence

from credit_scoring.domain.text import Text, figure

A_NUMBER = Text("a number", "un nombre")
A_TEXT = Text("text", "un texte")
NOT_FINITE = Text("must be finite", "doit être un nombre fini")


def must_be(what: Text, got: Text) -> Text:
    """Return that a value must be something else than it is.

    Examples
    --------
    >>> must_be(A_NUMBER, quoted("x")).en
    "must be a number, not 'x'"
    >>> must_be(A_NUMBER, quoted("x")).fr.split()
    ['doit', 'être', 'un', 'nombre', '(reçu', ':', "'x')"]
    """
    return Text(f"must be {what.en}, not {got.en}", f"doit être {what.fr} (reçu\N{NO-BREAK SPACE}: {got.fr})")


def quoted(value: object) -> Text:
    """Return a value as it came, shortened; in French a number has its comma."""
    shown = f"{value!r:.60}"
    return Text(shown, figure(value).fr if isinstance(value, float) else shown)


def unknown(why: Text, close: Sequence[str]) -> Text:
    """Return why a name is none, and the first of those `close` to it, which may be meant."""
    if not close:
        return why
    return Text(f"{why.en}; did you mean {close[0]}?", f"{why.fr} (vouliez-vous dire {close[0]}\N{NO-BREAK SPACE}?)")


def beyond(value: float, limit: float, meaning: Text) -> Text:
    """Return that a value is below or above the limit that a column of this `meaning` has."""
    told, bound = figure(value), figure(limit)
    below = value < limit
    return Text(
        f"{told.en} is {'below' if below else 'above'} {bound.en} ({meaning.en})",
        f"{told.fr} est {'inférieur' if below else 'supérieur'} à {bound.fr} ({meaning.fr})",
    )
