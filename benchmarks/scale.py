"""Each step as a user types it, on synthetic tables from small to full size and beyond: time, memory, growth.

    python benchmarks/scale.py [--sizes 1 10 100] [--beyond 300] [--data DIR] [--write docs/benchmarks/scale.md]

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
from credit_scoring.scoring import score
from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.sample import Candidate, Sample
from credit_scoring.training.split import person_groups
from features import FULL, parse, rows_of, tables_of
from main_job import measured

ROWS_AT_A_TIME = 20_000
Spent = tuple[float, float]


def applications(size: float) -> int:
    return round(FULL * size / 100)


def fit(folder: Path, features: Path) -> float:
    """Return the seconds of one LightGBM fit on all rows with what training settled on."""
    bundle = load_bundle(folder)
    settings = next(found.settings for found in bundle.manifest.candidates if found.name in {"lightgbm", "blend"})
    rounds = sorted(int(number) for number in settings["rounds"].split(" | "))
    matrix = pl.read_parquet(features)
    encoder = bundle.manifest.encoder
    directions = {card.name: card.direction for card in bundle.manifest.features}
    sample = Sample(
        encoder.encode(matrix),
        matrix["TARGET"].to_numpy() == 1,
        person_groups(matrix),
        encoder,
        tuple(directions[name] for name in encoder.features),
    )
    del matrix
    start = time.perf_counter()
    trees(encoder.features).fit(
        sample, seed=7, threads=os.cpu_count() or 1, follow=[{"rounds": str(rounds[len(rounds) // 2])}]
    )
    return time.perf_counter() - start


def trees(features: tuple[str, ...]) -> Candidate:
    return next(found for found in candidates_for(features) if isinstance(found, Boosting))


def rate(folder: Path, features: Path) -> float:
    """Return LightGBM's own time over ours, from a feature matrix to decisions: 1 if scoring added nothing."""
    bundle: Bundle = load_bundle(folder)
    booster = bundle.model.booster
    if booster is None:
        raise SystemExit(f"{folder} has no trees: {Blend.__name__} or lightgbm must win for this comparison")
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


ALONE: dict[str, Callable[..., float]] = {"fit": fit, "rate": rate, "parse": timed_parse}


def of_size(size: float, data: Path, home: Path, *, trains: bool) -> dict[str, float]:
    """Return every figure of one size; where it does not train, the home's champion scores."""
    home.mkdir(exist_ok=True)
    csv, parquet = (tables_of(data, size, kind) for kind in ("csv", "parquet"))
    found: dict[str, float] = {"rows": rows_of(parquet), "parse": alone("parse", csv)}

    def keep(name: str, spent: Spent) -> None:
        found[name], found[f"{name}_peak"] = spent[0], spent[1] / 1000
        print(f"{size:g} %: {name} {spent[0]:.1f} s, {spent[1] / 1000:.2f} GB", file=sys.stderr)

    matrix = str(home / "features.parquet")
    keep("csv", measured(home, "features", str(csv), "-o", matrix, "--applications", "application_train"))
    keep("parquet", measured(home, "features", str(parquet), "-o", matrix, "--applications", "application_train"))
    if trains:
        keep("train", measured(home, "train", str(csv), "--promote"))
    published = PublishedBundles(home / "models")
    bundle = published.path(published.champion().digest)
    keep("score", measured(home, "score", str(parquet), "-o", str(home / "decisions.parquet")))
    scored = rows_of_one(home / "decisions.parquet")
    found |= {"scored": scored, "rate": alone("rate", bundle, Path(matrix))}
    if trains:
        found["fit"] = alone("fit", bundle, Path(matrix))
    return found


def rows_of_one(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def table(results: dict[float, dict[str, float]]) -> str:
    heads = ["size", "rows", "DuckDB parse, s", "features: CSV, s (GB)", "÷ parse", "Parquet, s (GB)", "µs a row"]
    heads += ["one LightGBM fit, s", "train, s (GB)", "score, s (GB)", "scored", "LightGBM's time ÷ ours"]
    lines = ["| " + " | ".join(heads) + " |", "|" + " ---: |" * len(heads)]

    def spent(found: dict[str, float], name: str) -> str:
        return f"{found[name]:.1f} ({found[f'{name}_peak']:.2f})" if name in found else ""

    for size, found in results.items():
        cells = [f"{size:g} %", f"{found['rows']:,.0f}", f"{found['parse']:.1f}", spent(found, "csv")]
        cells += [f"{found['csv'] / found['parse']:.1f}", spent(found, "parquet")]
        cells += [f"{found['csv'] / found['rows'] * 1e6:.2f}", f"{found['fit']:.0f}" if "fit" in found else ""]
        cells += [spent(found, "train"), spent(found, "score"), f"{found['scored']:,.0f}", f"{found['rate']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


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
    parser.add_argument("--beyond", type=float, nargs="*", default=[300], help="features and scoring only")
    parser.add_argument("--data", type=Path, help="where the synthetic tables are, or are to be made")
    parser.add_argument("--write", type=Path, help="Markdown file to write the table to")
    parser.add_argument("--alone", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(ALONE[asked.alone[0]](*map(Path, asked.alone[1:]))))
        return
    with TemporaryDirectory(prefix="credit-scoring-bench-") as scratch:
        data, home = asked.data or Path(scratch), Path(scratch) / "home"
        results = {size: of_size(size, data, home, trains=True) for size in asked.sizes}
        results |= {size: of_size(size, data, home, trains=False) for size in asked.beyond}
        text = table(results)
        print(text)
        if asked.write:
            asked.write.write_text(page(text, f"python benchmarks/scale.py --write {asked.write}"), encoding="utf-8")


if __name__ == "__main__":
    main()
