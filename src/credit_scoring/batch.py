"""Many applications at once: tables or a single-table file in; features, decisions or a watch's report out, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import catalogue
from credit_scoring.features.shards import matrices
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.watch import WatchReport, watch, window
from credit_scoring.scoring.sample import RowSample
from credit_scoring.scoring.score import BatchSummary, score_parts, uncomputed_features, without_untold
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.matrix import read_matrix
from credit_scoring.tables.roles import conformed, with_id

ENDINGS = (".parquet", ".csv")
OnRows = Callable[[int], None]
# Of Zstandard: a matrix a twentieth larger, written in two thirds of the time.
_QUICK = 1


def write_features(
    tables: Tables, applications: str, out: Path, *, on_family: Callable[[str], None] = lambda _: None
) -> tuple[int, int]:
    """Write the feature matrix of the table `applications` into `out` (Parquet); return its rows and features.

    The columns are those of `assemble`, rows sorted by id within each shard.

    Raises
    ------
    DataError
        If there is no such table, or `out` does not end in ``.parquet``.
    """
    require_writable(out, (".parquet",))
    with (
        matrices(tables.of(applications), on_family=on_family) as parts,
        TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch,
        drafted(out) as draft,
    ):
        rows, written = 0, []
        for number, part in enumerate(parts):
            written.append(Path(scratch) / f"{number:06d}.parquet")
            part.write_parquet(written[-1], compression_level=_QUICK)
            rows += part.height
        if len(written) == 1:
            written[0].replace(draft)
        else:
            pl.scan_parquet(written).sink_parquet(draft, compression_level=_QUICK, maintain_order=True)
    return rows, len(catalogue())


def score_tables(
    bundle: Bundle, tables: Tables, out: Path, *, explained: bool = False, on_rows: OnRows = lambda _: None
) -> BatchSummary:
    """Score the applications of `tables` into `out` (Parquet or CSV), sorted by id within each shard.

    Raises
    ------
    DataError
        If the bundle is of another portfolio, or `out` has another ending.
    """
    require_writable(out)
    with _matrices_of(bundle, tables) as (parts, uncomputed):
        return _write(_scored(bundle, parts, uncomputed, explained=explained, on_rows=on_rows), out)


def score_matrix(
    bundle: Bundle, path: Path, out: Path, *, explained: bool = False, on_rows: OnRows = lambda _: None
) -> BatchSummary:
    """Score a single-table file with a model that was trained on one.

    Raises
    ------
    DataError
        If the bundle is of another portfolio, a column is missing or of another type.
    """
    require_writable(out)
    parts = _scored(bundle, [_matrix_of(bundle, path)], [], explained=explained, on_rows=on_rows)
    return _write(parts, out)


def watch_tables(
    bundle: Bundle,
    tables: Tables,
    *,
    applications: str | None = None,
    sample: RowSample | None = None,
    on_rows: OnRows = lambda _: None,
) -> WatchReport:
    """Compare the table `applications`, by default what `score_tables` would score, with training; fill `sample`.

    Raises
    ------
    DataError
        If the bundle is of another portfolio, or there are no applications.
    """
    with _matrices_of(bundle, tables, applications) as (parts, uncomputed):
        return _watched(bundle, parts, uncomputed, sample, on_rows)


def watch_matrix(
    bundle: Bundle, path: Path, *, sample: RowSample | None = None, on_rows: OnRows = lambda _: None
) -> WatchReport:
    """Compare a single-table file with training, for a model that was trained on one; else as `watch_tables`.

    Outcomes in it are not used: which value of their column means default is not recorded.
    """
    return _watched(bundle, [_matrix_of(bundle, path)], [], sample, on_rows)


@contextmanager
def _matrices_of(
    bundle: Bundle, tables: Tables, applications: str | None = None
) -> Iterator[tuple[Iterator[pl.DataFrame], list[str]]]:
    """Open the feature matrix of the applications to score in parts, and name the features that lack a source."""
    if bundle.manifest.portfolio != "home_credit":
        raise DataError("this model was trained on a single-table file: score it with --matrix FILE")
    applications = applications or tables.scored()
    found = tables.columns_of(applications)
    with matrices(tables.of(applications)) as parts:
        yield (without_untold(bundle, part, found) for part in parts), uncomputed_features(bundle, found)


def _matrix_of(bundle: Bundle, path: Path) -> pl.DataFrame:
    if bundle.manifest.portfolio != "matrix":
        raise DataError("this model was trained on the eight tables: give their folder, not --matrix")
    frame, _ = with_id(read_matrix(path), bundle.manifest.id_column)
    return conformed(frame, {card.name: card.kind for card in bundle.manifest.features})


def _watched(
    bundle: Bundle, parts: Iterable[pl.DataFrame], uncomputed: list[str], sample: RowSample | None, on_rows: OnRows
) -> WatchReport:
    reference = Reference.of(bundle)
    current = window(bundle, reference, parts, uncomputed=uncomputed, sample=sample, on_rows=on_rows)
    return watch(bundle, reference, current)


def _scored(
    bundle: Bundle, parts: Iterable[pl.DataFrame], uncomputed: list[str], *, explained: bool, on_rows: OnRows
) -> Iterator[tuple[pl.DataFrame, BatchSummary]]:
    for matrix in parts:
        for rows, summary in score_parts(bundle, matrix, uncomputed=uncomputed, explained=explained):
            on_rows(rows.height)
            yield rows, summary


def require_writable(out: Path, endings: tuple[str, ...] = ENDINGS) -> None:
    """Refuse a place that cannot be written before the work is done, not after."""
    if out.suffix not in endings:
        raise DataError(f"{out} must end in {' or '.join(endings)}")
    if out.is_dir():
        raise DataError(f"{out} is a folder; name a file in it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from error


def _write(parts: Iterable[tuple[pl.DataFrame, BatchSummary]], out: Path) -> BatchSummary:
    scored = list(parts)
    if not scored:
        raise DataError("there are no applications to score")
    everything = pl.concat(decisions for decisions, _ in scored)
    with drafted(out) as draft:
        if out.suffix == ".parquet":
            everything.write_parquet(draft)
        else:
            lists = [name for name, kind in everything.schema.items() if kind == pl.List(pl.String)]
            everything.with_columns(pl.col(lists).list.join(" | ")).write_csv(draft)
    return sum((summary for _, summary in scored), BatchSummary())


@contextmanager
def drafted(out: Path) -> Iterator[Path]:
    """Give a path beside `out` to write to; it becomes `out` if all went well, else it goes."""
    draft = out.with_name(f".{out.name}.part")
    try:
        yield draft
        draft.replace(out)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
