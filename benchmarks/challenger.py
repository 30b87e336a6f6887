"""How often the policy of promotion is wrong: verdicts on models of equal worth, and on better and worse ones.

    python benchmarks/challenger.py [--samples 300] [--processes 2] [--write docs/benchmarks/challenger.md]

Applications have log-odds of default drawn from a normal distribution. Each model sees them through noise of its own,
and its PDs are the default rates given what it sees: calibrated. Models of equal noise are of equal worth, so that to
promote one is false. Alike are models that share nine tenths of their noise, as those trained on the same data do;
unlike share none, the others half.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.decision.curves import wilson_interval
from credit_scoring.monitoring.challenger import Contender, compare
from credit_scoring.monitoring.promotion import judge

Floats = NDArray[np.float64]
COSTS = CostMatrix(10, 1)
CUTOFF = COSTS.theoretical_cutoff
BASE, SPREAD, NOISE = -3.0, 1.2, 0.8
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(31)


class Case(NamedTuple):
    """Two models on so many applications; ``known`` is the part of the challenger's noise that is the champion's.

    ``approved`` if only those that the champion approved have outcomes.
    """

    told: str
    applications: int
    champion: float
    challenger: float
    known: float
    approved: bool = False


CASES = (
    Case("equal, alike", 4_000, NOISE, NOISE, 0.9),
    Case("equal, unlike", 4_000, NOISE, NOISE, 0.0),
    Case("challenger better", 4_000, 1.2, NOISE, 0.5),
    Case("challenger worse", 4_000, NOISE, 1.2, 0.5),
    Case("equal, alike, only approved known", 4_000, NOISE, NOISE, 0.9, approved=True),
    Case("equal, unlike, only approved known", 4_000, NOISE, NOISE, 0.0, approved=True),
    Case("challenger better, only approved known", 4_000, 1.2, NOISE, 0.5, approved=True),
)


def p_default(truth: Floats, drawn: Floats, noise: float) -> Floats:
    """Return calibrated PDs of a model that sees the truth through noise."""
    mean, rest = (truth + noise * drawn) / (1 + noise**2), noise / np.sqrt(1 + noise**2)
    seen = BASE + SPREAD * (mean[:, None] + rest * NODES)
    return np.asarray(logistic(seen) @ WEIGHTS / WEIGHTS.sum())


def drawn(case: Case, seed: int) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    truth, first, own = generator.normal(size=(3, case.applications))
    second = np.sqrt(case.known) * first + np.sqrt(1 - case.known) * own
    p = p_default(truth, first, case.champion), p_default(truth, second, case.challenger)
    bad = pl.Series(generator.random(case.applications) < logistic(BASE + SPREAD * truth))
    return pl.DataFrame(
        {
            "champion": p[0],
            "challenger": p[1],
            "champion_declined": p[0] >= CUTOFF,
            "challenger_declined": p[1] >= CUTOFF,
            "defaulted": bad.set(pl.Series((p[0] >= CUTOFF) & case.approved), None),
            "CODE_GENDER": generator.choice(["F", "M"], case.applications, p=[0.65, 0.35]).tolist(),
            "DAYS_BIRTH": -generator.uniform(21, 69, case.applications) * 365.25,
        }
    )


def verdict(case: Case, seed: int) -> tuple[str, tuple[str, ...]]:
    """Return the verdict on one sample, and the rules that failed."""
    rows, later = drawn(case, seed), drawn(case, seed + 1_000_000)
    side = Contender(version=1, digest="", candidate="", cutoff=CUTOFF)
    developed = later["champion"].to_numpy(), later["challenger"].to_numpy()
    found = compare(rows, side, side, COSTS, developed=developed, compared_on="drawn", seed=seed)
    judged = judge(found)
    return judged.verdict, tuple(rule.code for rule in judged.rules if rule.state == "failed")


def told(case: Case, found: list[tuple[str, tuple[str, ...]]]) -> str:
    counts = Counter(one for one, _ in found)
    lower, upper = wilson_interval(counts["promote"], len(found))
    promoted = f"{counts['promote'] / len(found):.1%} [{lower:.1%}, {upper:.1%}]"
    shares = " | ".join(f"{counts[one] / len(found):.1%}" for one in ("wait", "refuse"))
    refusing = Counter(code for one, codes in found if one == "refuse" for code in codes if code != "CS-C03")
    why = ", ".join(f"{code} {number}" for code, number in refusing.most_common(3))
    return f"| {case.told} | {case.applications:,} | {promoted} | {shares} | {why} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    lines = ["| models | applications | promote | wait | refuse | refused by |", "|---|---:|---:|---:|---:|---|"]
    with ProcessPoolExecutor(options.processes) as pool:
        for case in CASES:
            lines.append(told(case, list(pool.map(partial(verdict, case), range(options.samples)))))
            print(lines[-1], flush=True)
    if options.write is not None:
        head = "# How often the policy of promotion is wrong\n\n"
        head += f"    python benchmarks/challenger.py --samples {options.samples}\n"
        about = " ".join(__doc__.split("\n\n")[2].split())
        options.write.write_text("\n".join([head, about, "", *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
