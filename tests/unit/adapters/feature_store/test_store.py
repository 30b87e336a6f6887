"""A store gives back what was loaded, scores as `score` does, and is whole at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from credit_scoring.adapters.feature_store import SEARCHABLE, ApplicantQuery, FeatureStore, StoreInfo
from credit_scoring.adapters.feature_store.publishing import read_pointer, version_folder
from credit_scoring.adapters.feature_store.version import VALUES
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import StoreUnavailableError
from credit_scoring.features.assemble import catalogue
from credit_scoring.scoring.score import score, uncomputed_features, without_untold

Load = Callable[..., StoreInfo]


def everyone(store: FeatureStore) -> pl.DataFrame:
    return store.search(ApplicantQuery(limit=10**6)).rows


def current(store: FeatureStore) -> Path:
    pointer = read_pointer(store.folder)
    assert pointer is not None
    return version_folder(store.folder, pointer.current)


def test_every_applicant_comes_back_to_the_last_bit(store: FeatureStore, load: Load, matrix: pl.DataFrame) -> None:
    parts = [matrix[100:], matrix[:3], matrix[3:100]]
    info = load(*parts)
    features = matrix.select("SK_ID_CURR", *catalogue())
    ids = features["SK_ID_CURR"].to_list()
    assert_frame_equal(store.get(ids), features, check_exact=True)
    shuffled = ids[::-7] + ids[3::11] + ids[:1] * 2
    expected = features[[ids.index(key) for key in shuffled]]
    assert_frame_equal(store.get(shuffled), expected, check_exact=True)
    assert store.get([]).equals(features.clear())
    assert store.features_of(ids[7]) == features.drop("SK_ID_CURR").row(7, named=True)
    assert store.ids().to_list() == ids
    for name in ("EXT_SOURCE_1", "OCCUPATION_TYPE", "BUREAU__CREDITS__COUNT"):
        assert store.column(name).equals(features[name], check_names=True)
    assert (info.applicants, info.first, info.last) == (len(ids), ids[0], ids[-1])
    assert store.info() == info
    store.verify()


def test_search_tells_raw_columns_and_what_the_bundle_decides(
    store: FeatureStore, load: Load, matrix: pl.DataFrame, champions: tuple[Bundle, Bundle]
) -> None:
    load()
    decisions = score(champions[0], matrix).decisions
    expected = matrix.select("SK_ID_CURR", *SEARCHABLE).hstack(decisions.drop("SK_ID_CURR")).with_columns(coverage=1.0)
    assert_frame_equal(everyone(store), expected, check_exact=True)
    assert store.search(ApplicantQuery()).scored_by == champions[0].digest


def test_rescored_equals_scored_by_the_other_bundle(
    store: FeatureStore, load: Load, matrix: pl.DataFrame, champions: tuple[Bundle, Bundle], tmp_path: Path
) -> None:
    load(matrix[50:], matrix[:50])
    before, values = everyone(store), (current(store) / VALUES).stat()
    reader = FeatureStore(store.folder)
    assert everyone(reader).equals(before)
    info = store.rescored(champions[1])
    anew = FeatureStore(tmp_path / "anew")
    load(bundle=champions[1], into=anew)
    assert_frame_equal(everyone(store), everyone(anew), check_exact=True)
    assert not everyone(store)["p_default"].equals(before["p_default"])
    assert info.scored_by == champions[1].digest == store.info().scored_by
    assert (current(store) / VALUES).stat().st_ino == values.st_ino
    assert store.rescored(champions[1]) == info
    assert everyone(reader).equals(before)
    assert reader.reload_if_changed()
    assert everyone(reader).equals(everyone(anew))
    store.verify()


def test_coverage_follows_from_the_columns_that_were_there(
    store: FeatureStore, matrix: pl.DataFrame, champions: tuple[Bundle, Bundle]
) -> None:
    columns = {f"application.{name}" for name in matrix.columns if name != "EXT_SOURCE_2"}
    for bundle in champions:
        absent, told = uncomputed_features(bundle, columns), without_untold(bundle, matrix, columns)
        tables = {"application_test": matrix.height}
        if store.folder.exists():
            store.rescored(bundle)
        else:
            store.load([matrix], bundle=bundle, applications="application_test", columns=columns, tables=tables)
        scored = score(bundle, told, uncomputed=absent)
        assert scored.coverage < 1
        assert store.info().coverage == scored.coverage
        assert everyone(store)["decision"].equals(scored.decisions["decision"])
        assert set(everyone(store)["coverage"]) == {scored.coverage}


def test_a_running_reader_takes_up_a_new_load_when_it_asks(
    store: FeatureStore, load: Load, matrix: pl.DataFrame
) -> None:
    reader = FeatureStore(store.folder)
    with pytest.raises(StoreUnavailableError, match=r"no applicants under .*; load some: `credit-scoring applicants"):
        reader.info()
    assert not reader.reload_if_changed()
    load(matrix[:10])
    assert reader.info().applicants == 10
    load(matrix[:20])
    load(matrix[:30])
    first = matrix["SK_ID_CURR"][0]
    assert reader.get([first]).equals(matrix[:1].select("SK_ID_CURR", *catalogue()))
    assert reader.info().applicants == 10
    assert reader.reload_if_changed()
    assert reader.info().applicants == 30
    assert not reader.reload_if_changed()
    kept = {path.name for path in store.folder.iterdir() if path.is_dir()}
    assert current(store).name in kept
    assert len(kept) == 2


def test_threads_read_one_version_or_the_other(store: FeatureStore, load: Load, matrix: pl.DataFrame) -> None:
    load(matrix[:40])
    reader, first, stop = FeatureStore(store.folder), matrix["SK_ID_CURR"][0], time.monotonic() + 2
    row = matrix[0].select(*catalogue()).row(0, named=True)

    def read() -> set[int]:
        totals = set()
        while time.monotonic() < stop:
            reader.reload_if_changed()
            assert reader.features_of(first) == row
            totals.add(reader.search(ApplicantQuery(limit=1, sort="p_default")).total)
        return totals

    with ThreadPoolExecutor(3) as threads:
        reading = [threads.submit(read) for _ in range(3)]
        for number in range(6):
            load(matrix[: 40 if number % 2 else 50])
        assert set.union(*(one.result() for one in reading)) <= {40, 50}


# Each line of its input makes it fork a process that loads again and again; what takes long is importing.
WRITER = """
import os, sys
from pathlib import Path
import polars as pl
from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.bundle.store import load_bundle

