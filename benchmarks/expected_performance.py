"""Figures expected before outcomes are known, beside what windows then realise and what training's figures say.

    python benchmarks/expected_performance.py [--data DIR] [--models DIR] [--splits 4] [--windows 50] [--write FILE.md]

Two sorts of rows: synthetic tables, where so many of a window's applicants are of the generator's shifted population;
and, with real rows in DIR (default CREDIT_SCORING_REAL_DATA, its folder application_only), held-out rows drawn so that
the most important feature tilts towards risk. Outcomes are those of the rows, or drawn from a known true PD: the
model's own, so that its calibration is perfect, or another line in log-odds, so that it is off. The peer is what one
says without an estimator: training's figure, out of fold, still holds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest

from _watch_rows import Pool, by_importance, drawn, halves, labelled, tilted
from credit_scoring.bundle.manifest import Metric
from credit_scoring.bundle.model import logistic
from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.performance import FIGURES, calibration_spread, realised_performance
from credit_scoring.monitoring.reference import Reference
from credit_scoring.tables.synthetic import Drift, synthesize

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ROWS, MADE = 2_000, 24_000
TILTS, SHARES = (0.0, 0.2, 0.5), (0.0, 0.5, 1.0)
OFF = (0.3, 0.8)
OWN, NEXT = "of the rows", "of the rows of the next window"


class Judged(NamedTuple):
    """One figure of one window."""

    expected: float
    realised: float
    trained: float
    covered: bool


Results = dict[tuple[str, str], dict[str, list[Judged]]]
Draw = Callable[[np.random.Generator], Integers]


def add(
    to: dict[str, list[Judged]], expected: dict[str, Metric], realised: dict[str, float], trained: dict[str, float]
) -> None:
    for name, told in expected.items():
        value = realised[name]
        to[name].append(Judged(told.value, value, trained[name], told.lower <= value <= told.upper))


def judge(
    results: Results, title: str, bundle: Bundle, pool: Pool, draw: Draw, windows: int, generator: np.random.Generator
) -> None:
    """Add the figures of so many windows, with each sort of outcomes."""
    policy, told = bundle.policy, bundle.manifest.out_of_fold
    trained = {name: one.value for name, one in (told.metrics | told.at_cutoff).items()}
    spread = calibration_spread(bundle.out_of_fold["p_default"].to_numpy())
    before: dict[str, Metric] = {}
    for _ in range(windows):
        rows = draw(generator)
        p = pool.p_default[rows]
        odds, chance = np.log(p / (1 - p)), generator.random(rows.size)
        outcomes = {
            OWN: pool.defaulted[rows],
            "drawn, PDs right": (chance < p).astype(np.float64),
            f"drawn, true log-odds {OFF[0]} + {OFF[1]} x": (chance < logistic(OFF[0] + OFF[1] * odds)).astype(float),
        }
        for kind, bad in outcomes.items():
            found = realised_performance(p, bad, policy.cutoff, policy.costs, spread=spread)
            add(results[title, kind], found.expected, found.realised, trained)
            if kind == OWN:
                add(results[title, NEXT], before, found.realised, trained)
                before = found.expected


def of_real(results: Results, folder: Path, models: Path, splits: int, windows: int) -> None:
    data = labelled(folder)
    for split in range(splits):
        bundle, held = halves(data, split, models)
        reference, generator = Reference.of(bundle), np.random.default_rng([split, 12])
        pool = Pool.of(bundle, reference, held)
        number = next(n for n in by_importance(reference) if reference.axes[n].name.startswith("EXT_SOURCE"))
        axis, places = reference.axes[number], pool.places[:, number] - reference.starts[number]
        for psi in TILTS:
            shares = tilted(axis, psi, -1)  # lower external scores: riskier applicants
            judge(
                results,
                f"real, one feature tilted to PSI {psi:g}",
                bundle,
                pool,
                lambda random, places=places, shares=shares: drawn(places, shares, ROWS, random),  # type: ignore[misc]
                windows,
                generator,
            )
        print(f"  real {split}", file=sys.stderr, flush=True)


def made(folder: Path, seed: int) -> tuple[Path, pl.DataFrame]:
    """Return a folder of synthetic applications alone, and the month of each: 0 as training, 1 shifted."""
    synthesize(
        folder / "all",
        applications=MADE,
        test_applications=1,
        seed=seed,
        file_format="parquet",
        drift=Drift(monthly=1.0, months=2),
    )
    (folder / "alone").mkdir()
    for name in ("application_train", "application_test"):
        copyfile(folder / "all" / f"{name}.parquet", folder / "alone" / f"{name}.parquet")
    return folder / "alone", pl.read_parquet(folder / "all" / "application_month.parquet")


def of_synthetic(results: Results, models: Path, splits: int, windows: int) -> None:
    for seed in range(splits):
        with TemporaryDirectory() as scratch:
            folder, month = made(Path(scratch), seed)
            data = labelled(folder)
        shifted = data.matrix.join(month.filter(pl.col("MONTH") == 1), on=data.id_column, how="semi")
        usual = replace(data, matrix=data.matrix.join(shifted, on=data.id_column, how="anti"))
        bundle, held = halves(usual, seed, models / "synthetic")
        reference, generator = Reference.of(bundle), np.random.default_rng([seed, 13])
        pool, first = Pool.of(bundle, reference, pl.concat([held, shifted])), held.height

        def mixed(random: np.random.Generator, share: float, first: int = first, pool: Pool = pool) -> Integers:
            new = round(share * ROWS)
            old = random.choice(first, ROWS - new, replace=False)
            return np.concatenate([old, first + random.choice(pool.p_default.size - first, new, replace=False)])

        for share in SHARES:
            title = f"synthetic, {share:.0%} of the shifted population"
            draw = lambda random, share=share, mixed=mixed: mixed(random, share)  # noqa: E731
            judge(results, title, bundle, pool, draw, windows, generator)
        print(f"  synthetic {seed}", file=sys.stderr, flush=True)


def tables(results: Results) -> Iterator[str]:
    """Yield Markdown tables of error and coverage."""

    def absolute(of: list[Judged]) -> str:
        ours = np.mean([abs(one.expected - one.realised) for one in of])
        return f"{ours:.4f} / {np.mean([abs(one.trained - one.realised) for one in of]):.4f}"

    def signed(of: list[Judged]) -> str:
        ours = np.mean([one.expected - one.realised for one in of])
        return f"{ours:+.4f} / {np.mean([one.trained - one.realised for one in of]):+.4f}"

    def covered(of: list[Judged]) -> str:
        hits = sum(one.covered for one in of)
        exact = binomtest(hits, len(of)).proportion_ci(0.95, "exact")
        return f"{100 * hits / len(of):.1f} % [{100 * exact.low:.0f}, {100 * exact.high:.0f}]"

    shown = {
        "Mean absolute error: expected before outcomes / training's figure": absolute,
        "Mean error: expected before outcomes / training's figure, less the realised": signed,
        "Coverage of the 95 % interval": covered,
    }
    for head, cell in shown.items():
        yield from (f"### {head}", "", f"| rows | outcomes | windows | {' | '.join(FIGURES)} |", "|---" * 8 + "|")
        for (title, kind), of in results.items():
            yield f"| {title} | {kind} | {len(of['cost'])} | {' | '.join(cell(of[name]) for name in FIGURES)} |"
        yield ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CREDIT_SCORING_REAL_DATA"))
    parser.add_argument("--models", type=Path, help="folder that keeps the models for another run; else they go")
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--windows", type=int, default=50, help="of each split and shift")
    parser.add_argument("--write", type=Path, help="Markdown file to write the tables to")
    options = parser.parse_args()
    results: Results = defaultdict(lambda: defaultdict(list))
    start = time.perf_counter()
    with TemporaryDirectory() as scratch:
        models = options.models or Path(scratch)
        of_synthetic(results, models, options.splits, options.windows)
        if options.data is None:
            print("real rows skipped: set CREDIT_SCORING_REAL_DATA or give --data")
        else:
            of_real(results, Path(options.data) / "application_only", models, options.splits, options.windows)
    text = "\n".join(tables(results))
    print(text)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
