"""What each check of the watch says of real rows: without drift, with the known shift, with shifts put in.

    python benchmarks/watch.py [--data DIR] [--models DIR] [--splits 5] [--windows 400]
                               [--write FILE.md]

DIR defaults to CREDIT_SCORING_REAL_DATA; its folder application_only is used. The labelled rows are split into two
halves so many times, persons whole: one half trains a model and is the reference, windows come from the other. So a
window is as new to the model as next month's applications; windows of one split share a reference and rows, which
leaves the mean rate right and makes it less certain than as many independent windows would. The peers are Evidently's
tests (the extra `report`), on the same held-out rows.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from _watch_rows import halves, labelled, unlabelled
from _watch_scenarios import (
    MOVED,
    PSI_ALONE,
    ROWS,
    STEADY,
    Results,
    Split,
    known_shift,
    one_feature,
    other_relation,
    peers,
    rarer,
    spoilt,
    steady,
)
from credit_scoring.monitoring.checks import CHECKS
from credit_scoring.monitoring.performance import FIGURES


def measured(folder: Path, models: Path, splits: int, windows: int) -> Results:
    data, test = labelled(folder), unlabelled(folder)
    results: Results = {}
    for number in range(splits):
        start = time.perf_counter()
        bundle, held = halves(data, number, models)
        split = Split(bundle, held, number)
        steady(split, results, windows)
        one_feature(split, results, windows)
        known_shift(split, results, max(1, windows // 4), test)
        rarer(split, results, max(1, windows // 4))
        spoilt(split, results, max(1, windows // 4))
        other_relation(split, results, max(1, windows // 4))
        peers(split, results, max(1, windows // 40), data.matrix.join(held, on=data.id_column, how="anti"))
        print(f"  split {number}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return results


def of_checks(results: Results) -> Iterator[str]:
    codes = [check.code for check in CHECKS]
    yield from ("### What each check says", "", "Share of windows with a finding (in brackets: with an alarm).", "")
    yield f"| rows | of a window | windows | any | {' | '.join(codes)} |"
    yield "|---" * (4 + len(codes)) + "|"
    for (title, rows), told in results["checks"].items():
        cells = [f"{told.share(code)} ({told.share(f'{code} alarm')})" for code in ("any", *codes)]
        yield f"| {title} | {rows:,} | {told.windows:,} | {' | '.join(cells)} |"


def of_goals(results: Results) -> Iterator[str]:
    checks = results["checks"]
    yield from ("", "### Size and power", "", "With exact 95 % intervals (Clopper and Pearson).", "")
    yield "| rows of a window | windows without drift with a finding | with an alarm | splits with one |"
    yield "|---|---|---|---|"
    for (title, rows), told in checks.items():
        if title == STEADY:
            yield f"| {rows:,} | {told.interval('any')} | {told.interval('any alarm')} | {told.found['splits']} |"
    yield from ("", "The largest value of any check in windows without drift, beside the limit of a notice:", "")
    yield f"| rows of a window | {' | '.join(f'`{one.code}` ({one.notice:g})' for one in CHECKS)} |"
    yield "|---" * (1 + len(CHECKS)) + "|"
    for (title, rows), told in checks.items():
        if title == STEADY:
            yield f"| {rows:,} | {' | '.join(f'{told.largest[one.code]:.4f}' for one in CHECKS)} |"
    yield from (
        "",
        "| rows of a window | the moved feature found by `CS-D01` | with an alarm | PSI of 0.1 alone finds it |",
    )
    yield "|---|---|---|---|"
    for (title, rows), told in checks.items():
        if title == MOVED:
            found = told.share(f"{PSI_ALONE} subject")
            yield f"| {rows:,} | {told.interval('subject')} | {told.interval('subject alarm')} | {found} |"
    yield from ("", f"By feature, {ROWS:,} rows:", "", "| feature | found | with an alarm |", "|---|---|---|")
    for (name, rows), told in sorted(results["features"].items(), key=lambda one: -one[1].windows):
        if rows == ROWS:
            yield f"| `{name}` | {told.found['subject']} of {told.windows} | {told.found['subject alarm']} |"


def of_peers(results: Results) -> Iterator[str]:
    yield from ("", "### False alarms of other rules", "", "Windows without drift.", "")
    yield from ("| rule | windows with a false alarm | features called drifted, a window |", "|---|---|---|")
    for (title, rows), told in results["checks"].items():
        if title == STEADY:
            yield f"| the watch, {rows:,} rows | {told.interval('any')} | |"
            yield f"| {PSI_ALONE}, {rows:,} rows | {told.interval(PSI_ALONE)} | |"
    for (rule, _), told in results["peers"].items():
        yield f"| {rule}, {ROWS:,} rows | {told.interval('any')} | {told.found['features'] / told.windows:.1f} |"


def of_relation(results: Results) -> Iterator[str]:
    yield from ("", "### When defaults come to depend otherwise on the features", "")
    yield f"Share of windows of {ROWS:,} rows with a realised figure beyond its 95 % interval; no feature has moved."
    yield from ("", f"| outcomes | windows | drift finds | any figure | {' | '.join(FIGURES)} |", "|---" * 9 + "|")
    for (title, _), told in results["relation"].items():
        cells = [told.share(what) for what in ("drift", "beyond", *FIGURES)]
        yield f"| {title} | {told.windows:,} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CREDIT_SCORING_REAL_DATA"))
    parser.add_argument("--models", type=Path, help="folder that keeps the models for another run; else they go")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--windows", type=int, default=400, help="of each split, without drift")
    parser.add_argument("--write", type=Path, help="Markdown file to write the tables to")
    options = parser.parse_args()
    if options.data is None:
        print("skipped: this benchmark needs real rows; set CREDIT_SCORING_REAL_DATA or give --data")
        return
    with TemporaryDirectory() as scratch:
        models = options.models or Path(scratch)
        results = measured(Path(options.data) / "application_only", models, options.splits, options.windows)
    lines = [*of_checks(results), *of_goals(results), *of_peers(results), *of_relation(results)]
    text = "\n".join(lines)
    print(text)
    if options.write:
        options.write.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
