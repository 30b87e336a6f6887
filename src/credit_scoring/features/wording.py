"""How the meaning of an aggregate is worded: what it tells, which statistic, of which rows, over which time.

French inflects by gender and number. Every part is therefore a phrase that stands as it is, whatever it is joined to:
a statistic is a noun, rows are a plural, a time brings its preposition along.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from credit_scoring.domain.text import LANGUAGES, Text

# Dates are told as days or months before the application, negative: their highest value is the latest.
DATE_UNITS = frozenset({"days_before", "months_before"})
NOTHING = Text("", "")

_EACH_ROW: Mapping[str, Text] = MappingProxyType(
    {
        "MEAN": Text("average", "moyenne"),
        "SUM": Text("total", "total"),
        "MAX": Text("maximum", "maximum"),
        "MIN": Text("minimum", "minimum"),
    }
)
_EACH_MONTH: Mapping[str, Text] = MappingProxyType(
    {
        "MEAN": Text("monthly average", "moyenne mensuelle"),
        "SUM": _EACH_ROW["SUM"],
        "MAX": Text("monthly maximum", "maximum mensuel"),
        "MIN": Text("monthly minimum", "minimum mensuel"),
    }
)
_DATES: Mapping[str, Text] = MappingProxyType(
    {
        "MEAN": _EACH_ROW["MEAN"],
        "MAX": Text("most recent date", "date la plus récente"),
        "MIN": Text("earliest date", "date la plus ancienne"),
    }
)
# The average of a flag is a share, and its meaning says so.
_SHARES: Mapping[str, Text] = MappingProxyType({"MEAN": NOTHING})


def statistics_told(unit: str, *, monthly: bool) -> Mapping[str, Text]:
    """Return the words for each statistic that can be told of a measure in `unit`; `monthly` rows are one a month."""
    if unit == "flag":
        return _SHARES
    if unit in DATE_UNITS:
        return _DATES
    return _EACH_MONTH if monthly else _EACH_ROW


def aggregated(what: Text, statistic: Text = NOTHING, *, rows: Text = NOTHING, time: Text = NOTHING) -> Text:
    """Return the meaning of `statistic` over the measure `what`, of the `rows` of a kind, within a `time`.

    Examples
    --------
    >>> rows, time = Text("active loans", "crédits en cours"), Text("over the last year", "sur la dernière année")
    >>> aggregated(Text("Amount owed", "Montant dû"), Text("total", "total"), rows=rows, time=time).fr
    'Montant dû, total pour les crédits en cours sur la dernière année'
    >>> aggregated(Text("Share paid late", "Part payée en retard"), time=time).en
    'Share paid late, over the last year'
    """
    kind = Text(f"for {rows.en}", f"pour les {rows.fr}") if rows.en else NOTHING
    details = (" ".join(filter(None, parts)) for parts in zip(statistic, kind, time, strict=True))
    return Text(*(", ".join(filter(None, parts)) for parts in zip(what, details, strict=True)))


def counted(what: Text, rows: Text, *, time: Text = NOTHING) -> Text:
    """Return the meaning of a number, where `what` says ``{rows}`` for the rows that are counted.

    Examples
    --------
    >>> counted(Text("Number of {rows}", "Nombre de {rows}"), Text("car loans", "crédits automobiles")).fr
    'Nombre de crédits automobiles'
    """
    told = Text(*(what.told(one).format(rows=rows.told(one)) for one in LANGUAGES))
    return Text(*(" ".join(filter(None, parts)) for parts in zip(told, time, strict=True)))
