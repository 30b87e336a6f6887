"""One run of Spark, from tables to a folder of partitioned Parquet that appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyspark import AccumulatorParam, TaskContext
from pyspark.sql import DataFrame, SparkSession

from credit_scoring.adapters.spark.errors import failed_shard
from credit_scoring.adapters.spark.session import OnTasks, file_system, interruptible, opened_session, plain_errors
from credit_scoring.adapters.spark.tables import (
    SparkTables,
    cells_of,
    empty_tables,
    is_address,
    keys_of_several_clients,
    open_tables,
)
from credit_scoring.adapters.spark.worker import CLIENT, SHARD, ShardReport, ShardWork
from credit_scoring.domain.errors import DataError, ShardError, TableViolationsError
from credit_scoring.tables.folder import appearing

APPLICATIONS_PER_SHARD = 50_000
_TYPES: Mapping[pl.DataType, tuple[str, pa.DataType]] = {
    pl.Int64(): ("bigint", pa.int64()),
    pl.Float64(): ("double", pa.float64()),
    pl.String(): ("string", pa.string()),
    pl.List(pl.String()): ("array<string>", pa.list_(pa.string())),
}


@contextmanager
def spark_job(out: str) -> Iterator[SparkJob]:
    """Open a job that writes to `out`: a folder, which appears whole or not at all, or an address (``s3a://...``).

    Spark's current session is used and left running. Without one, a session is started and stopped: the one that
    ``spark-submit`` prepared, or Spark on this machine's cores, each task tried up to 4 times.

    Raises
    ------
    DataError
        If `out` is there already.
    EngineError
        If Spark cannot start.
    """
    if is_address(out):
        with opened_session() as spark, _appearing_at(spark, out):
            yield SparkJob(spark, out)
        return
    with appearing(Path(out)) as draft:
        with opened_session() as spark:
            yield SparkJob(spark, draft.absolute().as_uri())
        for checksum in draft.rglob(".*.crc"):
            checksum.unlink()


@contextmanager
def _appearing_at(spark: SparkSession, out: str) -> Iterator[None]:
    """Let the folder at an address be written in place: ``_SUCCESS`` in it tells that it is whole, else it goes."""
    with plain_errors():
        files, path = file_system(spark, out)
        if files.exists(path):
            raise DataError(f"{out} exists; name another, or remove it first")
    try:
        yield
        files.create(path.suffix("/_SUCCESS")).close()
    except BaseException:
        files.delete(path, True)  # with all that is in it
        raise


class SparkJob:
    """One run of Spark: it opens tables, then writes what a `ShardWork` makes of each shard to the job's place."""

    def __init__(self, spark: SparkSession, target: str) -> None:
        self._spark, self._target = spark, target
        # A task has one shard, so one file is open at a time: no need to sort the rows by shard before.
        spark.conf.set("spark.sql.maxConcurrentOutputFileWriters", "1")
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "50000")

    def open(self, source: str) -> SparkTables:
        """Return the tables in the folder or at the address `source`, as `open_tables` finds them."""
        return interruptible(self._spark, lambda: open_tables(self._spark, source))

    def write(
        self,
        tables: SparkTables,
        work: ShardWork,
        *,
        shards: int | None = None,
        on_tasks: OnTasks = lambda *_: None,
    ) -> ShardReport:
        """Write what `work` makes of the tables, a folder ``shard=N`` for each shard; return their reports, added up.

        All rows of a client are in one shard, which Spark's hash of ``SK_ID_CURR`` tells. By default there are as
        many shards as keep each at about 50,000 applications, and at least one a core.

        Raises
        ------
        TableViolationsError
            With every violation of the schema, of all shards.
        UnreadableFileError, ShardError
            Naming the file or the shard that could not be worked on, after Spark's retries.
        """
        return interruptible(self._spark, lambda: self._write(tables, work, shards), on_tasks)

    def _write(self, tables: SparkTables, work: ShardWork, shards: int | None) -> ShardReport:
        number = shards or self._shards_for(tables.frames[work.applications].count())
        violations = [*empty_tables(tables), *keys_of_several_clients(tables)]
        report = self._run(tables, work, number)
        if report.refused:
            shard = min(report.refused)
            raise ShardError(shard, number, report.refused[shard])
        if violations or report.violations:
            raise TableViolationsError([*violations, *report.violations])
        return report

    def _shards_for(self, applications: int) -> int:
        cores: int = self._spark.sparkContext.defaultParallelism
        return max(cores, -(-applications // APPLICATIONS_PER_SHARD))

    def _run(self, tables: SparkTables, work: ShardWork, shards: int) -> ShardReport:
        # Spark adds what a task of the last stage tells once, however often the task was tried.
        reports = self._spark.sparkContext.accumulator(ShardReport(), _Reports())
        kinds = work.kinds() | {SHARD: pl.Int64()}
        shape = pa.schema([(name, _TYPES[kind][1]) for name, kind in kinds.items()])

        def run_shard(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            shard = TaskContext.get().partitionId()
            try:
                for rows in work.run(shard, batches, reports.add):
                    yield from rows.with_columns(pl.lit(shard).alias(SHARD)).to_arrow().cast(shape).to_batches()
            except Exception as error:
                raise failed_shard(shard, shards, error) from error

        rows = reduce(DataFrame.unionAll, cells_of(tables)).repartition(shards, CLIENT)
        made = rows.mapInArrow(run_shard, ", ".join(f"`{name}` {_TYPES[kind][0]}" for name, kind in kinds.items()))
        # Whether the folder is whole is not known before the reports are.
        unmarked = made.write.mode("append").option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        unmarked.partitionBy(SHARD).parquet(self._target)
        report: ShardReport = reports.value
        return report


class _Reports(AccumulatorParam[ShardReport]):  # type: ignore[misc]
    def zero(self, value: ShardReport) -> ShardReport:  # noqa: ARG002 - Spark's signature
        return ShardReport()

    def addInPlace(self, value1: ShardReport, value2: ShardReport) -> ShardReport:  # noqa: N802
        return value1 + value2
