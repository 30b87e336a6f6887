"""The commands whose engine is Spark, step by step as the terminal shows them."""

from __future__ import annotations

from pathlib import Path

from credit_scoring.bundle.store import Bundle
from credit_scoring.console import Terminal
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import catalogue
from credit_scoring.scoring.score import BatchSummary


def features_on_spark(
    terminal: Terminal, source: str, out: str, *, applications: str | None, shards: int | None
) -> None:
    """Write the features of `applications` (by default those that would be scored) to the folder or address `out`.

    Raises
    ------
    DataError
        If `out` is there already, the tables break their schema, or a file or shard cannot be worked on.
    MissingExtraError, EngineError
        If Spark is not installed, or cannot start.
    """
    from credit_scoring.adapters.spark.job import spark_job  # noqa: PLC0415 - the spark extra
    from credit_scoring.adapters.spark.worker import ShardWork  # noqa: PLC0415

    with terminal.step("Building features on Spark") as bar, spark_job(out) as job:
        tables = job.open(source)
        _tell(terminal, tables.outline.notices)
        chosen = applications or tables.outline.scored()
        if chosen not in tables.frames:
            raise DataError(f"there is no {chosen} in {source}")
        work = ShardWork(tables.columns, chosen)
        report = job.write(tables, work, shards=shards, on_tasks=lambda done, total: bar.at("tasks", done, total))
        bar.made = f"{out}: {len(catalogue())} features of {report.applications:,} applications"


def score_on_spark(
    terminal: Terminal, source: str, out: str, bundle: Bundle, folder: Path, *, explained: bool, shards: int | None
) -> BatchSummary:
    """Write the decisions of the model in `folder` to the folder or address `out`; errors are as for features."""
    from credit_scoring.adapters.spark.job import spark_job  # noqa: PLC0415 - the spark extra
    from credit_scoring.adapters.spark.worker import PackedBundle, ShardWork  # noqa: PLC0415

    with terminal.step("Scoring on Spark") as bar, spark_job(out) as job:
        tables = job.open(source)
        _tell(terminal, tables.outline.notices)
        packed = PackedBundle.of(folder, bundle.digest)
        work = ShardWork(tables.columns, tables.outline.scored(), packed, explained)
        report = job.write(tables, work, shards=shards, on_tasks=lambda done, total: bar.at("tasks", done, total))
        bar.made = report.summary.told(out)
    return report.summary


def _tell(terminal: Terminal, notices: tuple[str, ...]) -> None:
    for notice in notices:
        terminal.notice(notice)
