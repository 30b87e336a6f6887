"""The feature store at full size beside one Parquet file of the same matrix: read, search, one feature, load.

    python benchmarks/feature_store.py [--applicants 300000] [--write docs/benchmarks/feature-store.md]

The features of 20,000 made-up applicants are repeated under other ids until there are enough. The peer is what one
would write without a store: `pl.scan_parquet(file)` with a filter, the file sorted by id in row groups of 10,000. Cold
means that the operating system was asked to forget both files before each read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from credit_scoring.adapters.feature_store import SEARCHABLE, ApplicantQuery, FeatureStore
from credit_scoring.bundle.store import Bundle, load_bundle, save_bundle
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.scoring.score import score
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.tables.validate import validate
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

MADE = 20_000
KEY = "SK_ID_CURR"
Timed = Callable[[], object]


def champion(folder: Path) -> tuple[Bundle, Bundle]:
    """Return a small model of all tables, and the same with another cut-off."""
    synthesize(folder / "small", applications=1_500, seed=5, file_format="parquet")
    with read_tables(folder / "small") as tables:
        data = home_credit_set(tables, validate(tables))
    bundle = train(data, TrainingOptions(folds=2), candidates=(Boosting("boosting", start=EXTERNAL_SCORES),)).bundle
    save_bundle(bundle, folder / "first")
    shifted = bundle.policy.model_copy(update={"cutoff": 0.3, "cutoff_interval": (0.3, 0.3)})
    object.__setattr__(bundle, "policy", shifted)
    save_bundle(bundle, folder / "second")
    return load_bundle(folder / "first"), load_bundle(folder / "second")


def repeated(matrix: pl.DataFrame, applicants: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of `matrix` under ever higher ids until there are `applicants`."""
    for start in range(0, applicants, matrix.height):
        part = matrix.head(applicants - start)
        yield part.with_columns(pl.int_range(100_000 + start, 100_000 + start + part.height).alias(KEY))


def parquet_file(parts: Iterator[pl.DataFrame], bundle: Bundle, folder: Path) -> Path:
    written = []
    for number, part in enumerate(parts):
        written.append(folder / f"{number}.parquet")
        decisions = score(bundle, part).decisions.drop(KEY)
        part.hstack(decisions).write_parquet(written[-1])
    pl.scan_parquet(written).sink_parquet(folder / "all.parquet", row_group_size=10_000)
    for path in written:
        path.unlink()
    return folder / "all.parquet"


def milliseconds(work: Timed, times: int, *, before: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    spent = []
    for _ in range(times):
        before()
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1e3)
    return float(np.median(spent)), float(np.quantile(spent, 0.95))


