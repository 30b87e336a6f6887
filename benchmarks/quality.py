"""Out-of-fold quality on real rows, against plain LightGBM in the same run and peers' PDs on the same folds.

    python benchmarks/quality.py [--data DIR] [--peers DIR] [--folders all_tables five_tables application_only]
                                 [--write docs/benchmarks/quality.md]

DIR defaults to CREDIT_SCORING_REAL_DATA. The folds are given by the id, so that all models are paired. Every choice
(rounds, penalty) is made inside the outer training folds; calibrators and cut-offs are cross-fitted: each fold is
judged by the cut-off that is cheapest on the other folds, for every model alike.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from credit_scoring.bundle.evaluate import figures, paired_difference
from credit_scoring.bundle.manifest import FeatureCard
from credit_scoring.bundle.model import Encoder
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.features.application import raw_features
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.features.directions import direction_of
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate
from credit_scoring.training.calibrate import choose_calibrator
from credit_scoring.training.candidates import EXTERNAL_SCORES, candidates_for
from credit_scoring.training.choose import best_of, decline_out_of_fold
from credit_scoring.training.sample import Fitted, Sample
from credit_scoring.training.split import person_groups

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]

FOLDERS = ("all_tables", "five_tables", "application_only")
PEERS = {
    "P0": "EXT_SOURCE logistic regression",
    "P1": "usual student pipeline, balanced",
    "P1u": "usual student pipeline",
    "P2": "plain LightGBM, raw columns (stored)",
    "P3": "LightGBM with Simple Features",
    "P4": "7th-place features",
    "P5": "featuretools DFS",
}
PLAIN = "plain LightGBM, raw columns (this run)"
COSTS = CostMatrix(10, 1)
THREADS = os.cpu_count() or 1
SEED = 7
OURS = len(candidates_for(EXTERNAL_SCORES))


def shared_folds(ids: list[int]) -> Integers:
    """Return the fold that the peers used for each id."""
    return np.array([int(hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest(), 16) // 10 % 5 for i in ids])


def sample_of(matrix: pl.DataFrame, names: list[str], defaulted: Booleans) -> Sample:
    """Return the encoded features `names`; constant ones are left out."""
    kept = [name for name in names if matrix[name].n_unique() > 1]
    levels = {n: tuple(matrix[n].drop_nulls().unique().sort()) for n in kept if matrix[n].dtype == pl.String}
    encoder = Encoder(features=tuple(kept), categories=levels)
    directions = tuple(direction_of(name) for name in kept)
    return Sample(np.ascontiguousarray(encoder.encode(matrix)), defaulted, person_groups(matrix), encoder, directions)


def margins_of(sample: Sample, held: Booleans) -> dict[str, Floats]:
    """Return each candidate's margins of the rows held out, fitted to the others."""
    fitted: dict[str, Fitted] = {}
    with threadpool_limits(1):
        for candidate in candidates_for(sample.encoder.features):
            fitted[candidate.name] = candidate.fit(sample.rows(~held), seed=SEED, threads=1, fitted=fitted)
        return {name: made.model(sample.encoder).margin(sample.values[held]) for name, made in fitted.items()}


def out_of_fold(sample: Sample, fold: Integers) -> dict[str, Floats]:
    """Return each candidate's calibrated out-of-fold PDs, as training makes them; a process a fold."""
    # Not forked: Polars' threads do not survive a fork.
    with ProcessPoolExecutor(THREADS, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(margins_of, [sample] * 5, [fold == number for number in range(5)]))
    found = {}
    for name in parts[0]:
        margin = np.empty(fold.size)
        for number, part in enumerate(parts):
            margin[fold == number] = part[name]
        found[name] = choose_calibrator(margin, sample.defaulted, fold)[1]
    return found


def plain_lightgbm(sample: Sample, fold: Integers) -> Floats:
    """Return out-of-fold PDs of LightGBM's defaults on raw columns; rounds by early stopping inside the fold."""
    p_default = np.empty(fold.size)
    parameters = {"objective": "binary", "learning_rate": 0.05, "verbosity": -1, "num_threads": THREADS, "seed": SEED}
    for number in range(5):
        train = np.flatnonzero(fold != number)
        inner = np.random.default_rng(SEED).permutation(train)
        cut = inner.size // 5

        def data(rows: Integers, reference: lgb.Dataset | None = None) -> lgb.Dataset:
            return lgb.Dataset(
                sample.values[rows],
                sample.defaulted[rows].astype(float),
                categorical_feature=sample.categorical(),
                reference=reference,
            )

        first = data(inner[cut:])
        stopped = lgb.train(
            parameters, first, 2_000, [data(inner[:cut], first)], callbacks=[lgb.early_stopping(100, verbose=False)]
        )
        booster = lgb.train(parameters, data(train), max(1, stopped.best_iteration))
        p_default[fold == number] = booster.predict(sample.values[fold == number])
    return p_default