def load(store, matrix, bundle):
    print(os.getpid(), flush=True)
    while True:
        parts = (matrix[start : start + 40] for start in range(0, matrix.height, 40))
        store.load(parts, bundle=bundle, applications="application_train", columns=(), tables={})

for line in sys.stdin:
    process = os.fork()
    if not process:
        load(FeatureStore(Path(sys.argv[1])), pl.read_parquet(sys.argv[2]), load_bundle(Path(sys.argv[3])))
    os.waitpid(process, 0)
    print("over", flush=True)
"""


@pytest.mark.slow
def test_a_killed_load_leaves_a_whole_version_and_the_next_one_cleans_up(
    store: FeatureStore, load: Load, matrix: pl.DataFrame, bundle_folders: tuple[Path, Path], tmp_path: Path
) -> None:
    matrix.write_parquet(tmp_path / "matrix.parquet")
    load(matrix[:10])
    before, old = everyone(store), current(store)
    arguments = [str(store.folder), str(tmp_path / "matrix.parquet"), str(bundle_folders[0])]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for moment in (0.0, 0.05, 0.2, 0.5, 0.9, 1.4):
            print(file=writer.stdin, flush=True)
            process = int(writer.stdout.readline())
            time.sleep(moment)
            os.kill(process, signal.SIGKILL)
            assert writer.stdout.readline() == "over\n"
            reader = FeatureStore(store.folder)
            reader.verify()
            assert everyone(reader).height == (10 if current(store) == old else matrix.height)
            assert everyone(store).equals(before)
        writer.stdin.close()
    load(matrix[:20])
    assert everyone(FeatureStore(store.folder)).height == 20
    assert not [path for path in store.folder.iterdir() if path.name.startswith(".draft")]