def forget(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def compared(store: FeatureStore, file: Path, folder: Path) -> Iterator[str]:
    """Yield a line of figures for each kind of question, ours and the peer's."""
    draw = np.random.default_rng(0)
    ids, names, plain = store.ids().to_numpy(), list(catalogue()), pl.scan_parquet(file)

    def one() -> int:
        return int(draw.choice(ids))

    def name() -> str:
        return names[int(draw.integers(len(names)))]

    def hundred() -> list[int]:
        return [one() for _ in range(100)]

    shown = [KEY, *SEARCHABLE, "p_default", "decision"]
    filtered = {"between": {"AMT_CREDIT": (200_000.0, None)}, "equal": {"CODE_GENDER": "F"}}
    query = ApplicantQuery(p_default=(0.05, 0.5), sort="p_default", descending=True, **filtered)  # type: ignore[arg-type]
    fitting = plain.filter(
        pl.col("p_default").is_between(0.05, 0.5), pl.col("AMT_CREDIT") >= 200_000, pl.col("CODE_GENDER") == "F"
    )

    def everything(key: int) -> pl.DataFrame:
        return plain.filter(pl.col(KEY) == key).select(KEY, *names).collect()

    def peer_search() -> tuple[object, object]:
        page = fitting.select(shown).sort("p_default", KEY, descending=True).head(50)
        return page.collect(), fitting.select(pl.len()).collect()

    questions: list[tuple[str, Timed, Timed, int, int, bool]] = [
        ("one applicant, as a frame", lambda: store.get([one()]), lambda: everything(one()), 200, 10, False),
        ("one applicant, by name", lambda: store.features_of(one()), lambda: everything(one()), 200, 10, False),
        (
            "100 applicants",
            lambda: store.get(hundred()),
            lambda: plain.filter(pl.col(KEY).is_in(hundred())).select(KEY, *names).collect(),
            20,
            3,
            False,
        ),
        (
            "search by id",
            lambda: store.search(ApplicantQuery(starts_with=str(one())[:4])),
            lambda: plain.filter(pl.col(KEY).cast(pl.String).str.starts_with(str(one())[:4])).select(shown).collect(),
            30,
            5,
            False,
        ),
        ("search by 3 conditions, sorted", lambda: store.search(query), peer_search, 30, 5, False),
        (
            "one feature of all",
            lambda: store.column(name()),
            lambda: pl.read_parquet(file, columns=[name()]),
            50,
            20,
            False,
        ),
        ("one applicant, cold", lambda: store.features_of(one()), lambda: everything(one()), 10, 10, True),
        (
            "one feature of all, cold",
            lambda: store.column(name()),
            lambda: pl.read_parquet(file, columns=[name()]),
            5,
            5,
            True,
        ),
    ]
    for title, ours, peer, times, peer_times, cold in questions:
        before = (lambda: forget(folder)) if cold else (lambda: None)
        mine, high = milliseconds(ours, times, before=before)
        other, other_high = milliseconds(peer, peer_times, before=before)
        yield f"| {title} | {mine:.2f} | {high:.2f} | {other:.1f} | {other_high:.1f} | {other / mine:.1f} |"


def megabytes(path: Path) -> float:
    """Return the size of a folder, files under two names counted once."""
    found = [file.stat() for file in path.rglob("*") if file.is_file()]
    return sum({(one.st_dev, one.st_ino): one.st_size for one in found}.values()) / 1e6


def measured(applicants: int, folder: Path) -> Iterator[str]:
    first, second = champion(folder)
    synthesize(folder / "data", applications=MADE, seed=7, file_format="parquet")
    with read_tables(folder / "data") as tables:
        matrix = assemble(tables.of("application_train")).drop("TARGET")
        columns = tables.columns_of("application_train")
    kept = folder / "kept"
    (kept / "plain").mkdir(parents=True)
    file = parquet_file(repeated(matrix, applicants), first, kept / "plain")
    store = FeatureStore(kept / "store")
    start = time.perf_counter()
    store.load(repeated(matrix, applicants), bundle=first, applications="application_test", columns=columns, tables={})
    loaded = time.perf_counter() - start
    del matrix
    reader = FeatureStore(kept / "store")
    opened = milliseconds(reader.info, 1)[0]
    yield "| question | ours, ms | p95 | plain Parquet, ms | p95 | ÷ ours |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    yield from compared(reader, file, kept)
    start = time.perf_counter()
    store.rescored(second)
    rescored = time.perf_counter() - start
    unchanged = milliseconds(store.reload_if_changed, 1000)[0]
    taken_up = milliseconds(reader.reload_if_changed, 1)[0]
    yield ""
    yield (
        f"{applicants:,} applicants, {len(catalogue())} features. Written from matrices and scored in {loaded:.1f} s; "
        f"{megabytes(kept / 'store'):,.0f} MB beside {megabytes(file.parent):,.0f} MB of Parquet. Opened in "
        f"{opened:.0f} ms; a process that reads 1,000 applicants, 20 features and 4 searches grows by "
        f"{grown(kept / 'store'):.0f} MB. Scored by another bundle in {rescored:.1f} s; taken up by a reader in "
        f"{taken_up:.0f} ms, and where nothing changed the question costs {unchanged * 1e3:.1f} µs."
    )


READER = """
import random, sys, psutil
from pathlib import Path
from credit_scoring.adapters.feature_store import ApplicantQuery, FeatureStore
store, process = FeatureStore(Path(sys.argv[1])), psutil.Process()
before = process.memory_info().rss
ids = store.ids().to_list()
for key in random.sample(ids, 1000):
    store.features_of(key)
for name in random.sample(store.info().features, 20):
    store.column(name)
for name in ("p_default", "AMT_CREDIT", "DAYS_BIRTH", "ORGANIZATION_TYPE"):
    store.search(ApplicantQuery(sort=name, equal={"CODE_GENDER": "F"}))
print((process.memory_info().rss - before) / 1e6)
"""


def grown(folder: Path) -> float:
    """Return by how many MB a process of its own grows that opens the store and reads."""
    done = subprocess.run([sys.executable, "-c", READER, str(folder)], capture_output=True, check=True, text=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applicants", type=int, default=300_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        lines = []
        for line in measured(options.applicants, Path(scratch)):
            print(line, flush=True)
            lines.append(line)
    if options.write:
        told = (
            f"Measured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores by `python benchmarks/feature_store.py`."
        )
        options.write.write_text("\n".join(["# Feature store", "", told, "", *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
