"""One definition, everywhere: a client's features depend on the client's own rows alone, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import assemble, catalogue, families
from credit_scoring.features.shards import APPLICATIONS_PER_SHARD, assemble_shards, shards_for
from credit_scoring.tables.frames import Tables, typed
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, schema

Rows = Mapping[str, pl.DataFrame]


def lazy(rows: Rows) -> dict[str, pl.LazyFrame]:
    return {name: frame.lazy() for name, frame in rows.items()}


def in_memory(tables: Tables, applications: str = "application_train") -> dict[str, pl.DataFrame]:
    return {name: frame.collect() for name, frame in tables.of(applications).items()}


def of_clients(rows: Rows, clients: list[int]) -> dict[str, pl.DataFrame]:
    """Only the rows of these clients, in every table."""
    kept = {
        name: frame.filter(pl.col(APPLICATION_ID).is_in(clients))
        for name, frame in rows.items()
        if name != "bureau_balance"
    }
    if "bureau_balance" in rows:
        credit_ids = kept["bureau"]["SK_ID_BUREAU"] if "bureau" in kept else pl.Series([], dtype=pl.Int64)
        kept["bureau_balance"] = rows["bureau_balance"].filter(pl.col("SK_ID_BUREAU").is_in(credit_ids.implode()))
    return kept


def shuffled(rows: Rows, seed: int) -> dict[str, pl.DataFrame]:
    return {name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in rows.items()}


def bits(column: pl.Series) -> pl.Series:
    """The bits of a number, for 0.0 equals -0.0; a category as it is."""
    if column.dtype != pl.Float64:
        return column
    seen = pl.Series(column.name, column.fill_null(0.0).to_numpy().view(np.uint64))
    return seen.set(column.is_null(), None)


def assert_same_bits(found: pl.DataFrame, wanted: pl.DataFrame) -> None:
    """Missing where missing, and else the same bits."""
    assert found.columns == wanted.columns
    assert found.height == wanted.height
    differing = [name for name in found.columns if not bits(found[name]).equals(bits(wanted[name]))]
    assert differing == []


def test_bits_tell_zeros_apart() -> None:
    one, other = pl.DataFrame({"x": [0.0, None]}), pl.DataFrame({"x": [-0.0, None]})
    assert_same_bits(one, one)
    with pytest.raises(AssertionError):
        assert_same_bits(one, other)


def numbers(column: Column, size: int, generator: np.random.Generator) -> list[float | None]:
    """Awkward cells: cents that are no binary fraction, fractions of a day, both zeros, sentinels."""
    low = 0.0 if column.lower is None else column.lower
    drawn: NDArray[np.float64]
    if column.unit == "currency":
        drawn = generator.choice([0.0, 0.1, 0.2, 0.3, 1 / 3, 1234.56, 45e6 + 0.7], size) * generator.integers(
            1, 9, size
        )
    elif column.unit in {"days", "days_before", "months_before"}:
        drawn = -generator.integers(0, 1200, size) - generator.choice([0.0, 0.0, 0.1, 0.7], size)
    elif column.upper is not None:
        drawn = generator.choice([low, column.upper, low + (column.upper - low) * 0.3], size)
    else:
        drawn = generator.choice([0.0, 1.0, 3.0, 0.1, 1e7], size) + low
    if column.lower is None and column.unit == "currency":
        drawn *= generator.choice([-1.0, 1.0], size)
    odd = [None, *(float(s) for s in column.sentinels if not s.startswith(("<", ">"))), -0.0]
    strange = generator.random(size) < 0.25
    return [odd[int(generator.integers(len(odd)))] if s else float(v) for s, v in zip(strange, drawn, strict=True)]


WORDS: Mapping[str, tuple[str, ...]] = {
    "CREDIT_ACTIVE": ("Active", "Closed", "Sold"),
    "CREDIT_TYPE": ("Credit card", "Car loan", "Consumer credit", "Mortgage"),
    "STATUS": ("0", "1", "2", "5", "C", "X"),
    "NAME_CONTRACT_TYPE": ("Cash loans", "Consumer loans", "Revolving loans"),
    "NAME_CONTRACT_STATUS": ("Approved", "Refused", "Active", "Completed", "Canceled"),
    "CODE_REJECT_REASON": ("HC", "SCO", "LIMIT"),
    "NAME_YIELD_GROUP": ("high", "low_normal"),
}


def drawn_rows(seed: int) -> dict[str, pl.DataFrame]:
    """A few clients with awkward rows in every table; some have none, and some credits are unknown."""
    generator = np.random.default_rng(seed)
    clients = generator.choice(np.arange(-3, 12), int(generator.integers(1, 6)), replace=False)
    rows: dict[str, pl.DataFrame] = {}
    for name, table in schema().items():
        size = len(clients) if name == "application" else int(generator.integers(0, 14))
        cells: dict[str, pl.Series] = {}
        for column in table.columns.values():
            values: list[float | None] | list[int] | list[str | None]
            if column.kind == "number":
                values = numbers(column, size, generator)
            elif column.kind == "category":
                words = WORDS.get(column.name, ("a", "b"))
                values = [None if generator.random() < 0.2 else str(generator.choice(words)) for _ in range(size)]
            elif column.name in table.unique:
                values = [int(key) for key in (clients if name == "application" else range(size))]
            elif column.name == APPLICATION_ID:
                values = [int(key) for key in generator.choice(clients, size)]
            else:
                values = [int(key) for key in generator.integers(0, 6, size)]
            cells[column.name] = pl.Series(column.name, values, dtype=column.dtype())
        rows[name] = typed(table, pl.LazyFrame(list(cells.values()))).collect()
    return rows


few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)


@few
@given(seeds)
def test_one_application_at_a_time_gives_the_features_of_the_batch(seed: int) -> None:
    rows = drawn_rows(seed)
    batch = assemble(lazy(rows))
    alone = [assemble(lazy(of_clients(rows, [client]))) for client in batch[APPLICATION_ID]]
    assert_same_bits(pl.concat(alone), batch)


@few
@given(seeds, seeds)
def test_the_order_of_rows_in_any_table_changes_nothing(seed: int, order: int) -> None:
    rows = drawn_rows(seed)
    assert_same_bits(assemble(lazy(shuffled(rows, order))), assemble(lazy(rows)))


def zeros(name: str, signs: tuple[float, float]) -> pl.DataFrame:
    """Two rows of one client, their numbers all 0.0 or -0.0."""
    table = schema()[name]
    cells = {
        column.name: [1, 1] if column.kind == "id" and column.name not in table.unique else [1, 2]
        for column in table.columns.values()
        if column.kind == "id"
    }
    numbers_of = {c.name: list(signs) for c in table.columns.values() if c.kind == "number"}
    words = {c.name: [WORDS.get(c.name, ("a",))[0]] * 2 for c in table.columns.values() if c.kind == "category"}
    return typed(table, pl.LazyFrame(cells | numbers_of | words)).collect()


def test_the_sign_of_zero_does_not_depend_on_the_order_of_rows() -> None:
    histories = [name for name in schema() if name not in {"application", "bureau_balance"}]
    applications = zeros("application", (0.0, 0.0)).head(1)
    one, other = (
        assemble(lazy({name: zeros(name, signs) for name in histories} | {"application": applications}))
        for signs in ((0.0, -0.0), (-0.0, 0.0))
    )
    assert_same_bits(one, other)


@few
@given(seeds, st.integers(1, 8))
def test_any_number_of_shards_gives_the_same_matrix(seed: int, shards: int) -> None:
    frames = lazy(drawn_rows(seed))
    seen: list[int] = []
    with TemporaryDirectory() as folder:
        parts = list(assemble_shards(frames, shards, Path(folder), on_shard=seen.append))
    assert seen == list(range(shards))
    assert_same_bits(pl.concat(parts).sort(APPLICATION_ID), assemble(frames))


@few
@given(seeds)
def test_rows_of_other_clients_change_nothing(seed: int) -> None:
    rows = drawn_rows(seed)
    clients = rows["application"][APPLICATION_ID].to_list()
    some = clients[: 1 + seed % len(clients)]
    # Other clients' histories beside the same applications, then their applications too.
    beside = of_clients(rows, some) | {name: frame for name, frame in rows.items() if name != "application"}
    wanted = assemble(lazy(of_clients(rows, some)))
    assert_same_bits(assemble(lazy(beside)), wanted)
    assert_same_bits(assemble(lazy(rows)).filter(pl.col(APPLICATION_ID).is_in(some)), wanted)


@few
@given(seeds)
def test_the_outcome_changes_no_feature(seed: int) -> None:
    rows = drawn_rows(seed)
    flipped = rows["application"].with_columns(pl.lit(1.0).alias(OUTCOME))
    zero = rows["application"].with_columns(pl.lit(0.0).alias(OUTCOME))
    none = rows["application"].drop(OUTCOME, strict=False)
    wanted = assemble(lazy(rows | {"application": none}))
    assert OUTCOME not in wanted.columns
    for applications in (flipped, zero):
        matrix = assemble(lazy(rows | {"application": applications}))
        assert matrix.columns[-1] == OUTCOME
        assert matrix[OUTCOME].to_list() == applications[OUTCOME].to_list()
        assert_same_bits(matrix.drop(OUTCOME), wanted)


def rows_of(folder: str, synthetic_tables: Tables, real_folder: Callable[[str], Path]) -> dict[str, pl.DataFrame]:
    if folder == "synthetic":
        return in_memory(synthetic_tables)
    with read_tables(real_folder(folder)) as tables:
        return in_memory(tables)


folders = pytest.mark.parametrize("folder", ["synthetic", "all_tables", "five_tables"])


@folders
def test_parity_holds_over_whole_tables(
    folder: str, synthetic_tables: Tables, real_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    rows = rows_of(folder, synthetic_tables, real_folder)
    batch = assemble(lazy(rows))
    assert batch.height == rows["application"].height
    assert batch[APPLICATION_ID].is_sorted()

    assert_same_bits(assemble(lazy(shuffled(rows, seed=5))), batch)

    parts = list(assemble_shards(lazy(rows), 3, tmp_path))
    assert_same_bits(pl.concat(parts).sort(APPLICATION_ID), batch)

    some = batch[APPLICATION_ID].sample(30, seed=7).sort().to_list()
    near = of_clients(rows, some)  # for speed; the rows of others are proved to change nothing
    wanted = batch.filter(pl.col(APPLICATION_ID).is_in(some))
    assert_same_bits(assemble(lazy(near)), wanted)
    assert_same_bits(pl.concat([assemble(lazy(of_clients(near, [client]))) for client in some]), wanted)


@folders
def test_clients_of_both_application_files_together_have_the_features_of_each(
    folder: str, synthetic_tables: Tables, real_folder: Callable[[str], Path]
) -> None:
    if folder == "synthetic":
        assert_files_are_independent(synthetic_tables)
    else:
        with read_tables(real_folder(folder)) as tables:
            assert_files_are_independent(tables)


def assert_files_are_independent(tables: Tables) -> None:
    train, test = (in_memory(tables, f"application_{part}") for part in ("train", "test"))
    applications = pl.concat([train["application"].drop(OUTCOME), test["application"]])
    together = assemble(lazy(train | {"application": applications}))
    for rows in (train, test):
        known = rows["application"][APPLICATION_ID].implode()
        matrix = assemble(lazy(rows)).drop(OUTCOME, strict=False)
        assert_same_bits(together.filter(pl.col(APPLICATION_ID).is_in(known)), matrix)


@given(st.integers(1, 10**8))
def test_there_are_as_few_shards_as_keep_each_small(applications: int) -> None:
    shards = shards_for(applications)
    assert applications <= shards * APPLICATIONS_PER_SHARD
    assert shards == 1 or applications > (shards - 1) * APPLICATIONS_PER_SHARD


def test_fewer_than_one_shard_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 1"):
        list(assemble_shards(lazy(drawn_rows(0)), 0, tmp_path))


def test_months_of_a_credit_that_bureau_does_not_know_belong_to_nobody(tmp_path: Path) -> None:
    rows = drawn_rows(1)
    unknown = rows["bureau_balance"].with_columns(pl.lit(10**6, dtype=pl.Int64).alias("SK_ID_BUREAU"))
    wanted = assemble(lazy(rows))
    more = lazy(rows | {"bureau_balance": pl.concat([rows["bureau_balance"], unknown])})
    assert_same_bits(assemble(more), wanted)
    assert_same_bits(pl.concat(assemble_shards(more, 2, tmp_path)).sort(APPLICATION_ID), wanted)


def test_a_client_without_history_has_counts_of_0_and_all_else_missing(synthetic_tables: Tables) -> None:
    rows = in_memory(synthetic_tables)
    stranger = rows["application"].head(1).with_columns(pl.lit(1, dtype=pl.Int64).alias(APPLICATION_ID))
    (features,) = assemble(lazy(rows | {"application": stranger})).to_dicts()
    for family in families():
        for feature in family.features:
            assert features[feature.name] == (0.0 if feature.is_count else None), feature.name
    assert all(value is None for name, value in features.items() if name.startswith("RELATION__"))


@pytest.mark.parametrize("table", [name for name in schema() if name != "application"])
def test_every_feature_of_an_absent_table_is_missing_and_no_other_changes(
    table: str, synthetic_tables: Tables, tmp_path: Path
) -> None:
    rows = in_memory(synthetic_tables)
    whole = assemble(lazy(rows))
    left = {name: frame for name, frame in rows.items() if name != table}
    matrix = assemble(lazy(left))
    gone = {feature.name for family in families() if table in family.tables for feature in family.features}
    gone |= {name for name, f in catalogue().items() if any(s.startswith(f"{table}.") for s in f.sources)}
    assert matrix.columns == whole.columns
    for name in gone:
        assert matrix[name].null_count() == matrix.height, name
    assert_same_bits(matrix.drop(gone), whole.drop(gone))
    assert_same_bits(pl.concat(assemble_shards(lazy(left), 2, tmp_path)).sort(APPLICATION_ID), matrix)


def test_the_matrix_has_the_key_every_feature_in_its_order_and_the_types_told(synthetic_tables: Tables) -> None:
    seen: list[str] = []
    matrix = assemble(synthetic_tables.of("application_train"), on_family=seen.append)
    assert matrix.columns == [APPLICATION_ID, *catalogue(), OUTCOME]
    assert seen == [family.name for family in families()]
    for name, feature in catalogue().items():
        assert matrix.schema[name] == (pl.Float64 if feature.kind == "number" else pl.String), name
    numbers_only = matrix.select(pl.col(pl.Float64))
    assert not any(numbers_only.select(pl.all().is_infinite().any()).row(0))
    assert not any(numbers_only.select(pl.all().is_nan().any()).row(0))
