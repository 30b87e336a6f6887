"""The main job on real rows as a user types it: figures, time and peak memory of `train` and `score`.

    python benchmarks/main_job.py [--data DIR] [--write docs/benchmarks/main-job.md]

DIR defaults to CREDIT_SCORING_REAL_DATA. Each folder has a home of its own; each command is a process of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from credit_scoring.bundle.manifest import Evaluation
from credit_scoring.bundle.published import PublishedBundles

FOLDERS = ("all_tables", "five_tables", "application_only")
SHOWN = ("auc", "brier", "calibration_slope", "cost", "defaults_detected", "decline_rate")


def measured(home: Path, *arguments: str) -> tuple[float, float]:
    """Run a command and return its seconds and its peak memory in MB."""
    command = [str(Path(sys.executable).with_name("credit-scoring")), *arguments]
    start, peak = time.perf_counter(), 0
    with (home / "said.txt").open("w+", encoding="utf-8") as said:
        process = psutil.Popen(
            command, env=os.environ | {"CREDIT_SCORING_HOME": str(home)}, stdout=said, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.02)
        code = process.wait()
        said.seek(0)
        if code:
            sys.exit(f"{' '.join(arguments)} failed:\n{said.read()}")
    return time.perf_counter() - start, peak / 1e6


def told(evaluation: Evaluation) -> str:
    metrics = evaluation.metrics | evaluation.at_cutoff
    cells = [f"{metrics[name].value:.4f} [{metrics[name].lower:.4f}, {metrics[name].upper:.4f}]" for name in SHOWN]
    return " | ".join([f"{evaluation.applications:,} ({evaluation.defaults:,})", *cells])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CREDIT_SCORING_REAL_DATA"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.data is None:
        print("skipped: this benchmark needs real rows; set CREDIT_SCORING_REAL_DATA or give --data")
        return
    figures = [
        f"| folder | chosen | figures of | applications (defaults) | {' | '.join(SHOWN)} |",
        "|---" * (4 + len(SHOWN)) + "|",
    ]
    costs = [
        "| folder | train, s | peak MB | score, s | peak MB | scored | decisions |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder in FOLDERS:
        with TemporaryDirectory() as scratch:
            home, source = Path(scratch), str(Path(options.data) / folder)
            train = measured(home, "train", source)
            score = measured(home, "score", source, "-o", str(home / "decisions.parquet"))
            manifest = PublishedBundles(home / "models").champion().manifest
            figures.append(f"| {folder} | {manifest.candidate} | out of fold | {told(manifest.out_of_fold)} |")
            if manifest.holdout is not None:
                figures.append(f"| {folder} | {manifest.candidate} | hold-out | {told(manifest.holdout)} |")
            spent = f"{train[0]:.0f} | {train[1]:.0f} | {score[0]:.1f} | {score[1]:.0f}"
            costs.append(f"| {folder} | {spent} |")
            print(costs[-1], file=sys.stderr, flush=True)
    text = "\n".join([*figures, "", *costs, ""])
    print(text)
    if options.write:
        command = f"python benchmarks/main_job.py --write {options.write}"
        lines = [
            "# The main job on real rows",
            "",
            f"Measured {time.strftime('%Y-%m-%d')} by `{command}` on 2 shared cores; 95 % bootstrap intervals. Costs",
            "are 10 : 1. Out of fold, each fold is judged by the cut-off that is cheapest on the other folds.",
            "",
            text,
        ]
        options.write.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
