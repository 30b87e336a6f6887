from __future__ import annotations

import gzip
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from credit_scoring.domain.errors import DataError, TableViolationsError
from credit_scoring.tables.frames import HISTORIES, Tables, tables_from_frames
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import schema
from credit_scoring.tables.validate import validate


def to_gz(path: Path, out: Path) -> None:
    with gzip.open(out / f"{path.name}.gz", "wb", compresslevel=1) as packed:
        packed.write(path.read_bytes())


def to_zip(path: Path, out: Path) -> None:
    with zipfile.ZipFile(out / f"{path.name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.write(path, path.name)


def to_parquet(path: Path, out: Path) -> None:
    pl.read_csv(path, infer_schema_length=None).write_parquet(out / f"{path.stem}.parquet")


def to_text_parquet(path: Path, out: Path) -> None:
    pl.read_csv(path, infer_schema=False).write_parquet(out / f"{path.stem}.parquet")


def to_nan_parquet(path: Path, out: Path) -> None:
    """As pandas writes it: a missing number is NaN."""
    frame = pl.read_csv(path, infer_schema_length=None)
    filled = frame.with_columns(pl.col(pl.Float64).fill_null(float("nan")))
    filled.write_parquet(out / f"{path.stem}.parquet")


def to_csv_with_windows_line_ends(path: Path, out: Path) -> None:
    (out / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def cleaned(source: str | Path) -> dict[str, pl.DataFrame]:
    with read_tables(source) as tables:
        assert tables.absent == ()
        assert tables.notices == ()
        return {name: frame.collect() for name, frame in tables.frames.items()}


def assert_same(found: dict[str, pl.DataFrame], tables: Tables) -> None:
    assert set(found) == set(tables.frames)
    for name, frame in tables.frames.items():
        assert_frame_equal(found[name], frame.collect(), check_exact=True)


@pytest.mark.parametrize(
    "write", [to_gz, to_zip, to_parquet, to_text_parquet, to_nan_parquet, to_csv_with_windows_line_ends]
)
def test_a_folder_of_another_format_gives_equal_cleaned_tables(
    write: Callable[[Path, Path], None], small_folder: Path, small_tables: Tables, tmp_path: Path
) -> None:
    for path in small_folder.glob("*.csv"):
        write(path, tmp_path)
    assert_same(cleaned(tmp_path), small_tables)


def test_formats_may_be_mixed_in_a_folder(small_folder: Path, small_tables: Tables, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(small_folder.glob("*.csv"))):
        (to_gz, to_zip, to_parquet, shutil.copy)[number % 4](path, tmp_path)
    assert_same(cleaned(tmp_path), small_tables)


def test_a_sqlite_database_gives_equal_cleaned_tables_whatever_the_case_of_its_names(
    small_folder: Path, small_tables: Tables, tmp_path: Path
) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the database extra")
    connection = sqlite3.connect(tmp_path / "lender.db")
    for number, path in enumerate(sorted(small_folder.glob("*.csv"))):
        frame = pl.read_csv(path, infer_schema_length=None)
        told = str.lower if number % 2 else str.upper
        names = ", ".join(f'"{told(name)}"' for name in frame.columns)
        connection.execute(f'CREATE TABLE "{told(path.stem)}" ({names})')
        holes = ", ".join("?" * frame.width)
        connection.executemany(f'INSERT INTO "{told(path.stem)}" VALUES ({holes})', frame.iter_rows())  # noqa: S608
    connection.commit()
    connection.close()
    assert_same(cleaned(f"sqlite:///{tmp_path / 'lender.db'}"), small_tables)


def test_the_unpacked_files_live_as_long_as_the_context(small_folder: Path, tmp_path: Path) -> None:
    for path in small_folder.glob("application_*.csv"):
        to_gz(path, tmp_path)
    with read_tables(tmp_path) as tables:
        scratch = tables.sources["application_train"].path.parent
        assert scratch.is_dir()
    assert not scratch.exists()


def test_extra_columns_are_kept_out_and_named(small_folder: Path, small_tables: Tables, tmp_path: Path) -> None:
    shutil.copytree(small_folder, tmp_path, dirs_exist_ok=True)
    for stem in ("application_train", "bureau"):
        frame = pl.read_csv(tmp_path / f"{stem}.csv", infer_schema=False)
        frame.with_columns(BRANCH=pl.lit("north"), TARGET_2=pl.lit("1")).write_csv(tmp_path / f"{stem}.csv")
    with read_tables(tmp_path) as tables:
        assert_same({name: frame.collect() for name, frame in tables.frames.items()}, small_tables)
        for stem in ("application_train", "bureau"):
            named = [notice for notice in tables.notices if notice.startswith(f"{stem}: ")]
            assert len(named) == 1
            assert "BRANCH" in named[0]
            assert "TARGET_2" in named[0]


def test_absent_tables_are_named_once_and_absent_columns_are_missing_and_named(
    small_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "credit_card_balance.csv").unlink()
    (tmp_path / "installments_payments.csv").unlink()
    frame = pl.read_csv(tmp_path / "bureau.csv", infer_schema=False)
    frame.drop("AMT_ANNUITY", "CREDIT_TYPE").write_csv(tmp_path / "bureau.csv")
    with read_tables(tmp_path) as tables:
        assert set(tables.absent) == {"credit_card_balance", "installments_payments"}
        naming = [notice for notice in tables.notices if "credit_card_balance" in notice]
        assert len(naming) == 1
        assert "installments_payments" in naming[0]
        (lacking,) = [notice for notice in tables.notices if notice.startswith("bureau: ")]
        assert "AMT_ANNUITY, CREDIT_TYPE" in lacking
        read = tables.frames["bureau"].collect()
        assert read["AMT_ANNUITY"].null_count() == read["CREDIT_TYPE"].null_count() == read.height
        validate(tables)


def test_application_test_alone_is_enough(small_folder: Path, tmp_path: Path) -> None:
    shutil.copy(small_folder / "application_test.csv", tmp_path)
    with read_tables(tmp_path) as tables:
        assert tables.scored() == "application_test"
        assert tables.absent == HISTORIES
        assert set(validate(tables)) == {"application_test"}


def test_a_folder_that_cannot_be_used_is_refused_with_what_to_do(small_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"), read_tables(tmp_path / "nowhere"):
        pass
    with pytest.raises(DataError, match="data download"), read_tables(tmp_path):
        pass
    for path in small_folder.glob("application_train.csv"):
        shutil.copy(path, tmp_path)
        to_gz(path, tmp_path)
    with pytest.raises(DataError, match="keep one"), read_tables(tmp_path):
        pass


def test_a_database_that_cannot_be_reached_is_refused_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the database extra")
    with pytest.raises(DataError) as refused, read_tables(f"sqlite:///{tmp_path}/no/such/folder/lender.db"):
        pass
    assert "cannot read sqlite:///" in str(refused.value)
    pytest.importorskip("psycopg", reason="needs the database extra")
    url = "postgresql+psycopg://clerk:hushhush@127.0.0.1:1/lender?connect_timeout=1"
    with pytest.raises(DataError) as refused, read_tables(url):
        pass
    assert "clerk" in str(refused.value)
    assert "hushhush" not in str(refused.value)


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the database extra")
    with pytest.raises(DataError), read_tables(f"sqlite:///{tmp_path / 'empty.db'}"):
        pass


def test_frames_in_memory_are_cleaned_like_files(small_folder: Path, small_tables: Tables) -> None:
    frames = {path.stem: pl.read_csv(path, infer_schema_length=None) for path in small_folder.glob("*.csv")}
    tables = tables_from_frames(frames)
    assert_same({name: frame.collect() for name, frame in tables.frames.items()}, small_tables)
    with pytest.raises(DataError, match="bureaux"):
        tables_from_frames({"bureaux": frames["bureau"]})
    one = tables_from_frames({"application": frames["application_test"]})
    assert set(one.frames) == {"application_test"}
    assert set(one.absent) == set(schema()) - {"application"}


def test_applications_that_are_not_there_are_refused_by_name(small_tables: Tables) -> None:
    with pytest.raises(DataError, match="application_today"):
        small_tables.of("application_today")


def one_bad_table(folder: Path, error: pytest.ExceptionInfo[TableViolationsError], table: str) -> str:
    (violation,) = error.value.violations
    assert violation.table == table
    assert f"{table}: " in str(error.value)
    return violation.problem


def spoil_csv_in_mid_line(path: Path) -> None:
    content = path.read_bytes()
    line_end = content.rindex(b"\n", 0, len(content) // 2)
    path.write_bytes(content[: line_end + 12])


def spoil_csv_after_a_separator_and_end_the_line(path: Path) -> None:
    content = path.read_bytes()
    line_end = content.rindex(b"\n", 0, len(content) // 2)
    path.write_bytes(content[: content.index(b",", line_end) + 1] + b"\n")


def spoil_gz(path: Path) -> None:
    to_gz(path, path.parent)
    path.unlink()
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(packed.read_bytes()[:-1000])


def spoil_zip(path: Path) -> None:
    to_zip(path, path.parent)
    path.unlink()
    packed = path.with_name(f"{path.name}.zip")
    packed.write_bytes(packed.read_bytes()[:-1000])


def spoil_parquet(path: Path) -> None:
    to_parquet(path, path.parent)
    path.unlink()
    packed = path.with_suffix(".parquet")
    packed.write_bytes(packed.read_bytes()[:-1000])


def name_text_gz(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.gz"))


def name_text_zip(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.zip"))


def zip_two(path: Path) -> None:
    with zipfile.ZipFile(path.with_name(f"{path.name}.zip"), "w") as packed:
        packed.write(path, "one.csv")
        packed.write(path, "two.csv")
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_csv_in_mid_line, "truncated"),
        (spoil_csv_after_a_separator_and_end_the_line, "truncated"),
        (spoil_gz, "truncated"),
        (spoil_zip, "truncated"),
        (spoil_parquet, "cannot be read as parquet"),
        (name_text_gz, "not gz"),
        (name_text_zip, "not zip"),
        (zip_two, "must hold one file"),
        (empty, "empty"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_by_its_table(
    spoil: Callable[[Path], None], told: str, small_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path, dirs_exist_ok=True)
    spoil(tmp_path / "bureau.csv")
    with pytest.raises(TableViolationsError) as error, read_tables(tmp_path):
        pass
    assert told in one_bad_table(tmp_path, error, "bureau")


def test_a_csv_cut_anywhere_but_at_a_line_end_is_refused(small_folder: Path, tmp_path: Path) -> None:
    lines = (small_folder / "application_test.csv").read_bytes().splitlines(keepends=True)[:3]
    whole = b"".join(lines)
    path = tmp_path / "application_test.csv"
    ends = {len(whole), len(whole) - len(lines[-1]), len(lines[0])}
    for cut in range(1, len(whole) + 1, 13):
        if cut in ends:
            continue
        path.write_bytes(whole[:cut])
        with pytest.raises(TableViolationsError, match="truncated"), read_tables(tmp_path):
            pass
    path.write_bytes(whole)
    with read_tables(tmp_path) as tables:
        assert tables.frames["application_test"].select(pl.len()).collect().item() == 2
