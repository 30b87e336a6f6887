"""What a worker does, and what is told of failures: no Spark runs here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

pa = pytest.importorskip("pyarrow", reason="needs the spark extra")
pytest.importorskip("pyspark", reason="needs the spark extra")

from credit_scoring.adapters.spark.errors import failed_shard, plain  # noqa: E402
from credit_scoring.adapters.spark.session import opened_session  # noqa: E402
from credit_scoring.adapters.spark.worker import (  # noqa: E402
    CELLS,
    STEM,
    PackedBundle,
    ShardReport,
    ShardWork,
    write_cells,
)
from credit_scoring.domain.errors import EngineError, ShardError, UnreadableFileError, Violation  # noqa: E402
from credit_scoring.features.assemble import assemble  # noqa: E402
from credit_scoring.tables.frames import Tables  # noqa: E402
from credit_scoring.tables.read import read_tables  # noqa: E402

Cells = Mapping[str, pl.DataFrame]


def as_written(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: pl.read_csv(path, infer_schema=False) for path in sorted(folder.glob("*.csv"))}


def batches(cells: Cells, rows: int) -> Iterator[object]:
    """Yield the rows of all tables, mixed, a few at a time, as Spark would."""
    packed = pl.concat(
        frame.select(pl.lit(stem).alias(STEM), pl.concat_list(pl.all()).alias(CELLS)) for stem, frame in cells.items()
    )
    yield from packed.sample(fraction=1.0, shuffle=True, seed=1).to_arrow().to_batches(max_chunksize=rows)


def work_on(cells: Cells, applications: str = "application_train") -> ShardWork:
    return ShardWork({stem: tuple(frame.columns) for stem, frame in cells.items()}, applications)


def done(work: ShardWork, cells: Cells, rows: int = 1_000) -> tuple[list[pl.DataFrame], ShardReport]:
    reports: list[ShardReport] = []
    parts = list(work.run(0, batches(cells, rows), reports.append))
    (report,) = reports
    return parts, report


@pytest.mark.parametrize("rows", [7_000, 50_000])
def test_cells_in_any_order_give_the_features_of_the_files(
    synthetic_folder: Path, synthetic_tables: Tables, rows: int
) -> None:
    cells = as_written(synthetic_folder)
    parts, report = done(work_on(cells), cells, rows)
    wanted = assemble(synthetic_tables.of("application_train"))
    assert_frame_equal(pl.concat(parts), wanted, check_exact=True)
    assert dict(wanted.schema) == work_on(cells).kinds()
    assert report.applications == wanted.height
    assert report.rows == {stem: frame.height for stem, frame in cells.items()}


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_text_is_the_same_number_as_in_a_csv(numbers: list[float]) -> None:
    text = pl.Series("x", [repr(number) for number in numbers])
    read = pl.read_csv(text.to_frame().write_csv().encode(), schema={"x": pl.Float64})
    assert text.cast(pl.Float64).to_list() == read["x"].to_list() == numbers


def test_a_table_without_rows_in_a_shard_keeps_its_columns(tmp_path: Path, synthetic_folder: Path) -> None:
    cells = as_written(synthetic_folder)
    some = {stem: frame for stem, frame in cells.items() if stem.startswith("application")}
    write_cells(batches(some, 100), work_on(cells).columns, tmp_path)
    with read_tables(tmp_path) as tables:
        assert tables.absent == ()
        assert tables.frames["bureau"].collect().is_empty()
        assert assemble(tables.of("application_train"))["BUREAU__CREDITS__COUNT"].to_list() == [0.0] * 400


def test_what_breaks_the_schema_is_reported_and_nothing_is_made(synthetic_folder: Path) -> None:
    cells = as_written(synthetic_folder)
    odd = cells | {"bureau": cells["bureau"].with_columns(DAYS_CREDIT=pl.lit("soon"))}
    parts, report = done(work_on(odd), odd)
    assert parts == []
    assert {(v.table, v.column) for v in report.violations} == {("bureau", "DAYS_CREDIT")}


def test_what_is_refused_for_good_is_told_with_its_shard(synthetic_folder: Path) -> None:
    cells = as_written(synthetic_folder)
    work = replace(work_on(cells), bundle=PackedBundle("0" * 64, (("manifest.json", b"{}"),)))
    parts, report = done(work, cells)
    assert parts == []
    assert "is not the bundle" in report.refused[0]


violations = st.builds(
    Violation,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y"]),
    st.just("wrong"),
    st.integers(1, 9),
    st.lists(st.sampled_from(["k=1", "k=2", "k=3", "k=4"]), max_size=3).map(tuple),
)


@given(st.lists(st.lists(violations, max_size=4), max_size=4))
def test_reports_add_up_whatever_the_shards(shards: list[list[Violation]]) -> None:
    total = sum((ShardReport(violations=tuple(found)) for found in shards), ShardReport())
    places = {(v.table, v.column) for found in shards for v in found}
    assert {(v.table, v.column) for v in total.violations} == places
    assert len(total.violations) <= sum(map(len, shards))
    assert all(len(v.examples) <= 3 for v in total.violations)
    if all(len({(v.table, v.column) for v in found}) == len(found) for found in shards):
        assert len(total.violations) == len(places)
        assert sum(v.count for v in total.violations) == sum(v.count for found in shards for v in found)


def test_spark_s_traces_become_one_sentence() -> None:
    failed = failed_shard(3, 8, OSError("disk\nfull"))
    shard = plain(f"Traceback ...\n  File x\nRuntimeError: {failed}\n\nDriver stacktrace:")
    assert isinstance(shard, ShardError)
    assert (shard.shard, shard.shards, shard.reason) == (3, 8, "OSError: disk full")
    file = plain(
        "An error occurred\n: org.apache.spark.SparkException: Job aborted\n"
        "Caused by: org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered error while reading file "
        "file:///data/bureau.parquet/part-3.parquet.  SQLSTATE: KD001\n\tat x\n"
        "Caused by: java.io.IOException: can not read class\n\t... 21 more"
    )
    assert isinstance(file, UnreadableFileError)
    assert (file.file, file.reason) == ("/data/bureau.parquet/part-3.parquet", "can not read class")
    assert isinstance(plain("[JAVA_GATEWAY_EXITED] Java gateway process exited"), EngineError)
    assert str(plain("something else\nat length")) == "Spark gave up: something else"


def test_without_java_spark_is_not_even_started(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JAVA_HOME", "PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="needs Java"), opened_session():
        pass
