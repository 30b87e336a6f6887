"""What a feature is: a name, an expression, where it comes from, and what it means to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain, zip_longest
from operator import add

import polars as pl

from credit_scoring.domain.text import Text

Frames = Mapping[str, pl.LazyFrame]
# Named expressions: those of one stage together, the next over their results.
Stages = tuple[tuple[pl.Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature matrix.

    ``expression`` is evaluated over one application's row, or over the group of one client's rows of a
    history table. ``sources`` are raw columns as ``table.COLUMN``. ``kind`` is ``number`` (Float64) or
    ``category`` (String). A count of a client without history is 0; every other feature is then missing.
    ``direction`` is what the field expects, and a model must keep to: the PD may only rise (1) or only fall (-1)
    with the feature, or do both (0). ``before`` makes the columns that ``expression`` needs beside the raw ones.
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
    before: Stages = ()

    def expressions(self) -> tuple[pl.Expr, ...]:
        """Return all that makes the feature, in the order of evaluation."""
        return (*chain(*self.before), self.expression)


def derived(
    name: str, expression: pl.Expr, unit: str, concept: str, en: str, fr: str, *, before: Stages | None = None
) -> Feature:
    """Return a feature of the application row alone; a ratio by zero is missing.

    With `before`, `expression` is over the columns made there, and is taken to be finite.
    """
    name = f"APPLICATION__{name}"
    if before is None:
        before, expression = ((expression.alias(name),),), pl.when(pl.col(name).is_finite()).then(pl.col(name))
    feature = Feature(name, expression, (), Text(en, fr), concept, unit, before=before)
    roots = {root for one in feature.expressions() for root in one.meta.root_names()}
    # An element of a list has no name.
    roots -= {"", *(one.meta.output_name() for one in chain(*before))}
    return replace(feature, sources=tuple(f"application.{root}" for root in sorted(roots)))


def summed(values: Iterable[pl.Expr]) -> pl.Expr:
    """Return the sum of the columns that are known, 0 where none is, added in their order.

    Polars' own sum of columns adds in an order that depends on its threads, so equal rows could differ in the last bit.
    """
    return reduce(add, (value.fill_null(0.0) for value in values))


def stages(features: Iterable[Feature]) -> Stages:
    """Return what makes `features` of the application row, each by its name: every stage over the results of the last.

    Polars analyses an expression anew wherever it is nested. For one application this would take longer than all
    arithmetic, so what several features share, or one uses twice, is a column of an earlier stage.

    Examples
    --------
    >>> ratio = derived("CREDIT_TO_INCOME", pl.col("CREDIT") / pl.col("INCOME"), "ratio", "loan", "Loan", "Crédit")
    >>> rows = pl.DataFrame({"CREDIT": [6.0, 1.0], "INCOME": [2.0, 0.0]})
    >>> for stage in stages([ratio]):
    ...     rows = rows.with_columns(stage)
    >>> rows["APPLICATION__CREDIT_TO_INCOME"].to_list()
    [3.0, None]
    """
    features = tuple(features)
    before = [
        tuple({one.meta.output_name(): one for one in chain(*together)}.values())
        for together in zip_longest(*(feature.before for feature in features), fillvalue=())
    ]
    return (*before, tuple(feature.expression.alias(feature.name) for feature in features))


@dataclass(frozen=True, slots=True)
class Family:
    """The features of one history table: ``rows`` prepares its rows, grouped then by application.

    ``tables`` must all be there; if one is absent the whole family is missing.
    """

    name: str
    tables: tuple[str, ...]
    rows: Callable[[Frames], pl.LazyFrame]
    features: tuple[Feature, ...]
