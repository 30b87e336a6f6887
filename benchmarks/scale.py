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
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from numpy.typing import NDArray

from _scale_told import Found, page
from credit_scoring.bundle.manifest import Manifest
from credit_scoring.bundle.model import usable_cores
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.scoring.score import score
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.logistic import PENALTY_OF_MANY_ROWS
from credit_scoring.training.sample import Fitted, Sample
from credit_scoring.training.split import person_groups
from features import parse, rows_of, tables_of
from main_job import measured

ROWS_AT_A_TIME = 20_000
RATED_ROWS = 100_000
FIT_ROUNDS = 2_000
# Weights of 0 and 1 would leave out the trees or the regression; every other takes the same time to score.
FINAL = {"rounds": str(FIT_ROUNDS), "inverse_penalty": f"{PENALTY_OF_MANY_ROWS:g}", "linear_weight": "0.5"}


def parsed(folder: Path) -> Found:
    """Return what DuckDB takes to parse the CSV files."""
    start, before = time.perf_counter(), time.process_time()
    parse(folder)
    return {"parse": time.perf_counter() - start, "parse_processor": time.process_time() - before}


def champion(folder: Path, features: Path) -> Found:
    """Return the rate of the bundle's own model."""
    return {f"champion_{name}": value for name, value in rate(load_bundle(folder), features).items()}


def fits(folder: Path, features: Path) -> Found:
    """Return the seconds of one fit of trees and of regression on all rows, and the rate of the blend they make."""
    bundle = load_bundle(folder)
    sample = sample_of(bundle.manifest, features)
    regression, trees, blend = candidates_for(sample.encoder.features)[-3:]
    fitted: dict[str, Fitted] = {}
    found: Found = {}
    for name, candidate in {"trees": trees, "regression": regression, "blend": blend}.items():
        start = time.perf_counter()
        fitted[candidate.name] = candidate.fit(sample, seed=7, threads=usable_cores(), follow=[FINAL], fitted=fitted)
        found[name] = time.perf_counter() - start
    model = fitted[blend.name].model(sample.encoder, bundle.model.calibrator)
    found["fits_peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    del sample
    return found | {f"blend_{name}": value for name, value in rate(replace(bundle, model=model), features).items()}


def sample_of(manifest: Manifest, features: Path) -> Sample:
    """Return all labelled rows with the features of a bundle."""
    matrix = pl.read_parquet(features)
    directions = {card.name: card.direction for card in manifest.features}
    return Sample(
        np.ascontiguousarray(manifest.encoder.encode(matrix)),
        matrix["TARGET"].to_numpy() == 1,
        person_groups(matrix),
        manifest.encoder,
        tuple(directions[name] for name in manifest.encoder.features),
    )


def rate(bundle: Bundle, features: Path) -> Found:
    """Return LightGBM's own time over ours, from a feature matrix to decisions: 1 if scoring added nothing.

    ``rate`` is of seconds, ``rate_processor`` of the processor's, which suffer less from whoever else uses the machine.
    """
    booster = bundle.model.booster
    if booster is None:
        raise SystemExit("the model has no trees: the blend or lightgbm must win for this comparison")
    ours, theirs = np.zeros(2), np.zeros(2)
    for rows in pl.read_parquet(features, n_rows=RATED_ROWS).iter_slices(ROWS_AT_A_TIME):
        values = np.ascontiguousarray(bundle.model.encoder.encode(rows))
        start = _clocks()
        booster.predict(values, raw_score=True, num_threads=usable_cores())
        middle = _clocks()
        score(bundle, rows)
        theirs, ours = theirs + middle - start, ours + _clocks() - middle
    both = (theirs / ours).tolist()
    return {
        "rate": both[0],
        "rate_processor": both[1],
        "trees": booster.num_trees(),
        "terms": len(bundle.model.linear.terms),
    }


def _clocks() -> NDArray[np.float64]:
    return np.array([time.perf_counter(), time.process_time()])


def alone(kind: str, *paths: Path) -> Found:
    """Return what a function of this file finds in a process of its own."""
    command = [sys.executable, __file__, "--alone", kind, *map(str, paths)]
    return dict(
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    )


ALONE: dict[str, Callable[..., Found]] = {one.__name__: one for one in (parsed, champion, fits)}


def of_size(size: float, data: Path, home: Path, *, small: bool, trains: bool) -> Found:
    """Return every figure of one size; where it does not train, the champion of the size before scores."""
    home.mkdir(exist_ok=True)
    parquet = tables_of(data, size, "parquet")
    found: Found = {"rows": rows_of(parquet)}

    def keep(name: str, *arguments: str) -> None:
        before = _processor_of_children()
        seconds, peak = measured(home, *arguments)
        found[name], found[f"{name}_peak"] = seconds, peak / 1000
        found[f"{name}_processor"] = _processor_of_children() - before
        tell(f"{name} {seconds:.1f} s, {peak / 1000:.2f} GB")

    def ask(kind: str, *paths: Path) -> None:
        answer = alone(kind, *paths)
        found.update(answer)
        tell(", ".join(f"{name} {value:.3g}" for name, value in answer.items()))

    def tell(what: str) -> None:
        print(f"{size:g} %: {what}", file=sys.stderr, flush=True)

    matrix = home / "features.parquet"
    options = ("-o", str(matrix), "--applications", "application_train")
    keep("parquet", "features", str(parquet), *options)
    if small:
        csv = tables_of(data, size, "csv")
        ask("parsed", csv)
        keep("csv", "features", str(csv), *options)
    if trains:
        keep("train", "train", str(parquet), "--promote")
    published = PublishedBundles(home / "models")
    bundle = published.path(published.champion().digest)
    keep("score", "score", str(parquet), "-o", str(home / "decisions.parquet"))
    found["scored"] = rows_of_one(home / "decisions.parquet")
    ask("champion", bundle, matrix)
    if small:
        ask("fits", bundle, matrix)
    return found


def _processor_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def rows_of_one(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 10, 100], help="percentages of full size")
    parser.add_argument(
        "--beyond", type=float, nargs="*", default=[300], help="features and scoring only, Parquet only"
    )
    parser.add_argument("--train-up-to", type=float, default=100, help="the largest size whose whole `train` is run")
    parser.add_argument("--data", type=Path, help="where the synthetic tables are, or are to be made")
    parser.add_argument("--write", type=Path, help="Markdown file to write the page to")
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
        sizes = "--sizes {} --beyond {}".format(
            *(" ".join(f"{one:g}" for one in of) for of in (asked.sizes, asked.beyond))
        )
        text = page(
            results,
            f"python benchmarks/scale.py {sizes} --train-up-to {asked.train_up_to:g} --write {asked.write}",
        )
        print(text)
        if asked.write:
            asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
