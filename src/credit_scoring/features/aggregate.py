"""Aggregates of a client's history: a measure of each row, a subset of the rows, a statistic.

Sums do not depend on the order of rows. A measure is rounded to a binary fraction (amounts to 1/1024, all else to
2**-20, which leaves days, counts and flags as they are), so that every partial sum is exact in double precision.
One client alone, a batch, any shard and any engine therefore give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.spec import Family, Feature, Frames
from credit_scoring.tables.schema import APPLICATION_ID, schema

AMOUNT_STEP = 2.0**-10
RATIO_STEP = 2.0**-20
RATIO_LIMIT = 2.0**20
# Dates are told as days or months before the application, negative: their highest value is the latest.
DATE_UNITS = frozenset({"days_before", "months_before"})
_UNLIMITED_UNITS = DATE_UNITS | {"days", "months", "count", "flag", "area"}

STATISTICS: Mapping[str, Text] = MappingProxyType(
    {
        "MEAN": Text("average", "moyenne"),
        "SUM": Text("total", "total"),
        "MAX": Text("highest", "maximum"),
        "MIN": Text("lowest", "minimum"),
    }
)
DATE_STATISTICS: Mapping[str, Text] = MappingProxyType(
    {
        "MEAN": STATISTICS["MEAN"],
        "SUM": STATISTICS["SUM"],
        "MAX": Text("latest", "au plus récent"),
        "MIN": Text("earliest", "au plus ancien"),
    }
)


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
    """Some of a client's rows: a condition on the raw columns. An empty name means all rows."""

    name: str
    condition: pl.Expr
    meaning: Text


ALL = Subset("", pl.lit(value=True), Text("", ""))


def within_days(column: str, days: int) -> Subset:
    """Return the rows whose `column` (days before the application, negative) lies in the last `days`."""
    text = Text(f"last {days} days", f"{days} derniers jours")
    return Subset(f"{days}D", pl.col(column) >= -days, text)


def within_months(months: int) -> Subset:
    """Return the rows of the last `months` months, by ``MONTHS_BALANCE``."""
    text = Text(f"last {months} months", f"{months} derniers mois")
    return Subset(f"{months}M", pl.col("MONTHS_BALANCE") >= -months, text)


class FamilyBuilder:
    """Collects the features of one history table and the row-level columns they need.

    `prepare` makes the rows from the `also` needed tables, where they are not the table's own rows. `long` tables
    (tens of rows a client) are sorted by client first: grouping rows that lie together is twice as fast, if they
    came in any order.
    """

    def __init__(
        self,
        name: str,
        table: str,
        *,
        also: tuple[str, ...] = (),
        prepare: Callable[[Frames], pl.LazyFrame] | None = None,
        long: bool = False,
    ) -> None:
        self.name, self.table, self._tables, self._long = name, table, (table, *also), long
        self._prepare = prepare or (lambda frames: frames[table])
        self._features: list[Feature] = []
        self._columns: dict[str, pl.Expr] = {}

    def raw(self, column: str) -> Measure:
        """Return the measure that is a raw column itself."""
        found = schema()[self.table].columns[column]
        return Measure(column, pl.col(column), found.meaning, found.unit, found.concept)

    def add(self, measure: Measure, statistics: str, *subsets: Subset) -> FamilyBuilder:
        """Add each of the space-separated `statistics` of `measure` over each subset (default: all rows)."""
        column = self._keep(measure.name, measure.exact())
        told = DATE_STATISTICS if measure.unit in DATE_UNITS else STATISTICS
        for subset in subsets or (ALL,):
            values = self._in(pl.col(column), subset)
            for statistic in statistics.split():
                self._append(
                    measure,
                    statistic,
                    subset,
                    _statistic(values, statistic),
                    _phrase(measure.meaning, told[statistic], subset.meaning),
                )
        return self

    def count(self, what: str, meaning: Text, concept: str, *subsets: Subset) -> FamilyBuilder:
        """Add the number of rows in each subset."""
        for subset in subsets or (ALL,):
            rows = pl.len() if subset is ALL else pl.col(self._keep_condition(subset)).sum()
            measure = Measure(what, subset.condition, meaning, "count", concept)
            text = _phrase(meaning, Text("number", "nombre"), subset.meaning)
            self._append(measure, "COUNT", subset, rows.cast(pl.Float64), text, is_count=True)
        return self

    def distinct(self, column: str, meaning: Text, concept: str, *subsets: Subset) -> FamilyBuilder:
        """Add the number of different values of `column` in each subset."""
        self._keep(column, pl.col(column))
        for subset in subsets or (ALL,):
            measure = Measure(column, pl.col(column), meaning, "count", concept)
            number = self._in(pl.col(column), subset).drop_nulls().n_unique().cast(pl.Float64)
            text = _phrase(meaning, Text("number", "nombre"), subset.meaning)
            self._append(measure, "NUNIQUE", subset, number, text, is_count=True)
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
            self._append(measure, "RATIO", subset, ratio, _phrase(meaning, Text("", ""), subset.meaning))
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


def _phrase(what: Text, statistic: Text, subset: Text) -> Text:
    def told(quantity: str, details: Iterable[str], colon: str) -> str:
        listed = ", ".join(detail for detail in details if detail)
        return f"{quantity}{colon}{listed}" if listed else quantity

    return Text(
        told(what.en, (statistic.en, subset.en), ": "),
        told(what.fr, (statistic.fr, subset.fr), "\N{NO-BREAK SPACE}: "),
    )
