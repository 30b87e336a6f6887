"""Spark in local mode gives what one machine gives, to the last bit, or one sentence and nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
import pytest

from credit_scoring.batch import score_tables, write_features
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.domain.errors import DataError, ShardError, TableViolationsError, UnreadableFileError
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.tables.validate import validate
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

pytest.importorskip("pyspark", reason="needs the spark extra")
pytest.importorskip("pyarrow", reason="needs the spark extra")
if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
    pytest.skip("Spark needs Java 17 or newer, and there is none", allow_module_level=True)

from pyspark import cloudpickle

from credit_scoring.adapters.spark.job import spark_job
from credit_scoring.adapters.spark.session import opened_session
from credit_scoring.adapters.spark.worker import PackedBundle, ShardReport, ShardWork

pytestmark = [
    pytest.mark.slow,
    # The library between Python and Java leaves the sockets of threads that ended to the garbage collector.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
]
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[object]:
    """One session for all jobs of this module: a job takes the current one and leaves it running."""
    with opened_session() as session:
        yield session


@pytest.fixture(scope="module")
def parquet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spark") / "parquet"
    synthesize(folder, applications=300, seed=4, file_format="parquet")
    return folder


@pytest.fixture(scope="module")
def bundle_folder(synthetic_tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    data = home_credit_set(synthetic_tables, validate(synthetic_tables))
    options = TrainingOptions(folds=2, threads=1, holdout_share=0.0)
    folder = tmp_path_factory.mktemp("model") / "bundle"
    made = train(data, options, candidates=(Boosting("boosting", start=EXTERNAL_SCORES),)).bundle
    return save_bundle(made, folder), folder


def written(out: Path) -> pl.DataFrame:
    """The rows of all shards by id, numbers as their bits, for 0.0 equals -0.0."""
    return as_bits(pl.concat(pl.read_parquet(file, hive_partitioning=False) for file in sorted(out.rglob("*.parquet"))))


def as_bits(rows: pl.DataFrame) -> pl.DataFrame:
    def bits(column: pl.Series) -> pl.Series:
        seen = pl.Series(column.name, column.fill_null(0.0).to_numpy().view(np.uint64))
        return seen.set(column.is_null(), None)

    ordered = rows.sort("SK_ID_CURR")
    return ordered.with_columns(bits(ordered[name]) for name in ordered.select(cs.float()).columns)


def features(
    source: Path, out: Path | str, applications: str, shards: int, kind: Callable[..., ShardWork] = ShardWork
) -> Any:
    with spark_job(str(out)) as job:
        tables = job.open(str(source))
        return job.write(tables, kind(tables.columns, applications), shards=shards)


def assert_features_equal(source: Path, folder: Path, applications: str, shards: int) -> None:
    report = features(source, folder / "out", applications, shards)
    with read_tables(source) as tables:
        write_features(tables, applications, folder / "one.parquet")
    one = as_bits(pl.read_parquet(folder / "one.parquet"))
    assert written(folder / "out").equals(one)
    assert report.applications == one.height
    assert {path.name for path in (folder / "out").iterdir()} <= {f"shard={n}" for n in range(shards)}
    assert sorted(path.name for path in folder.iterdir()) == ["one.parquet", "out"]


def test_features_from_csv_are_equal_to_the_last_bit(synthetic_folder: Path, tmp_path: Path) -> None:
    source = shutil.copytree(synthetic_folder, tmp_path / "source")
    # Awkward cells: other ways to write numbers, quotes, text that looks like nothing, months of unknown credits.
    bureau = pl.read_csv(source / "bureau.csv", infer_schema=False)
    bureau.with_columns(
        AMT_CREDIT_SUM=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit(" 1.1e5")).otherwise("AMT_CREDIT_SUM"),
        CREDIT_TYPE=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit('a "b", c')).otherwise("CREDIT_TYPE"),
    ).write_csv(source / "bureau.csv")
    with (source / "bureau_balance.csv").open("a") as file:
        file.write("1,-3,C\n")
    (tmp_path / "work").mkdir()
    assert_features_equal(source, tmp_path / "work", "application_train", 3)


def test_features_from_parquet_are_equal_to_the_last_bit(parquet_folder: Path, tmp_path: Path) -> None:
    source = shutil.copytree(parquet_folder, tmp_path / "source")
    # Other types, as other writers choose them: keys and numbers as 64 and 32 bits of floating point.
    bureau = pl.read_parquet(source / "bureau.parquet")
    bureau.with_columns(
        pl.col("SK_ID_CURR").cast(pl.Float64), pl.col("AMT_CREDIT_SUM", "DAYS_CREDIT").cast(pl.Float32)
    ).write_parquet(source / "bureau.parquet")
    (tmp_path / "work").mkdir()
    assert_features_equal(source, tmp_path / "work", "application_test", 5)


@pytest.mark.parametrize("name", ["all_tables", "five_tables"])
def test_features_of_real_rows_are_equal_to_the_last_bit(
    real_folder: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    assert_features_equal(real_folder(name), tmp_path, "application_train", 3)


def test_decisions_and_reasons_are_equal_where_a_table_is_absent_too(
    parquet_folder: Path, bundle_folder: tuple[Bundle, Path], tmp_path: Path
) -> None:
    bundle, folder = bundle_folder
    source = shutil.copytree(parquet_folder, tmp_path / "source")
    (source / "bureau.parquet").unlink()
    with read_tables(source) as tables:
        one = score_tables(bundle, tables, tmp_path / "one.parquet", explained=True)
        notices = tables.notices
    with spark_job(str(tmp_path / "out")) as job:
        opened = job.open(str(source))
        packed = PackedBundle.of(folder, bundle.digest)
        report = job.write(opened, ShardWork(opened.columns, opened.outline.scored(), packed, explained=True), shards=2)
    assert opened.outline.notices == notices
    assert written(tmp_path / "out").equals(as_bits(pl.read_parquet(tmp_path / "one.parquet")))
    assert report.summary.coverage < 1.0
    assert report.summary.told("x") == one.told("x")
    assert report.summary.unseen == one.unseen


def test_all_violations_are_told_as_on_one_machine(parquet_folder: Path, tmp_path: Path) -> None:
    source = shutil.copytree(parquet_folder, tmp_path / "source")
    broken = {name: pl.read_parquet(source / f"{name}.parquet") for name in ("application_train", "bureau")}
    clients = broken["application_train"]["SK_ID_CURR"]
    first = broken["bureau"].head(1)
    others = first.with_columns(pl.Series("SK_ID_CURR", clients.filter(clients != first["SK_ID_CURR"][0])[:1]))
    pl.concat([broken["bureau"], others]).write_parquet(source / "bureau.parquet")
    (
        pl.concat([broken["application_train"], broken["application_train"].head(2)])
        .with_columns(TARGET=pl.lit(3.0))
        .write_parquet(source / "application_train.parquet")
    )
    pl.read_parquet(source / "POS_CASH_balance.parquet").clear().write_parquet(source / "POS_CASH_balance.parquet")
    pl.read_parquet(source / "previous_application.parquet").with_columns(
        SK_ID_CURR=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise("SK_ID_CURR")
    ).write_parquet(source / "previous_application.parquet")
    with pytest.raises(TableViolationsError) as one, read_tables(source) as tables:
        validate(tables)
    with pytest.raises(TableViolationsError) as many:
        features(source, (tmp_path / "out").as_uri(), "application_train", 3)
    found, wanted = ({(v.table, v.column, v.count) for v in e.value.violations} for e in (many, one))
    assert found == wanted
    assert not (tmp_path / "out").exists()


def test_a_corrupt_part_of_a_table_is_named(parquet_folder: Path, tmp_path: Path) -> None:
    source = shutil.copytree(parquet_folder, tmp_path / "source")
    rows = pl.read_parquet(source / "installments_payments.parquet")
    (source / "installments_payments.parquet").unlink()
    parts = source / "installments_payments.parquet"
    parts.mkdir()
    for number, part in enumerate(rows.iter_slices(rows.height // 3 + 1)):
        part.write_parquet(parts / f"part-{number}.parquet", compression="uncompressed")
    whole = (parts / "part-1.parquet").read_bytes()
    (parts / "part-1.parquet").write_bytes(bytes(len(whole) // 2) + whole[len(whole) // 2 :])
    with pytest.raises(UnreadableFileError) as error:
        features(source, tmp_path / "out", "application_test", 2)
    assert error.value.file == str(parts / "part-1.parquet")
    assert len(str(error.value).splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


@dataclass(frozen=True)
class Fragile(ShardWork):
    """Work whose shard 1 fails, after its rows were made, until there are as many marks as tries to fail."""

    marks: str = ""
    tries: int = 1

    def run(self, shard: int, batches: Any, on_report: Callable[[ShardReport], None]) -> Iterator[pl.DataFrame]:
        yield from super().run(shard, batches, on_report)
        tried = sum(1 for _ in Path(self.marks).iterdir())
        if shard == 1 and tried < self.tries:
            (Path(self.marks) / str(tried)).touch()
            raise OSError("the disk went away")


def test_a_failed_shard_is_tried_again_and_its_rows_come_once(parquet_folder: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()

    def once(columns: Any, applications: str) -> ShardWork:
        return Fragile(columns, applications, marks=str(marks))

    report = features(parquet_folder, (tmp_path / "out").as_uri(), "application_test", 3, once)
    assert len(list(marks.iterdir())) == 1
    wanted = pl.read_parquet(parquet_folder / "application_test.parquet")["SK_ID_CURR"].sort()
    assert written(tmp_path / "out")["SK_ID_CURR"].equals(wanted)
    assert report.applications == wanted.len()
    # At an address, a mark tells that the folder is whole, and it is not written over.
    assert (tmp_path / "out" / "_SUCCESS").exists()
    with pytest.raises(DataError, match="exists"):
        features(parquet_folder, (tmp_path / "out").as_uri(), "application_test", 1)


def test_a_shard_that_fails_for_good_is_named_and_nothing_is_left(parquet_folder: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()

    def always(columns: Any, applications: str) -> ShardWork:
        return Fragile(columns, applications, marks=str(marks), tries=99)

    with pytest.raises(ShardError, match=r"^shard 1 of 3 cannot be worked on: OSError: the disk went away$"):
        features(parquet_folder, tmp_path / "out", "application_test", 3, always)
    assert len(list(marks.iterdir())) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["marks"]


def test_what_is_there_is_not_overwritten(parquet_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(DataError, match="exists and is not an empty folder"):
        features(parquet_folder, tmp_path / "out", "application_test", 1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_ctrl_c_leaves_nothing(parquet_folder: Path, tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("credit-scoring"), "features", parquet_folder, "--engine", "spark"]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [*map(str, command), "-o", str(tmp_path / "out")],
        env=os.environ | {"SPARK_LOCAL_DIRS": str(scratch), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not list(scratch.glob("blockmgr-*/*/shuffle_*")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    deadline = time.monotonic() + 30
    while list(scratch.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scratch"]
    assert [path.name for path in scratch.iterdir() if not path.name.startswith("hsperfdata")] == []
