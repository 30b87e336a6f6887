"""Every violation of the schema, in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from credit_scoring.domain.errors import TableViolationsError, Violation
from credit_scoring.tables.read import Source, Tables, application_ids
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema

EXAMPLES = 3


def validate(tables: Tables, *, on_table: Callable[[str], None] | None = None) -> dict[str, int]:
    """Return the rows of each table, or raise with every violation of the schema.

    Checked: types, empty tables, missing and duplicate keys, child rows of unknown applications, bounds,
    infinities, outcomes other than 0 and 1. An unknown ``SK_ID_PREV`` or ``SK_ID_BUREAU`` is normal.

    Raises
    ------
    TableViolationsError
        Naming table, column, count and up to three example keys for each violation.
    """
    violations: list[Violation] = []
    rows: dict[str, int] = {}
    stems = {stem: table for table in schema().values() for stem in table.files if stem in tables.frames}
    sound_ids = True
    for stem, table in stems.items():
        if on_table is not None:
            on_table(stem)
        frame = tables.frames[stem]
        try:
            rows[stem], found = _check_values(stem, table, frame)
            violations += found
        except pl.exceptions.PolarsError as error:
            violations += list(_wrong_types(stem, table, tables.sources.get(stem), error))
            sound_ids = sound_ids and table.name != "application"
            continue
        if sound_ids and table.owner:
            violations += _orphans(stem, table, frame, tables)
    if sound_ids and {"application_train", "application_test"} <= set(rows):
        violations += _in_both(tables)
    if violations:
        raise TableViolationsError(violations)
    return rows


def _check_values(stem: str, table: Table, frame: pl.LazyFrame) -> tuple[int, list[Violation]]:
    """Count all breaches in one pass; look for examples only where there are any."""
    names = frame.collect_schema().names()
    columns = [column for column in table.columns.values() if column.name in names]
    checks = {f"{c.name}|{problem}": condition for c in columns for problem, condition in _breaches(table, c)}
    counts = frame.select(pl.len().alias("rows"), *[check.sum().alias(key) for key, check in checks.items()]).collect()
    total = int(counts["rows"][0])
    if total == 0:
        return 0, [Violation(stem, "", "the table has no rows; leave its file out if there are none", 0)]
    violations = [
        Violation(stem, key.split("|")[0], key.split("|")[1], n, _examples(frame.filter(checks[key]), table))
        for key in checks
        if (n := int(counts[key][0] or 0))
    ]
    return total, violations + _duplicates(stem, table, frame)


def _breaches(table: Table, column: Column) -> Iterator[tuple[str, pl.Expr]]:
    value = pl.col(column.name)
    if column.name in table.keys:
        yield "the key is missing", value.is_null()
    if column.name == OUTCOME:
        yield "the outcome is not 0 or 1", ~value.is_in([0.0, 1.0]).fill_null(value=False)
        return
    if column.kind != "number":
        return
    if column.lower is not None:
        yield f"below {column.lower:g}", value < column.lower
    if column.upper is not None:
        yield f"above {column.upper:g}", value > column.upper
    if column.lower is None or column.upper is None:
        yield "infinite", value.is_infinite()


def _examples(rows: pl.LazyFrame, table: Table) -> tuple[str, ...]:
    names = rows.collect_schema().names()
    keys = [key for key in table.keys if key in names] or names[:1]
    first = rows.select(keys).head(EXAMPLES).collect()
    return tuple(" ".join(f"{key}={value}" for key, value in row.items()) for row in first.to_dicts())


def _duplicates(stem: str, table: Table, frame: pl.LazyFrame) -> list[Violation]:
    if not table.unique:
        return []
    repeated = frame.group_by(table.unique).len().filter((pl.col("len") > 1) & pl.col(table.unique[0]).is_not_null())
    counted = repeated.select(pl.len(), pl.col(table.unique[0]).sort().head(EXAMPLES).implode()).collect()
    number = int(counted["len"][0])
    if not number:
        return []
    examples = tuple(f"{table.unique[0]}={key}" for key in counted[table.unique[0]][0])
    return [Violation(stem, table.unique[0], "the key occurs more than once", number, examples)]


def _orphans(stem: str, table: Table, frame: pl.LazyFrame, tables: Tables) -> list[Violation]:
    strangers = (
        frame.select(table.owner)
        .drop_nulls()
        .join(application_ids(tables), left_on=table.owner, right_on=APPLICATION_ID, how="anti")
    )
    counted = strangers.select(
        pl.len(), pl.col(table.owner).unique().sort().head(EXAMPLES).implode().alias("keys")
    ).collect()
    number = int(counted["len"][0])
    if not number:
        return []
    examples = tuple(f"{table.owner}={key}" for key in counted["keys"][0])
    problem = "the application is unknown: neither application_train nor application_test holds it"
    return [Violation(stem, table.owner, problem, number, examples)]


def _in_both(tables: Tables) -> list[Violation]:
    train, test = (tables.frames[stem].select(APPLICATION_ID) for stem in schema()["application"].files)
    shared = train.join(test, on=APPLICATION_ID, how="semi").collect()
    if shared.is_empty():
        return []
    examples = tuple(f"{APPLICATION_ID}={key}" for key in shared[APPLICATION_ID].sort().head(EXAMPLES))
    problem = "the application is in application_train too"
    return [Violation("application_test", APPLICATION_ID, problem, shared.height, examples)]


def _wrong_types(stem: str, table: Table, source: Source | None, error: Exception) -> Iterator[Violation]:
    """Read the table again as it was written, and count the cells that do not fit their column's type."""
    reason = str(error).splitlines()[0]
    if source is None:
        yield Violation(stem, "", reason, 0)
        return
    written = source.as_written()
    columns = [table.columns[n] for n in written.collect_schema().names() if n in table.columns]
    misfits = {
        c.name: pl.col(c.name).is_not_null() & pl.col(c.name).cast(c.dtype, strict=False).is_null() for c in columns
    }
    try:
        counts = written.select(*[misfit.sum().alias(name) for name, misfit in misfits.items()]).collect()
    except pl.exceptions.PolarsError as second:
        yield Violation(stem, "", f"the file cannot be read: {str(second).splitlines()[0]}", 0)
        return
    wrong = {name: int(counts[name][0] or 0) for name in misfits}
    for name, number in wrong.items():
        if number:
            kind = {"id": "a whole number", "number": "a number"}.get(table.columns[name].kind, "text")
            rows = written.filter(misfits[name])
            value = rows.select(pl.col(name).cast(pl.String)).head(1).collect().item()
            yield Violation(stem, name, f"not {kind} ({value!r})", number, _examples(rows, table))
    if not any(wrong.values()):
        yield Violation(stem, "", reason, 0)
