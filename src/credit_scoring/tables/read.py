"""Files or a database in, typed and cleaned lazy tables out. Nothing is validated here but the shape."""

from __future__ import annotations

import difflib
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Table, schema

ENDINGS = (".parquet", ".csv", ".csv.gz", ".csv.zip")
HISTORIES = tuple(name for name in schema() if name != "application")


@dataclass(frozen=True)
class Source:
    """Where one table comes from, for messages and for reading it again as text."""

    table: Table
    stem: str
    path: Path

    def as_written(self) -> pl.LazyFrame:
        """Return the file before any cast: a CSV's columns as strings, Parquet's as they are stored."""
        if self.path.suffix == ".parquet":
            return pl.scan_parquet(self.path)
        return pl.scan_csv(self.path, infer_schema=False)

    def lines(self) -> pl.LazyFrame:
        """Return a CSV's lines as they are, header first: ``number`` (from 1) and ``line``; blank ones are missing."""
        whole = pl.scan_csv(self.path, has_header=False, separator="\x1f", quote_char=None, schema={"line": pl.String})
        return whole.with_row_index("number", offset=1)


@dataclass(frozen=True)
class Tables:
    """Typed, cleaned tables, each a lazy frame with exactly its schema's columns and flags.

    ``frames`` holds ``application_train`` and/or ``application_test`` and the history tables that exist.
    ``absent`` names the missing history tables; ``found`` has, by frame, the columns that were there;
    ``notices`` are sentences the user should read once.
    """

    frames: Mapping[str, pl.LazyFrame]
    sources: Mapping[str, Source] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, applications: str) -> dict[str, pl.LazyFrame]:
        """Return the histories and, as ``application``, the table named `applications`."""
        if applications not in self.frames:
            raise DataError(f"there is no {applications} among {sorted(self.frames)}")
        return {"application": self.frames[applications]} | {
            name: frame for name, frame in self.frames.items() if name in HISTORIES
        }

    def columns_of(self, applications: str) -> set[str]:
        """Return the columns (``table.COLUMN``) that were there in `applications` and the histories."""
        tables = {"application": applications} | {name: name for name in HISTORIES if name in self.frames}
        return {f"{table}.{column}" for table, stem in tables.items() for column in self.found.get(stem, ())}

    def scored(self) -> str:
        """Return the applications to score: ``application_test`` if there, else ``application_train``."""
        return "application_test" if "application_test" in self.frames else "application_train"


def typed(table: Table, frame: pl.LazyFrame, *, stem: str | None = None) -> pl.LazyFrame:
    """Return `frame` with the table's columns, types and flags, sentinels missing, extra columns dropped.

    Columns that are absent become missing; `TARGET` is left out where the frame has none.
    """
    found = frame.collect_schema()
    wanted = [c for c in table.columns.values() if c.name != OUTCOME or OUTCOME in found]
    if stem == "application_test":
        wanted = [c for c in wanted if c.name != OUTCOME]
    casts = [
        (pl.col(c.name).cast(c.dtype) if found[c.name] != c.dtype() else pl.col(c.name))
        if c.name in found
        else pl.lit(None, dtype=c.dtype).alias(c.name)
        for c in wanted
    ]
    cleaned = [expression for column in wanted for expression in column.cleaned()]
    return frame.select(casts).with_columns(cleaned)


