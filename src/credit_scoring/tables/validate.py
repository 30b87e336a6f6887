"""Every violation of the schema, in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from credit_scoring.domain.errors import TableViolationsError, Violation
from credit_scoring.tables.frames import Source, Tables, application_ids, typed
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema

EXAMPLES = 3


def validate(tables: Tables, *, on_table: Callable[[str], None] | None = None) -> dict[str, int]:
    """Return the rows of each table, or raise with every violation of the schema.

    Checked: the fields of each line of a CSV, types, empty tables, missing and duplicate keys, child rows of
    unknown applications, bounds, infinities, outcomes other than 0 and 1. An unknown ``SK_ID_PREV`` or
    ``SK_ID_BUREAU`` is normal.

    Raises
    ------
    TableViolationsError
        Naming table, column, count and up to three example keys for each violation.
    """
    rows, violations = examine(tables, on_table=on_table)
    if violations:
        raise TableViolationsError(violations)
    return rows


def examine(
    tables: Tables, *, known: Sequence[Violation] = (), on_table: Callable[[str], None] | None = None
) -> tuple[dict[str, int], list[Violation]]:
    """Return the rows of each table, and every violation of the schema but those already `known`.

    A table with cells of a wrong type is examined further without them, unless it cannot be read at all.
    Where the ids of the applications are in doubt, nothing is said about rows of unknown ones.
    """
    violations: list[Violation] = []
    rows: dict[str, int] = {}
    frames = dict(tables.frames)
    stems = {stem: table for table in schema().values() for stem in table.files}
    applications = set(schema()["application"].files)
    sound_ids = bool(applications & set(frames)) and not any(
        v.table in applications and v.column in {"", APPLICATION_ID} for v in known
    )
    absent = {(v.table, v.column) for v in known if not v.count}
    ids: pl.Series | None = None
    for stem, table in stems.items():
        if stem not in frames:
            continue
        if on_table is not None:
            on_table(stem)
        violations += _misshapen(stem, tables.sources.get(stem))
        if sound_ids and table.owner and ids is None:  # applications come first
            ids = application_ids(Tables(frames)).collect().to_series()
        try:
            rows[stem], found = _check_values(stem, table, frames[stem], absent, ids)
        except pl.exceptions.PolarsError as error:
            wrong, rest = _wrong_types(stem, table, tables.sources.get(stem), error)
            violations += wrong
            sound_ids = sound_ids and not (stem in applications and {v.column for v in wrong} & {"", APPLICATION_ID})
            if rest is None:
                continue
            frames[stem] = rest
            rows[stem], found = _check_values(stem, table, rest, absent, ids)
            found = [violation for violation in found if violation.column]
        violations += found
    if sound_ids and applications <= set(rows):
        violations += _in_both(Tables(frames))
    return rows, violations


def _misshapen(stem: str, source: Source | None) -> list[Violation]:
    """Find a CSV's lines with more or fewer fields than its header: Polars would cut them short or fill them up.

    Lines with quotes may hold commas and line breaks; a file that has any is left to the parser.
    """
    if source is None or source.path.suffix != ".csv":
        return []
    line = pl.col("line")
    commas = line.str.count_matches(",", literal=True)
    lines = source.lines()
    try:
        width = lines.head(1).select(commas).collect().item()
        wrong = lines.filter(commas != width)
        number = lines.select((commas != width).sum()).collect().item()
        if not number or lines.select(line.str.contains('"', literal=True).any()).collect().item():
            return []
        examples = tuple(f"line {n}" for n in wrong.head(EXAMPLES).collect()["number"])
    except pl.exceptions.PolarsError:
        return []
    problem = f"the line has not {width + 1} fields, as the header has"
    return [Violation(stem, "", problem, int(number), examples)]


def _check_values(
    stem: str, table: Table, frame: pl.LazyFrame, absent: set[tuple[str, str]], ids: pl.Series | None
) -> tuple[int, list[Violation]]:
    """Count all breaches in one pass; look for examples only where there are any."""
    names = frame.collect_schema().names()
    columns = [c for c in table.columns.values() if c.name in names and (stem, c.name) not in absent]
    checks = {f"{c.name}|{problem}": condition for c in columns for problem, condition in _breaches(table, c)}
    counted = {"rows": pl.len(), **{key: check.sum() for key, check in checks.items()}}
    for key in table.unique:
        counted["repeated"] = pl.col(key).count() - pl.col(key).drop_nulls().n_unique()
    if table.owner and ids is not None:
        counted["strangers"] = (~pl.col(table.owner).is_in(ids.implode())).sum()
    counts = frame.select(expression.alias(key) for key, expression in counted.items()).collect()
    total = int(counts["rows"][0])
    if total == 0:
        return 0, [Violation(stem, "", "the table has no rows; leave its file out if there are none", 0)]
    violations = [
        Violation(stem, key.split("|")[0], key.split("|")[1], n, _examples(frame.filter(checks[key]), table))
        for key in checks
        if (n := int(counts[key][0] or 0))
    ]
    if "repeated" in counted and counts["repeated"][0]:
        violations.append(_duplicates(stem, table, frame))
    if ids is not None and "strangers" in counted and counts["strangers"][0]:
        violations.append(_orphans(stem, table, frame, ids))
    return total, violations


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


def _duplicates(stem: str, table: Table, frame: pl.LazyFrame) -> Violation:
    repeated = frame.group_by(table.unique).len().filter((pl.col("len") > 1) & pl.col(table.unique[0]).is_not_null())
    counted = repeated.select(pl.len(), pl.col(table.unique[0]).sort().head(EXAMPLES).implode()).collect()
    examples = tuple(f"{table.unique[0]}={key}" for key in counted[table.unique[0]][0])
    return Violation(stem, table.unique[0], "the key occurs more than once", int(counted["len"][0]), examples)


def _orphans(stem: str, table: Table, frame: pl.LazyFrame, ids: pl.Series) -> Violation:
    strangers = frame.select(table.owner).filter(~pl.col(table.owner).is_in(ids.implode()))
    counted = strangers.select(
        pl.len(), pl.col(table.owner).unique().sort().head(EXAMPLES).implode().alias("keys")
    ).collect()
    examples = tuple(f"{table.owner}={key}" for key in counted["keys"][0])
    problem = "the application is unknown: neither application_train nor application_test holds it"
    return Violation(stem, table.owner, problem, int(counted["len"][0]), examples)


def _in_both(tables: Tables) -> list[Violation]:
    train, test = (tables.frames[stem].select(APPLICATION_ID) for stem in schema()["application"].files)
    shared = train.join(test, on=APPLICATION_ID, how="semi").collect()
    if shared.is_empty():
        return []
    examples = tuple(f"{APPLICATION_ID}={key}" for key in shared[APPLICATION_ID].sort().head(EXAMPLES))
    problem = "the application is in application_train too"
    return [Violation("application_test", APPLICATION_ID, problem, shared.height, examples)]


def misfits(table: Table, names: Iterable[str]) -> dict[str, pl.Expr]:
    """Return, by column, the expression that is true where a cell does not fit the column's type."""
    dtypes = {name: table.columns[name].dtype for name in names if name in table.columns}
    return {
        name: pl.col(name).is_not_null() & pl.col(name).cast(dtype, strict=False).is_null()
        for name, dtype in dtypes.items()
    }


