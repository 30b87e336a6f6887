"""What a worker does with one shard of the clients: their cells in, features or decisions out. It knows no Spark."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.domain.errors import CreditScoringError, Violation
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.score import ROWS_AT_A_TIME, BatchSummary, score_parts, uncomputed_features, without_untold
from credit_scoring.tables.frames import Tables, outline
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID
from credit_scoring.tables.validate import EXAMPLES, examine

CLIENT, STEM, CELLS, SHARD = "client", "stem", "cells", "shard"


@dataclass(frozen=True)
class PackedBundle:
    """A bundle as bytes, for workers that do not see its folder: its digest and its files by name."""

    digest: str
    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, folder: Path, digest: str) -> PackedBundle:
        """Return the bundle in `folder`, packed."""
        return cls(digest, tuple((path.name, path.read_bytes()) for path in sorted(folder.iterdir())))


@cache
def _loaded(packed: PackedBundle) -> Bundle:
    """Return the bundle, verified as any other; once a process, as workers do many shards."""
    with TemporaryDirectory(prefix="credit-scoring-", dir=_scratch()) as folder:
        for name, content in packed.files:
            (Path(folder) / name).write_bytes(content)
        return load_bundle(Path(folder), digest=packed.digest)


def _scratch() -> str | None:
    """Return the folder that Spark gives a worker for temporary files, and clears whatever happens."""
    return os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0] or None


@dataclass(frozen=True)
class ShardReport:
    """What is told of shards besides their rows; reports of several add up.

    ``rows`` counts the rows of each table and ``applications`` those written. ``refused`` has, by shard, the
    sentence of what was refused for good; trying again would not help.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    applications: int = 0
    summary: BatchSummary = field(default_factory=BatchSummary)
    violations: tuple[Violation, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)

    def __add__(self, other: ShardReport) -> ShardReport:
        """Return the report of both; equal violations become one."""
        merged: dict[tuple[str, str, str], Violation] = {}
        for one in (*self.violations, *other.violations):
            key = (one.table, one.column, one.problem)
            merged[key] = one if key not in merged else _both(merged[key], one)
        return ShardReport(
            dict(Counter(self.rows) + Counter(other.rows)),
            self.applications + other.applications,
            self.summary + other.summary,
            tuple(merged.values()),
            {**self.refused, **other.refused},
        )


def _both(one: Violation, other: Violation) -> Violation:
    examples = tuple(sorted({*one.examples, *other.examples})[:EXAMPLES])
    return replace(one, count=one.count + other.count, examples=examples)


@dataclass(frozen=True)
class ShardWork:
    """The work on any one shard, as it is sent to the workers.

    ``columns`` has, by table file, the columns whose cells come; ``applications`` is the table to work on. With
    ``bundle`` the result is decisions, else features.
    """

    columns: Mapping[str, tuple[str, ...]]
    applications: str
    bundle: PackedBundle | None = None
    explained: bool = False

    def kinds(self) -> dict[str, pl.DataType]:
        """Return the columns of the result with their types."""
        if self.bundle is None:
            return dict(assemble(outline(self.columns).of(self.applications)).schema)
        told = LANGUAGES if self.explained else ()
        return {APPLICATION_ID: pl.Int64(), "p_default": pl.Float64(), "decision": pl.String()} | {
            f"reasons_{language}": pl.List(pl.String()) for language in told
        }

    def run(
        self, shard: int, batches: Iterable[pa.RecordBatch], on_report: Callable[[ShardReport], None]
    ) -> Iterator[pl.DataFrame]:
        """Yield the result of one shard, sorted by id, and then report.

        Rows that break the schema, and whatever this project refuses, are reported and nothing is yielded.

        Parameters
        ----------
        batches
            Rows of all tables, in any order: the table's file name (``stem``) and its ``cells`` as text, in the order
            of ``columns``.
        """
        try:
            with TemporaryDirectory(prefix="credit-scoring-", dir=_scratch()) as folder:
                write_cells(batches, self.columns, Path(folder))
                with read_tables(folder) as tables:
                    rows, found = examine(tables)
                    # No rows in one shard is nothing to complain of.
                    report = ShardReport(rows, violations=tuple(v for v in found if rows.get(v.table) != 0))
                    if not report.violations and rows[self.applications]:
                        for frame, summary in self._parts(tables):
                            report += ShardReport(applications=frame.height, summary=summary)
                            yield frame
        except CreditScoringError as error:
            report = ShardReport(refused={shard: str(error)})
        on_report(report)

    def _parts(self, tables: Tables) -> Iterator[tuple[pl.DataFrame, BatchSummary]]:
        matrix = assemble(tables.of(self.applications))
        if self.bundle is None:
            yield from ((rows, BatchSummary()) for rows in matrix.iter_slices(ROWS_AT_A_TIME))
            return
        bundle = _loaded(self.bundle)
        found = tables.columns_of(self.applications)
        told, uncomputed = without_untold(bundle, matrix, found), uncomputed_features(bundle, found)
        yield from score_parts(bundle, told, uncomputed=uncomputed, explained=self.explained)


def write_cells(batches: Iterable[pa.RecordBatch], columns: Mapping[str, tuple[str, ...]], folder: Path) -> None:
    """Write the cells of each table to ``folder/<stem>.parquet``, as text; a table without rows gets its columns."""
    writers = {
        stem: pq.ParquetWriter(
            folder / f"{stem}.parquet", pa.schema([(name, pa.large_string()) for name in names]), compression="lz4"
        )
        for stem, names in columns.items()
    }
    try:
        for batch in batches:
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            for (stem,), rows in frame.group_by(STEM, maintain_order=True):
                names, cells = columns[str(stem)], rows[CELLS].explode()
                table = pl.DataFrame({name: cells.gather_every(len(names), i) for i, name in enumerate(names)})
                writers[str(stem)].write_table(table.to_arrow().cast(writers[str(stem)].schema))
    finally:
        for writer in writers.values():
            writer.close()
