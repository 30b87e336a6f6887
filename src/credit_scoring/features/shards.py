"""The tables split by client: each shard alone gives its clients' features, so memory is bounded at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import assemble
from credit_scoring.features.spec import Frames
from credit_scoring.tables.schema import APPLICATION_ID

APPLICATIONS_PER_SHARD = 400_000
_SHARD = "shard"


def shards_for(applications: int) -> int:
    """Return how many shards keep each at about `APPLICATIONS_PER_SHARD` applications.

    Examples
    --------
    >>> shards_for(307_511), shards_for(1_000_000)
    (1, 3)
    """
    return max(1, -(-applications // APPLICATIONS_PER_SHARD))


def split(frames: Frames, shards: int, folder: Path) -> list[dict[str, pl.LazyFrame]]:
    """Write every table to `folder`, divided by ``SK_ID_CURR`` modulo `shards`, and return each shard's tables.

    One pass over each table, streamed. Rows of ``bureau_balance`` go where their credit's client goes; those of
    an unknown credit belong to nobody and are left out.

    Raises
    ------
    DataError
        If `shards` is below 1.
    """
    if shards < 1:
        raise DataError(f"there must be at least 1 shard, not {shards}")
    parts: list[dict[str, pl.LazyFrame]] = [{} for _ in range(shards)]
    for name, frame in frames.items():
        owned = _owned(name, frame, frames)
        if owned is None:
            continue
        target = folder / name
        owned.with_columns((pl.col(APPLICATION_ID) % shards).alias(_SHARD)).sink_parquet(
            pl.PartitionBy(target, key=_SHARD, include_key=False), mkdir=True, compression="lz4"
        )
        columns = frame.collect_schema()
        for number, part in enumerate(parts):
            files = sorted((target / f"{_SHARD}={number}").glob("*.parquet"))
            part[name] = (pl.scan_parquet(files) if files else pl.LazyFrame(schema=columns)).select(columns.names())
    return parts


def _owned(name: str, frame: pl.LazyFrame, frames: Frames) -> pl.LazyFrame | None:
    if name != "bureau_balance":
        return frame
    if "bureau" not in frames:
        return None
    return frame.join(frames["bureau"].select("SK_ID_BUREAU", APPLICATION_ID), on="SK_ID_BUREAU", how="inner")


def assemble_shards(
    frames: Frames, shards: int, folder: Path, *, on_shard: Callable[[int], None] = lambda _: None
) -> Iterator[pl.DataFrame]:
    """Yield the feature matrix of each shard, as `assemble` would give it for these clients alone."""
    for number, part in enumerate(split(frames, shards, folder)):
        on_shard(number)
        yield assemble(part)


@contextmanager
def matrices(frames: Frames, *, on_family: Callable[[str], None] | None = None) -> Iterator[Iterator[pl.DataFrame]]:
    """Open the feature matrix in as many parts as keep memory bounded, one for up to 400,000 applications."""
    shards = shards_for(int(frames["application"].select(pl.len()).collect().item()))
    with TemporaryDirectory(prefix="credit-scoring-") as scratch:
        if shards == 1:
            yield iter([assemble(frames, on_family=on_family)])
        else:
            yield assemble_shards(
                frames, shards, Path(scratch), on_shard=lambda n: on_family and on_family(f"shard {n + 1} of {shards}")
            )
