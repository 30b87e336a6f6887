"""Each step as a user types it, on synthetic tables from small to full size and beyond: time, memory, growth.

    python benchmarks/scale.py [--sizes 1 10 100] [--beyond 300] [--train-up-to 100] [--data DIR]
                               [--write docs/benchmarks/scale.md]

Sizes are percentages of 307,511 applications (58 million rows at 100); at `--beyond`, features and scoring only. The
tables are made in DIR (default: a temporary folder) where they are not yet there. Commands run one at a time, each a
process of its own, imports and validation included. Next to the features stands DuckDB parsing the same CSV files; next
to scoring, LightGBM's own prediction of the same rows in the same process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.scoring.score import score
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.logistic import PENALTY_OF_MANY_ROWS, Logistic
from credit_scoring.training.sample import Sample
from credit_scoring.training.split import person_groups
from features import parse, rows_of, tables_of
from main_job import measured

ROWS_AT_A_TIME = 20_000
FIT_ROUNDS = 2_000
Spent = tuple[float, float]


def trees(folder: Path, features: Path) -> float:
    """Return the seconds of one LightGBM fit of 2,000 rounds on all rows and features of the bundle."""
    return fit(folder, features, Boosting, {"rounds": str(FIT_ROUNDS)})


def regression(folder: Path, features: Path) -> float:
    """Return the seconds of one fit of the regression on all features."""
    return fit(folder, features, Logistic, {"inverse_penalty": f"{PENALTY_OF_MANY_ROWS:g}"})


def fit(folder: Path, features: Path, kind: type[Boosting | Logistic], settings: dict[str, str]) -> float:
    manifest = load_bundle(folder).manifest
    matrix = pl.read_parquet(features)
    directions = {card.name: card.direction for card in manifest.features}
    sample = Sample(
        np.ascontiguousarray(manifest.encoder.encode(matrix)),
        matrix["TARGET"].to_numpy() == 1,
        person_groups(matrix),
        manifest.encoder,
        tuple(directions[name] for name in manifest.encoder.features),
    )
    del matrix
    # The last of its kind: the regression on all features, not that on the external scores.
    candidate = [found for found in candidates_for(manifest.encoder.features) if isinstance(found, kind)][-1]
    start = time.perf_counter()
    candidate.fit(sample, seed=7, threads=os.cpu_count() or 1, follow=[settings])
    return time.perf_counter() - start


def rate(folder: Path, features: Path) -> float:
    """Return LightGBM's own time over ours, from a feature matrix to decisions: 1 if scoring added nothing."""
    bundle: Bundle = load_bundle(folder)
    booster = bundle.model.booster
    if booster is None:
        raise SystemExit(f"{folder} has no trees: the blend or lightgbm must win for this comparison")
    matrix = pl.read_parquet(features).head(200_000)
    ours = theirs = 0.0
    for rows in matrix.iter_slices(ROWS_AT_A_TIME):
        values = np.ascontiguousarray(bundle.model.encoder.encode(rows))
        start = time.perf_counter()
        booster.predict(values, raw_score=True, num_threads=os.cpu_count())
        middle = time.perf_counter()
        score(bundle, rows)
        theirs, ours = theirs + middle - start, ours + time.perf_counter() - middle
    return theirs / ours