def tables_from_frames(frames: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> Tables:
    """Return the tables held in memory, by table name; ``application`` may stand for ``application_test``.

    Raises
    ------
    DataError
        If a name is not one of the eight tables.
    """
    stems = {stem: table for table in schema().values() for stem in table.files}
    named = {("application_test" if name == "application" else name): f for name, f in frames.items()}
    if unknown := set(named) - set(stems):
        raise DataError(f"unknown tables {sorted(unknown)}; known are {sorted(stems)}")
    lazy = {name: typed(stems[name], frame.lazy(), stem=name) for name, frame in named.items()}
    found = {name: _found(stems[name], frame.lazy()) for name, frame in named.items()}
    return Tables(lazy, absent=tuple(name for name in HISTORIES if name not in lazy), found=found)


def _found(table: Table, frame: pl.LazyFrame) -> frozenset[str]:
    """Return the schema's columns that `frame` has, and the flags that follow from them."""
    names = frame.collect_schema()
    columns = [column for column in table.columns.values() if column.name in names]
    return frozenset({c.name for c in columns} | {c.flag for c in columns if c.flag})


@contextmanager
def read_tables(source: str | Path) -> Iterator[Tables]:
    """Open the tables of a folder (Kaggle's CSV, plain, ``.gz`` or ``.zip``, or Parquet) or of a database URL.

    Compressed files and database tables are unpacked into a temporary folder that lives as long as the
    context, so memory stays bounded.

    Raises
    ------
    TableViolationsError
        If a file is empty or truncated, is not what its ending says, or lacks a key column, or a database holds
        values of another type: all of them at once, with all that `validate` finds in what could be read.
    DataError
        If there is no such folder, or it holds no applications.
    """
    with TemporaryDirectory(prefix="credit-scoring-") as scratch:
        if "://" in str(source):
            from credit_scoring.tables.database import unload  # noqa: PLC0415 - an optional dependency

            violations = unload(str(source), Path(scratch))
            yield _open(Path(scratch), Path(scratch), violations)
        else:
            yield _open(Path(source), Path(scratch), [])


def _open(folder: Path, scratch: Path, violations: list[Violation]) -> Tables:
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give the folder that holds application_train.csv")
    frames: dict[str, pl.LazyFrame] = {}
    sources: dict[str, Source] = {}
    notices: list[str] = []
    found: dict[str, frozenset[str]] = {}
    for table in schema().values():
        for stem in table.files:
            path = _find(folder, stem)
            if path is None:
                continue
            try:
                plain = _unpacked(path, stem, scratch)
                frame = _scan(table, stem, plain)
            except TableViolationsError as error:
                violations = violations + list(error.violations)
                continue
            violations = violations + _missing_keys(table, stem, frame)
            notices += _column_notices(table, stem, frame)
            sources[stem] = Source(table, stem, plain)
            frames[stem] = typed(table, frame, stem=stem)
            found[stem] = _found(table, frame)
    if violations:
        from credit_scoring.tables.validate import examine  # noqa: PLC0415 - it needs this module's tables

        raise TableViolationsError(violations + examine(Tables(frames, sources), known=violations)[1])
    require_applications(frames, folder)
    return _described(frames, sources, notices, found)


def require_applications(found: Collection[str], source: object) -> None:
    """Refuse a `source` whose tables `found` hold no applications.

    Raises
    ------
    DataError
        If neither table of applications is there.
    """
    if not any(stem in found for stem in schema()["application"].files):
        raise DataError(
            f"{source} holds neither application_train nor application_test "
            f"({', '.join(ENDINGS)}); download the data with `credit-scoring data download {source}`"
        )


def outline(columns: Mapping[str, Iterable[str]]) -> Tables:
    """Return tables of these columns without rows, by file name: what can be told of tables before reading them.

    Raises
    ------
    TableViolationsError
        If a key column is missing.
    """
    stems = {stem: table for table in schema().values() for stem in table.files if stem in columns}
    empty = {stem: pl.LazyFrame(schema=dict.fromkeys(columns[stem], pl.String)) for stem in stems}
    if violations := [v for stem, table in stems.items() for v in _missing_keys(table, stem, empty[stem])]:
        raise TableViolationsError(violations)
    notices = [notice for stem, table in stems.items() for notice in _column_notices(table, stem, empty[stem])]
    return _described(
        {stem: typed(table, empty[stem], stem=stem) for stem, table in stems.items()},
        {},
        notices,
        {stem: _found(table, empty[stem]) for stem, table in stems.items()},
    )


def _described(
    frames: Mapping[str, pl.LazyFrame],
    sources: Mapping[str, Source],
    notices: list[str],
    found: Mapping[str, frozenset[str]],
) -> Tables:
    absent = tuple(name for name in HISTORIES if name not in frames)
    if absent:
        notices = [*notices, f"no {', '.join(absent)}: the features built from them are missing"]
    return Tables(frames, sources, absent, tuple(notices), found)


def _find(folder: Path, stem: str) -> Path | None:
    found = [path for ending in ENDINGS if (path := folder / f"{stem}{ending}").is_file()]
    if len(found) > 1:
        raise DataError(f"{folder} holds {' and '.join(p.name for p in found)}: keep one of them")
    return found[0] if found else None


def _broken(stem: str, problem: str) -> TableViolationsError:
    return TableViolationsError([Violation(stem, "", problem, 0)])


def _unpacked(path: Path, stem: str, scratch: Path) -> Path:
    """Return the path of the plain file, unpacking compressed ones into `scratch`."""
    if path.suffix not in {".gz", ".zip"}:
        return path
    plain = scratch / path.name.removesuffix(path.suffix)
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as packed, plain.open("wb") as out:
                shutil.copyfileobj(packed, out)
        else:
            with zipfile.ZipFile(path) as archive:
                members = [m for m in archive.namelist() if not m.endswith("/")]
                if len(members) != 1:
                    raise _broken(stem, f"the archive must hold one file, it holds {len(members)}")
                with archive.open(members[0]) as packed, plain.open("wb") as out:
                    shutil.copyfileobj(packed, out)
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
        raise _broken(stem, f"the file is truncated or not {path.suffix[1:]}: {error}") from error
    return plain


def _scan(table: Table, stem: str, path: Path) -> pl.LazyFrame:
    if path.stat().st_size == 0:
        raise _broken(stem, "the file is empty")
    try:
        if path.suffix == ".parquet":
            frame = pl.scan_parquet(path)
            frame.collect_schema()
            return frame
        header = pl.scan_csv(path, infer_schema=False).collect_schema().names()
        _refuse_truncated(stem, path, len(header))
        dtypes = {name: table.columns[name].dtype for name in header if name in table.columns}
        return pl.scan_csv(path, schema_overrides=dtypes, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise _broken(stem, f"the file cannot be read as {path.suffix[1:]}: {reason}") from error


def _refuse_truncated(stem: str, path: Path, width: int) -> None:
    """Refuse a CSV whose last line is not ended, or holds fewer fields than the header."""
    with path.open("rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - 65_536))
        tail = file.read()
    last = tail.rstrip(b"\r\n").rsplit(b"\n", 1)[-1]
    # A quoted comma or line break would be counted wrongly: leave such a line to the parser.
    short = b'"' not in last and last.count(b",") + 1 < width
    if not tail.endswith(b"\n") or short:
        shown = last[:60].decode("utf-8", "replace")
        raise _broken(
            stem,
            f"the file seems truncated: its last line ({shown!r}) is cut short; "
            "if it is complete, end it with a line break",
        )


def _missing_keys(table: Table, stem: str, frame: pl.LazyFrame) -> list[Violation]:
    found = frame.collect_schema().names()
    missing = [key for key in table.keys if key not in found]
    if stem == "application_train" and OUTCOME not in found:
        missing.append(OUTCOME)
    violations = []
    for key in missing:
        close = difflib.get_close_matches(key, found, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        violations.append(Violation(stem, key, f"the key column is missing{hint}", 0))
    return violations


def _column_notices(table: Table, stem: str, frame: pl.LazyFrame) -> list[str]:
    found = set(frame.collect_schema().names())
    known = set(table.columns) - ({OUTCOME} if stem == "application_test" else set())
    notices = []
    if extra := sorted(found - known):
        notices.append(f"{stem}: columns not in the schema are kept out: {_listed(extra)}")
    if missing := sorted(known - found):
        notices.append(f"{stem}: absent columns are taken as missing: {_listed(missing)}")
    return notices


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def application_ids(tables: Tables) -> pl.LazyFrame:
    """Return every known ``SK_ID_CURR``, of train and test, once."""
    parts = [tables.frames[s].select(APPLICATION_ID) for s in schema()["application"].files if s in tables.frames]
    return pl.concat(parts).unique()