def expected_calibration_error(p_default: Floats, defaulted: Booleans) -> float:
    """Return the mean distance between PD and default rate over ten bins of equal size."""
    bins = np.array_split(np.argsort(p_default, kind="stable"), 10)
    return float(sum(abs(p_default[b].mean() - defaulted[b].mean()) * b.size for b in bins) / p_default.size)


def judged(folder: Path, peers: Path) -> tuple[str, dict[str, Floats], Booleans, Integers]:
    """Return all models' out-of-fold PDs on one folder, ours first."""
    start = time.perf_counter()
    with read_tables(folder) as tables:
        validate(tables)
        matrix = assemble(tables.of("application_train"))
    defaulted = matrix["TARGET"].to_numpy() == 1
    fold = shared_folds(matrix["SK_ID_CURR"].to_list())
    sample = sample_of(matrix, list(catalogue()), defaulted)
    found = out_of_fold(sample, fold)
    print(f"  {folder.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    raw = sample_of(matrix, [feature.name for feature in raw_features()], defaulted)
    found[PLAIN] = plain_lightgbm(raw, fold)
    for peer, title in PEERS.items():
        path = peers / f"oof_{peer}_{folder.name}.parquet"
        if path.exists():
            stored = matrix.select("SK_ID_CURR").join(
                pl.read_parquet(path), on="SK_ID_CURR", how="left", maintain_order="left"
            )
            if stored["p"].null_count():
                sys.exit(f"{path} lacks some of the folder's applications")
            found[f"{peer}: {title}"] = np.clip(stored["p"].to_numpy(), 0.0, 1.0)
    cards = [FeatureCard.of(catalogue()[name]) for name in sample.encoder.features]
    head = f"{folder.name}: {defaulted.size:,} applications, {defaulted.sum():,} defaults, {len(cards)} features"
    return head, found, defaulted, fold


def table(head: str, found: dict[str, Floats], defaulted: Booleans, fold: Integers) -> list[str]:
    """Return a Markdown table of one folder; differences are ours (what training would choose) minus the row's."""
    made = {
        name: figures(p, defaulted, declined=decline_out_of_fold(p, defaulted, fold, COSTS), costs=COSTS, seed=SEED)
        for name, p in found.items()
    }
    ours = best_of({name: made[name] for name in list(found)[:OURS]})
    lines = [
        f"### {head}",
        "",
        f"Ours: **{ours}**, of our candidates the one that training would choose.",
        "",
        "| model | AUC | cost | Brier | ECE | calibration slope | AUC: ours − this | cost: ours − this | Brier: same |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, p in found.items():
        metrics = made[name].metrics("metrics") | made[name].metrics("at_cutoff")
        cells = [
            f"{metrics[key].value:.4f} [{metrics[key].lower:.4f}, {metrics[key].upper:.4f}]" for key in ("auc", "cost")
        ]
        slope = metrics["calibration_slope"]
        differences = ["", "", ""]
        if name != ours:
            paired = paired_difference(made[ours], made[name])
            differences = [
                f"{paired[key].value:+.4f} [{paired[key].lower:+.4f}, {paired[key].upper:+.4f}]"
                for key in ("auc", "cost", "brier")
            ]
        shown = f"**{name}**" if name == ours else name
        lines.append(
            f"| {shown} | {cells[0]} | {cells[1]} | {metrics['brier'].value:.4f} | "
            f"{expected_calibration_error(p, defaulted):.4f} | "
            f"{slope.value:.2f} [{slope.lower:.2f}, {slope.upper:.2f}] | " + " | ".join(differences) + " |"
        )
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CREDIT_SCORING_REAL_DATA"))
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--folders", nargs="+", default=list(FOLDERS), choices=FOLDERS)
    parser.add_argument("--write", type=Path, help="Markdown file to write the tables to")
    options = parser.parse_args()
    if options.data is None:
        print("skipped: this benchmark needs real rows; set CREDIT_SCORING_REAL_DATA or give --data")
        return
    peers = options.peers or Path(options.data).parent / "peers"
    lines: list[str] = []
    for folder in options.folders:
        lines += table(*judged(Path(options.data) / folder, peers))
    text = "\n".join(lines)
    print(text)
    if options.write:
        command = f"python benchmarks/quality.py --write {options.write}"
        lines = [
            "# Quality, out of fold, on real rows",
            "",
            f"Measured {time.strftime('%Y-%m-%d')} by `{command}`; 95 % bootstrap intervals. Costs are 10 : 1; each",
            "fold is judged by the cut-off that is cheapest on the other folds, for every model alike. The folders are",
            "nested in clients, so they are not independent evidence.",
            "",
            text,
        ]
        options.write.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
