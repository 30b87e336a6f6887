"""Aggregates of a client's history: a measure of each row, a subset of the rows, a statistic.

Sums do not depend on the order of rows. A measure is rounded to a binary fraction (amounts to 1/1024, all else to
2**-20, which leaves days, counts and flags as they are), so that every partial sum is exact in double precision.
One client alone, a batch, any shard and any engine therefore give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.spec import Family, Feature, Frames
from credit_scoring.features.wording import DATE_UNITS, NOTHING, aggregated, counted, statistics_told
from credit_scoring.tables.schema import APPLICATION_ID, schema

AMOUNT_STEP = 2.0**-10
RATIO_STEP = 2.0**-20
RATIO_LIMIT = 2.0**20
_UNLIMITED_UNITS = DATE_UNITS | {"days", "months", "count", "flag", "area"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of one row: an expression over the columns of its table.

    ``sources`` are the raw columns behind it, where the expression's own are not raw.
    """

    name: str
    expression: pl.Expr
    meaning: Text
    unit: str
    concept: str
    sources: tuple[str, ...] = ()

    def exact(self) -> pl.Expr:
        """Return the expression, rounded so that sums of it are exact; infinite ratios are missing."""
        value = self.expression.cast(pl.Float64)
        if self.unit in _UNLIMITED_UNITS:
            return (value / RATIO_STEP).round() * RATIO_STEP
        if self.unit == "currency":
            return (value / AMOUNT_STEP).round() * AMOUNT_STEP
        finite = pl.when(value.is_finite()).then(value.clip(-RATIO_LIMIT, RATIO_LIMIT))
        return (finite / RATIO_STEP).round() * RATIO_STEP


@dataclass(frozen=True, slots=True)
class Subset:
    """Some of a client's rows: a condition on the raw columns. An empty name means all rows.

    ``rows`` says which they are, as a plural, and ``time`` since when, with its preposition; either may be empty.
    """

    name: str
    condition: pl.Expr
    rows: Text = NOTHING
    time: Text = NOTHING

    def within(self, span: Subset) -> Subset:
        """Return the rows of the subset that are in the time of `span` too."""
        return Subset(f"{self.name}_{span.name}", self.condition & span.condition, self.rows, span.time)


ALL = Subset("", pl.lit(value=True))


def within_days(column: str, days: int) -> Subset:
    """Return the rows whose `column` (days before the application, negative) lies in the last `days`."""
    time = Text(f"over the last {days} days", f"sur les {days} derniers jours")
    return Subset(f"{days}D", pl.col(column) >= -days, time=time)


def within_months(months: int) -> Subset:
    """Return the rows of the last `months` months, by ``MONTHS_BALANCE``."""
    time = Text(f"over the last {months} months", f"sur les {months} derniers mois")
    return Subset(f"{months}M", pl.col("MONTHS_BALANCE") >= -months, time=time)


