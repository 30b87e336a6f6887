"""Files or a database in, typed and cleaned lazy tables out. Nothing is validated here but the shape."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.domain.errors import DataError, TableViolationsError, Violation
from credit_scoring.tables.frames import Source, Tables, gathered
from credit_scoring.tables.schema import Table, schema
from credit_scoring.tables.validate import examine

ENDINGS = (".parquet", ".csv", ".csv.gz", ".csv.zip")


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
    for table in schema().values():
        for stem in table.files:
            path = _find(folder, stem)
            if path is None:
                continue
            try:
                plain = _unpacked(path, stem, scratch)
                frames[stem], sources[stem] = _scan(table, stem, plain), Source(table, stem, plain)
            except TableViolationsError as error:
                violations = violations + list(error.violations)
    tables, incomplete = gathered(frames, sources)
    if violations := violations + incomplete:
        raise TableViolationsError(violations + examine(tables, known=violations)[1])
    require_applications(frames, folder)
    return tables


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
