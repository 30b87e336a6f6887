"""Time and memory of the feature step, next to DuckDB merely parsing the same CSV files and to pandas.

    python benchmarks/features.py [--sizes 1 10 100] [--data DIR] [--repeats N]

Sizes are percentages of 307,511 applications. Synthetic tables are made in DIR (default: a temporary folder) where
they are not yet there. Each figure is of a process of its own; the runs of a size take turns, and of each kind the
quickest counts. Seconds of processor time are told too: they suffer less from whoever else uses the machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from credit_scoring.features.assemble import assemble, families
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.tables.validate import validate

FULL = 307_511
THREADS = 2
CLIENTS = 30
TOLERANCE = 1e-6
Measured = dict[str, float]


def parse(folder: Path) -> None:
    """Parse every column of every CSV file: a count of its values needs each of them read as its type."""
    with import_module("duckdb").connect() as connection:
        connection.execute(f"SET threads = {THREADS}")
        for path in sorted(folder.glob("*.csv")):
            connection.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{path}')").fetchall()  # noqa: S608


def features(folder: Path) -> None:
    with read_tables(folder) as tables:
        assemble(tables.of("application_train"))


def validated(folder: Path) -> None:
    with read_tables(folder) as tables:
        validate(tables)
        assemble(tables.of("application_train"))


def pandas(folder: Path) -> None:
    import_module("_pandas_features").history_features(folder)  # beside this file


KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "parse": ("csv", parse),
    "csv": ("csv", features),
    "validated": ("csv", validated),
    "parquet": ("parquet", features),
    "pandas": ("csv", pandas),
}


def tables_of(data: Path, size: float, kind: str) -> Path:
    """Return the folder of synthetic tables of a size, made if need be."""
    applications = round(FULL * size / 100)
    folder = data / f"{applications}" / kind
    if not folder.is_dir():
        synthesize(folder, applications=applications, seed=7, file_format="parquet" if kind == "parquet" else "csv")
    return folder


def measure(kind: str, folder: Path) -> None:
    """Print what one run took, imports left out, as JSON: meant for a process of its own."""
    if kind in {"parse", "pandas"}:
        import_module("duckdb" if kind == "parse" else "_pandas_features")
    before, start = _processor(), time.perf_counter()
    KINDS[kind][1](folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({"seconds": seconds, "processor": _processor() - before, "peak": peak}))


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _run(kind: str, folder: Path) -> Measured:
    command = [sys.executable, __file__, "--measure", kind, str(folder)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(made.stdout.splitlines()[-1]))


def compare(data: Path, size: float, repeats: int) -> dict[str, Measured]:
    """Return the least of each figure over the repeats, whose kinds take turns."""
    kinds = [kind for kind in KINDS if kind != "pandas" or size <= 10]
    folders = {kind: tables_of(data, size, KINDS[kind][0]) for kind in kinds}
    runs: dict[str, list[Measured]] = {kind: [] for kind in kinds}
    for _ in range(repeats):
        for kind in kinds:
            runs[kind].append(_run(kind, folders[kind]))
    return {kind: {key: min(run[key] for run in made) for key in made[0]} for kind, made in runs.items()}


def agreement(folder: Path) -> tuple[int, int]:
    """Return how many history features pandas gives too, and of how many a value differs."""
    theirs = import_module("_pandas_features").history_features(folder, exact=True).sort_index()
    with read_tables(folder) as tables:
        ours = assemble(tables.of("application_train"))
    names = [feature.name for family in families() for feature in family.features]
    same = [
        np.allclose(ours[n].to_numpy(), theirs[n].to_numpy(float), rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        for n in names
    ]
    return len(names), len(names) - sum(same)


def one_application(folder: Path) -> float:
    """Return the median milliseconds of the features of one application whose tables are in memory."""
    with read_tables(folder) as tables:
        frames = {name: frame.collect() for name, frame in tables.of("application_train").items()}
    took = []
    for client in frames["application"]["SK_ID_CURR"].head(CLIENTS):
        own = {n: f.filter(pl.col("SK_ID_CURR") == client) for n, f in frames.items() if n != "bureau_balance"}
        own["bureau_balance"] = frames["bureau_balance"].join(own["bureau"], on="SK_ID_BUREAU", how="semi")
        lazy = {name: frame.lazy() for name, frame in own.items()}
        for _ in range(3):
            start = time.perf_counter()
            assemble(lazy)
            took.append(time.perf_counter() - start)
    return statistics.median(took) * 1000


def rows_of(folder: Path) -> int:
    return sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in folder.glob("*.parquet"))


def table(results: dict[float, tuple[int, dict[str, Measured]]]) -> str:
    """Return the figures as a Markdown table: seconds (processor seconds in brackets), ratios, peaks."""

    def cell(found: Measured) -> str:
        return f"{found['seconds']:.2f} ({found['processor']:.1f})"

    def over(one: Measured, other: Measured) -> str:
        return " (".join(f"{one[key] / other[key]:.1f}" for key in ("seconds", "processor")) + ")"

    heads = [
        "size",
        "rows",
        "DuckDB parse, s",
        "features from CSV, s",
        "÷ parse",
        "with validation, s",
        "÷ parse",
        "features from Parquet, s",
        "÷ parse",
        "peak GB: CSV",
        "validation",
        "Parquet",
        "pandas, s",
        "pandas ÷ ours",
        "pandas peak GB",
        "µs a row",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + " ---: |" * len(heads)]
    for size, (rows, found) in results.items():
        cells = [f"{size:g} %", f"{rows:,}", cell(found["parse"])]
        for kind in ("csv", "validated", "parquet"):
            cells += [cell(found[kind]), over(found[kind], found["parse"])]
        cells += [f"{found[kind]['peak']:.2f}" for kind in ("csv", "validated", "parquet")]
        slow = found.get("pandas")
        cells += [cell(slow), over(slow, found["csv"]), f"{slow['peak']:.2f}"] if slow else ["", "", ""]
        cells.append(f"{found['csv']['seconds'] / rows * 1e6:.2f} ({found['csv']['processor'] / rows * 1e6:.2f})")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 10, 100], help="percentages of full size")
    parser.add_argument("--data", type=Path, help="where the synthetic tables are, or are to be made")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure[0], Path(asked.measure[1]))
        return
    with TemporaryDirectory(prefix="credit-scoring-bench-") as scratch:
        data = asked.data or Path(scratch)
        results: dict[float, tuple[int, dict[str, Measured]]] = {}
        for size in asked.sizes:
            rows = rows_of(tables_of(data, size, "parquet"))
            results[size] = rows, compare(data, size, asked.repeats)
            print(f"{size:g} % measured", file=sys.stderr)
        print(table(results))
        smallest = tables_of(data, min(asked.sizes), "csv")
        compared, different = agreement(smallest)
        print(f"\n{different} of {compared} history features differ from pandas' by more than {TOLERANCE:g}.")
        print(f"One application alone, its rows in memory: {one_application(smallest):.1f} ms (median).")


if __name__ == "__main__":
    main()