def fitting(table: Table, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the columns with their types: cells that do not fit are missing, rows with such keys left out."""
    wrong = misfits(table, frame.collect_schema().names())
    sound = pl.all_horizontal(pl.lit(value=True), *[~wrong[key] for key in table.keys if key in wrong])
    return frame.filter(sound).with_columns(
        pl.col(name).cast(table.columns[name].dtype, strict=False) for name in wrong
    )


def wrong_type(stem: str, table: Table, name: str, rows: pl.LazyFrame, number: int) -> Violation:
    """Return the violation of the `number` cells of column `name` in `rows` that do not fit its type."""
    kind = {"id": "a whole number", "number": "a number"}.get(table.columns[name].kind, "text")
    value = rows.select(pl.col(name).cast(pl.String)).head(1).collect().item()
    return Violation(stem, name, f"not {kind} ({value!r})", number, _examples(rows, table))


def _wrong_types(
    stem: str, table: Table, source: Source | None, error: Exception
) -> tuple[list[Violation], pl.LazyFrame | None]:
    """Read the table again as it was written; return its misfits and the rest, None if it cannot be read."""
    reason = str(error).splitlines()[0]
    if source is None:
        return [Violation(stem, "", reason, 0)], None
    unreadable = Violation(stem, "", f"the file cannot be read: {reason}", 0)
    written = source.as_written()
    wrong = misfits(table, written.collect_schema().names())
    try:
        counts = written.select(*[misfit.sum().alias(name) for name, misfit in wrong.items()]).collect()
    except pl.exceptions.PolarsError:
        return [unreadable], None
    found = [
        wrong_type(stem, table, name, written.filter(misfit), number)
        for name, misfit in wrong.items()
        if (number := int(counts[name][0] or 0))
    ]
    return (found, typed(table, fitting(table, written), stem=stem)) if found else ([unreadable], None)
