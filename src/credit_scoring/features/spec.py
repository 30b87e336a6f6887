"""What a feature is: a name, an expression, where it comes from, and what it means to a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from credit_scoring.domain.text import Text

Frames = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix.

    ``expression`` is evaluated over one application's row, or over the group of one client's rows of a
    history table. ``sources`` are raw columns as ``table.COLUMN``. ``kind`` is ``number`` (Float64) or
    ``category`` (String). A count of a client without history is 0; every other feature is then missing.
    ``direction`` is what the field expects, and a model must keep to: the PD may only rise (1) or only fall (-1)
    with the feature, or do both (0).
    """

    name: str
    expression: pl.Expr
    sources: tuple[str, ...]
    meaning: Text
    concept: str
    unit: str
    kind: str = "number"
    is_count: bool = False
    direction: int = 0


def derived(name: str, expression: pl.Expr, unit: str, concept: str, en: str, fr: str) -> Feature:
    """Return a feature of the application row alone; a ratio by zero is missing."""
    finite = pl.when(expression.is_finite()).then(expression)
    sources = tuple(f"application.{root}" for root in sorted(set(expression.meta.root_names())))
    return Feature(f"APPLICATION__{name}", finite, sources, Text(en, fr), concept, unit)


@dataclass(frozen=True, slots=True)
class Family:
    """The features of one history table: ``rows`` prepares its rows, grouped then by application.

    ``tables`` must all be there; if one is absent the whole family is missing.
    """

    name: str
    tables: tuple[str, ...]
    rows: Callable[[Frames], pl.LazyFrame]
    features: tuple[Feature, ...]