class FamilyBuilder:
    """Collects the features of one history table and the row-level columns they need.

    `rows` is what they are called where all are counted, and `monthly` whether there is one a month. `prepare` makes
    them from the `also` needed tables, where they are not the table's own rows. `long` tables (tens of rows a client)
    are sorted by client first: grouping rows that lie together is twice as fast, if they came in any order.
    """

    def __init__(
        self,
        name: str,
        table: str,
        *,
        rows: Text = NOTHING,
        monthly: bool = False,
        also: tuple[str, ...] = (),
        prepare: Callable[[Frames], pl.LazyFrame] | None = None,
        long: bool = False,
    ) -> None:
        self.name, self.table, self._tables, self._long = name, table, (table, *also), long
        self._rows, self._monthly = rows, monthly
        self._prepare = prepare or (lambda frames: frames[table])
        self._features: list[Feature] = []
        self._columns: dict[str, pl.Expr] = {}

    def raw(self, column: str, meaning: Text | None = None) -> Measure:
        """Return the measure that is a raw column itself; an average of flags needs the `meaning` of a share."""
        found = schema()[self.table].columns[column]
        return Measure(column, pl.col(column), meaning or found.meaning, found.unit, found.concept)

    def add(self, measure: Measure, statistics: str, *subsets: Subset) -> FamilyBuilder:
        """Add each of the space-separated `statistics` of `measure` over each subset (default: all rows)."""
        column = self._keep(measure.name, measure.exact())
        told = statistics_told(measure.unit, monthly=self._monthly)
        for subset in subsets or (ALL,):
            values = self._in(pl.col(column), subset)
            for statistic in statistics.split():
                self._append(
                    measure,
                    statistic,
                    subset,
                    _statistic(values, statistic),
                    aggregated(measure.meaning, told[statistic], rows=subset.rows, time=subset.time),
                )
        return self

    def count(self, what: str, meaning: Text, concept: str, *subsets: Subset) -> FamilyBuilder:
        """Add the number of rows in each subset; where `meaning` says ``{rows}``, these are named."""
        for subset in subsets or (ALL,):
            rows = pl.len() if subset is ALL else pl.col(self._keep_condition(subset)).sum()
            measure = Measure(what, subset.condition, meaning, "count", concept)
            self._append(measure, "COUNT", subset, rows.cast(pl.Float64), self._counted(meaning, subset), is_count=True)
        return self

    def distinct(self, column: str, meaning: Text, concept: str, *subsets: Subset) -> FamilyBuilder:
        """Add the number of different values of `column` in each subset."""
        self._keep(column, pl.col(column))
        for subset in subsets or (ALL,):
            measure = Measure(column, pl.col(column), meaning, "count", concept)
            number = self._in(pl.col(column), subset).drop_nulls().n_unique().cast(pl.Float64)
            self._append(measure, "NUNIQUE", subset, number, self._counted(meaning, subset), is_count=True)
        return self

    def ratio(self, top: Measure, bottom: Measure, meaning: Text, *subsets: Subset) -> FamilyBuilder:
        """Add the sum of `top` over the sum of `bottom`, of rows that have both; missing where the latter is 0."""
        both = pl.when(top.expression.is_not_null() & bottom.expression.is_not_null())
        upper = self._keep(f"{top.name}|{bottom.name}", both.then(top.exact()))
        lower = self._keep(f"{bottom.name}|{top.name}", both.then(bottom.exact()))
        for subset in subsets or (ALL,):
            total = self._in(pl.col(lower), subset).sum()
            ratio = self._in(pl.col(upper), subset).sum() / pl.when(total != 0).then(total)
            name = f"{top.name}_TO_{bottom.name}"
            either = top.expression + bottom.expression
            sources = tuple(dict.fromkeys(top.sources + bottom.sources))
            measure = Measure(name, either, meaning, "ratio", top.concept, sources)
            self._append(measure, "RATIO", subset, ratio, aggregated(meaning, rows=subset.rows, time=subset.time))
        return self

    def build(self) -> Family:
        """Return the family."""
        columns = [expression.alias(name) for name, expression in self._columns.items()]
        needed = sorted({root for column in columns for root in column.meta.root_names()} - {APPLICATION_ID})
        prepare, is_long = self._prepare, self._long

        def rows(frames: Frames) -> pl.LazyFrame:
            raw = prepare(frames)
            if is_long:
                # Said to be sorted, or the optimiser would drop the sort before the grouping.
                raw = raw.select(APPLICATION_ID, *needed).sort(APPLICATION_ID).set_sorted(APPLICATION_ID)
            return raw.select(APPLICATION_ID, *columns)

        return Family(self.name, self._tables, rows, tuple(self._features))

    def _counted(self, meaning: Text, subset: Subset) -> Text:
        return counted(meaning, subset.rows if subset.rows != NOTHING else self._rows, time=subset.time)

    def _keep(self, name: str, expression: pl.Expr) -> str:
        self._columns.setdefault(name, expression)
        return name

    def _keep_condition(self, subset: Subset) -> str:
        return self._keep(f"in {subset.name}", subset.condition.fill_null(value=False))

    def _in(self, values: pl.Expr, subset: Subset) -> pl.Expr:
        """Return the values, missing outside the subset: cheaper than a filter, and no statistic tells them apart."""
        return values if subset is ALL else pl.when(pl.col(self._keep_condition(subset))).then(values)

    def _append(
        self,
        measure: Measure,
        statistic: str,
        subset: Subset,
        expression: pl.Expr,
        meaning: Text,
        *,
        is_count: bool = False,
    ) -> None:
        roots = {*measure.expression.meta.root_names(), *subset.condition.meta.root_names()}
        raw = tuple(f"{self.table}.{root}" for root in sorted(roots or schema()[self.table].keys[:1]))
        parts = [self.name, measure.name, statistic, *([subset.name] if subset.name else [])]
        self._features.append(
            Feature(
                name="__".join(parts),
                expression=expression,
                sources=measure.sources or raw,
                meaning=meaning,
                concept=measure.concept,
                unit=measure.unit,
                is_count=is_count,
            )
        )


def _statistic(values: pl.Expr, statistic: str) -> pl.Expr:
    if statistic == "MEAN":
        return values.mean()
    if statistic == "MAX":
        return values.max()
    if statistic == "MIN":
        return values.min()
    return pl.when(values.count() > 0).then(values.sum())
