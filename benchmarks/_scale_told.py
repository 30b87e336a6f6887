"""What the scale benchmark found, as a page: the table and what it says of each goal."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from textwrap import fill

from credit_scoring.bundle.model import usable_cores

Found = dict[str, float]
FULL_SIZE = 100.0
HEADS = (
    "size",
    "rows",
    "DuckDB parse, s",
    "features: CSV, s (GB)",
    "÷ parse",
    "Parquet, s (GB)",
    "µs a row, Parquet",
    "LightGBM fit, s",
    "regression fit, s",
    "train, s (GB)",
    "score, s (GB)",
    "scored",
    "LightGBM's time ÷ ours: champion",
    "the fits' blend",
)


def page(results: dict[float, Found], command: str) -> str:
    """Return the page in Markdown."""
    lines = ["| " + " | ".join(HEADS) + " |", "|" + " ---: |" * len(HEADS)]
    lines += [_row(size, found) for size, found in results.items()]
    return f"""# Scale: time and memory from {min(results):g} % to {max(results):g} %

Measured {time.strftime("%Y-%m-%d")} on {usable_cores()} cores by `{command}`, on synthetic tables.
Each command is one that a user types, with imports, validation and writing; GB are the process's peak. "Score" computes
features of application_test and decides. Ratios are of seconds and, in brackets, of the processor's seconds, which
suffer less from whoever else uses the machine: its load was {os.getloadavg()[2]:.1f} in the last quarter of an hour, of
which the benchmark itself is 1 to 2.

{_models(results)}

{chr(10).join(lines)}

| goal | found | |
| --- | --- | --- |
{chr(10).join(_goals(results))}
"""


def _models(results: dict[float, Found]) -> str:
    """Return which models are rated."""
    trained, fitted = (max(size for size in results if kind in results[size]) for kind in ("train", "trees"))
    small, large = results[trained], results[fitted]
    told = f"""The last two columns are from a feature matrix in memory to decisions, next to `Booster.predict` on
        the same rows by the same trees, both on all cores. The champion is what `train` made of {trained:g} %:
        {small["champion_trees"]:,.0f} trees beside {small["champion_terms"]:,.0f} linear terms. The blend is of the
        size's own two fits with the parameters of so many rows, at {fitted:g} % {large["blend_trees"]:,.0f} trees
        beside {large["blend_terms"]:,.0f} terms: what a lender with the full data would serve."""
    return fill(" ".join(told.split()), 120)


def _row(size: float, found: Found) -> str:
    cells = [
        f"{size:g} %",
        f"{found['rows']:,.0f}",
        _plain(found, "parse", ".1f"),
        _spent(found, "csv"),
        _over(found, "csv", "parse"),
        _spent(found, "parquet"),
        f"{found['parquet'] / found['rows'] * 1e6:.2f}",
        _plain(found, "trees", ".0f"),
        _plain(found, "regression", ".0f"),
        _spent(found, "train"),
        _spent(found, "score"),
        f"{found['scored']:,.0f}",
        _rate(found, "champion"),
        _rate(found, "blend"),
    ]
    return "| " + " | ".join(cells) + " |"


def _plain(found: Found, name: str, shown: str) -> str:
    return format(found[name], shown) if name in found else ""


def _spent(found: Found, name: str) -> str:
    return f"{found[name]:.1f} ({found[f'{name}_peak']:.2f})" if name in found else ""


def _over(found: Found, one: str, other: str) -> str:
    if one not in found:
        return ""
    return f"{found[one] / found[other]:.1f} ({found[f'{one}_processor'] / found[f'{other}_processor']:.1f})"


def _rate(found: Found, model: str) -> str:
    name = f"{model}_rate"
    return f"{found[name]:.2f} ({found[f'{name}_processor']:.2f})" if name in found else ""


def _goals(results: dict[float, Found]) -> list[str]:
    """Return what the largest size whose every step was measured, and those beyond it, say of each goal."""
    size = max(size for size in results if "trees" in results[size])
    full = results[size]
    trained = max(size for size in results if "train" in results[size])
    peak = max(value for found in results.values() for name, value in found.items() if name.endswith("_peak"))
    a_row = {s: found["parquet"] / found["rows"] * 1e6 for s, found in sorted(results.items())}
    growth = ", ".join(f"{took:.2f} µs a row at {s:g} %" for s, took in a_row.items())
    linear = all(more < 1.5 * less for less, more in pairwise(a_row.values()))
    whole = "reported" if trained >= FULL_SIZE else "**not measured at full size**"
    return [
        _goal(
            "features under 4 times a plain scan",
            f"{_over(full, 'csv', 'parse')} with start, validation and writing, at {size:g} %",
            full["csv"] < 4 * full["parse"],
        ),
        _goal("under 8 GB", f"{peak:.1f} GB, the most of any command and of the fits", peak < 8),
        _goal("growth linear", f"{growth} (where rows are few, the command's start is most of it)", linear),
        _goal(
            "one LightGBM fit under 15 minutes",
            f"{full['trees']:.0f} s for {full['blend_trees']:,.0f} rounds at {size:g} %",
            full["trees"] < 15 * 60,
        ),
        _goal(
            "scoring at 90 % of LightGBM's own rate",
            f"{_rate(full, 'blend')} with the blend at {size:g} %; {_rate(full, 'champion')} with the small champion",
            full["blend_rate"] >= 0.9,
        ),
        f"| the whole of `train` | {results[trained]['train']:.0f} s at {trained:g} % | {whole} |",
    ]


def _goal(goal: str, found: str, met: bool) -> str:
    return f"| {goal} | {found} | {'met' if met else '**not met**'} |"