def alone(kind: str, *paths: Path) -> float:
    """Return what a function of this file finds in a process of its own."""
    command = [sys.executable, __file__, "--alone", kind, *map(str, paths)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def timed_parse(folder: Path) -> float:
    start = time.perf_counter()
    parse(folder)
    return time.perf_counter() - start


ALONE: dict[str, Callable[..., float]] = {"trees": trees, "regression": regression, "rate": rate, "parse": timed_parse}


def of_size(size: float, data: Path, home: Path, *, small: bool, trains: bool) -> dict[str, float]:
    """Return every figure of one size; where it does not train, the champion of the size before scores."""
    home.mkdir(exist_ok=True)
    parquet = tables_of(data, size, "parquet")
    found: dict[str, float] = {"rows": rows_of(parquet)}

    def keep(name: str, spent: Spent) -> None:
        found[name], found[f"{name}_peak"] = spent[0], spent[1] / 1000
        print(f"{size:g} %: {name} {spent[0]:.1f} s, {spent[1] / 1000:.2f} GB", file=sys.stderr)

    matrix = home / "features.parquet"
    options = ("-o", str(matrix), "--applications", "application_train")
    keep("parquet", measured(home, "features", str(parquet), *options))
    if small:
        csv = tables_of(data, size, "csv")
        found["parse"] = alone("parse", csv)
        keep("csv", measured(home, "features", str(csv), *options))
    if trains:
        keep("train", measured(home, "train", str(parquet), "--promote"))
    published = PublishedBundles(home / "models")
    bundle = published.path(published.champion().digest)
    keep("score", measured(home, "score", str(parquet), "-o", str(home / "decisions.parquet")))
    found |= {"scored": rows_of_one(home / "decisions.parquet"), "rate": alone("rate", bundle, matrix)}
    if small:
        found |= {kind: alone(kind, bundle, matrix) for kind in ("trees", "regression")}
    return found


def rows_of_one(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def table(results: dict[float, dict[str, float]]) -> str:
    heads = [
        "size",
        "rows",
        "DuckDB parse, s",
        "features: CSV, s (GB)",
        "÷ parse",
        "Parquet, s (GB)",
        "µs a row, Parquet",
    ]
    heads += [
        f"LightGBM fit of {FIT_ROUNDS:,} rounds, s",
        "regression fit, s",
        "train, s (GB)",
        "score, s (GB)",
        "scored",
        "LightGBM's time ÷ ours",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + " ---: |" * len(heads)]

    def spent(found: dict[str, float], name: str) -> str:
        return f"{found[name]:.1f} ({found[f'{name}_peak']:.2f})" if name in found else ""

    for size, found in results.items():
        cells = [f"{size:g} %", f"{found['rows']:,.0f}", plain(found, "parse", ".1f"), spent(found, "csv")]
        cells += [f"{found['csv'] / found['parse']:.1f}" if "csv" in found else "", spent(found, "parquet")]
        cells += [
            f"{found['parquet'] / found['rows'] * 1e6:.2f}",
            plain(found, "trees", ".0f"),
            plain(found, "regression", ".0f"),
        ]
        cells += [spent(found, "train"), spent(found, "score"), f"{found['scored']:,.0f}", f"{found['rate']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plain(found: dict[str, float], name: str, shown: str) -> str:
    return format(found[name], shown) if name in found else ""


def page(text: str, command: str) -> str:
    return f"""# Scale: time and memory from 1 % to 300 %

Measured {time.strftime("%Y-%m-%d")} on {os.cpu_count()} cores by `{command}`, on synthetic tables. Each command is one
that a user types, with imports, validation and writing; GB are the process's peak. "Score" computes features of
application_test and decides; the last column is from a feature matrix in memory to decisions, next to
`Booster.predict` on the same rows, both on all cores.

{text}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 10, 100], help="percentages of full size")
    parser.add_argument(
        "--beyond", type=float, nargs="*", default=[300], help="features and scoring only, Parquet only"
    )
    parser.add_argument("--train-up-to", type=float, default=100, help="the largest size whose whole `train` is run")
    parser.add_argument("--data", type=Path, help="where the synthetic tables are, or are to be made")
    parser.add_argument("--write", type=Path, help="Markdown file to write the table to")
    parser.add_argument("--alone", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(ALONE[asked.alone[0]](*map(Path, asked.alone[1:]))))
        return
    with TemporaryDirectory(prefix="credit-scoring-bench-") as scratch:
        data, home = asked.data or Path(scratch), Path(scratch) / "home"
        results = {}
        for size in [*asked.sizes, *asked.beyond]:
            small = size in asked.sizes
            results[size] = of_size(size, data, home, small=small, trains=small and size <= asked.train_up_to)
        text = table(results)
        print(text)
        if asked.write:
            asked.write.write_text(
                page(text, f"python benchmarks/scale.py --train-up-to {asked.train_up_to:g} --write {asked.write}"),
                encoding="utf-8",
            )


if __name__ == "__main__":
    main()
