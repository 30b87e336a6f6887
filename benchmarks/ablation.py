"""What each block of features is worth on real rows: the blend without it, or with one that was tried and left out.

    python benchmarks/ablation.py [--data DIR] [--folders all_tables five_tables application_only]
                                  [--changes features learner] [--repeats 3] [--write docs/benchmarks/ablation.md]

Each model predicts out of fold, persons whole, over so many different splits; margins are averaged over the splits.
The learner's settings are the same for all. Differences are paired: the same applications, folds and resamples.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from _tried_features import BLOCKS, KEY, NEIGHBOUR_COLUMNS, NESTED, neighbours, nested
from credit_scoring.bundle.evaluate import Figures, figures, paired_difference
from credit_scoring.bundle.model import logistic
from credit_scoring.features.assemble import assemble, catalogue
from credit_scoring.tables.read import read_tables
from credit_scoring.training.blend import Blend
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES, candidates_for
from credit_scoring.training.sample import Sample
from credit_scoring.training.split import grouped_folds
from quality import COSTS, FOLDERS, SEED, sample_of

Floats = NDArray[np.float64]
FOLDS = 5
FREE = "no directions"
SELECTIONS = {"half of the features": 0.5, "a quarter of the features": 0.25}
NULLS = 5
FEW = {"inverse_penalty": "0.003", "rounds": "500", "linear_weight": "0.5"}
MORE = {"inverse_penalty": "0.01", "rounds": "800", "linear_weight": "0.5"}
CHANGES = ("features", "learner")


class Learner(NamedTuple):
    """Other trees: parameters, rounds as a multiple of the usual ones, and how many boosters are averaged."""

    parameters: dict[str, float]
    rounds: float = 1.0
    seeds: int = 1


LEARNERS = {
    "three seeds in one booster": Learner({}, seeds=3),
    "three times the learning rate, a third of the rounds": Learner({"learning_rate": 0.06}, 1 / 3),
    "the same, three seeds in one booster": Learner({"learning_rate": 0.06}, 1 / 3, 3),
    "twice the features a tree": Learner({"feature_fraction": 0.1}),
}
LOAN = ("CREDIT_", "GOODS_", "ANNUITY_TO")
Job = tuple[str, str, int, int]


def blocks() -> dict[str, list[str]]:
    """Return the features of each block of the catalogue."""
    found: dict[str, list[str]] = {}
    for name in catalogue():
        family, _, rest = name.partition("__")
        if not rest:
            block = "external scores themselves" if name in EXTERNAL_SCORES else "other raw application columns"
        elif family != "APPLICATION":
            block = family.lower()
        elif rest.startswith("EXT_SOURCE"):
            block = "combinations of external scores"
        elif rest.startswith("INTEREST_RATE"):
            block = "interest rate of this loan"
        else:
            block = "ratios of the loan" if rest.startswith(LOAN) else "ratios of the person"
        found.setdefault(block, []).append(name)
    return found


@cache
def matrix_of(folder: str) -> pl.DataFrame:
    with read_tables(folder) as tables:
        return assemble(tables.of("application_train"))


@cache
def rows_of(folder: str, table: str) -> pl.DataFrame:
    with read_tables(folder) as tables:
        return tables.of("application_train")[table].collect()


def sample_for(folder: str, variant: str) -> tuple[Sample, pl.DataFrame]:
    """Return the sample of a variant: ``-block``, ``+block``, ``no directions`` or all that the catalogue has."""
    matrix = matrix_of(folder)
    names = list(catalogue())
    if variant.startswith("-"):
        names = [name for name in names if name not in set(blocks()[variant[1:]])]
    elif variant[1:] in BLOCKS:
        with read_tables(folder) as tables:
            added = BLOCKS[variant[1:]][2](tables.of("application_train")).collect()
        new = [name for name in added.columns if name != KEY]
        matrix = matrix.join(added, on=KEY, how="left", maintain_order="left").with_columns(c_float(new))
        names += new
    sample = sample_of(matrix, names, matrix["TARGET"].to_numpy() == 1)
    return (replace(sample, directions=(0,) * len(sample.directions)) if variant == FREE else sample), matrix


def c_float(names: list[str]) -> list[pl.Expr]:
    return [pl.when(pl.col(n).cast(pl.Float64).is_finite()).then(pl.col(n).cast(pl.Float64)).alias(n) for n in names]


def with_columns(sample: Sample, columns: Floats, names: tuple[str, ...]) -> Sample:
    encoder = sample.encoder.model_copy(update={"features": (*sample.encoder.features, *names)})
    values = np.ascontiguousarray(np.c_[sample.values, columns])
    return replace(sample, values=values, encoder=encoder, directions=(*sample.directions, *([0] * len(names))))


def fitted_block(
    variant: str, folder: str, training: Sample, other: Sample, keys: tuple[list[int], list[int]]
) -> tuple[Sample, Sample]:
    """Return both samples with the columns of a block that is fitted on the training rows."""
    if variant == "+neighbours":
        places = [training.encoder.features.index(name) for name in NEIGHBOUR_COLUMNS]
        own, rest = neighbours(training.values[:, places], training.defaulted, other.values[:, places])
        return with_columns(training, own[:, None], ("neighbours",)), with_columns(
            other, rest[:, None], ("neighbours",)
        )
    outcome = dict(zip(keys[0], training.defaulted.tolist(), strict=True))
    for table in NESTED:
        if not has_table(folder, table):
            continue
        own_scores, other_scores = nested(rows_of(folder, table), outcome, keys[1], SEED)
        names = tuple(f"nested_{table}_{what}" for what in ("min", "mean", "max"))
        training = with_columns(training, np.array([own_scores[key] for key in keys[0]]), names)
        other = with_columns(other, np.array([other_scores[key] for key in keys[1]]), names)
    return training, other


def selected(training: Sample, share: float) -> list[int]:
    """Return the features of highest gain over their gain under shuffled outcomes, external scores always."""
    trees = Boosting("trees", parameters={"learning_rate": 0.1})
    shuffles = [training.defaulted, *(np.random.default_rng(n).permutation(training.defaulted) for n in range(NULLS))]
    gains = []
    for outcome in shuffles:
        made = trees.fit(replace(training, defaulted=outcome), seed=SEED, threads=1, follow=[{"rounds": "100"}])
        gains.append(made.booster.feature_importance("gain") if made.booster else np.zeros(len(training.directions)))
    lift = gains[0] / (1.0 + np.mean(gains[1:], axis=0))
    order = np.argsort(-lift, kind="stable")[: round(share * lift.size)].tolist()
    return sorted({*order, *(training.encoder.features.index(name) for name in EXTERNAL_SCORES)})


def only(sample: Sample, kept: list[int]) -> Sample:
    names = tuple(sample.encoder.features[place] for place in kept)
    levels = {name: known for name, known in sample.encoder.categories.items() if name in names}
    encoder = sample.encoder.model_copy(update={"features": names, "categories": levels})
    values, directions = np.ascontiguousarray(sample.values[:, kept]), tuple(sample.directions[p] for p in kept)
    return replace(sample, values=values, encoder=encoder, directions=directions)


@cache
def has_table(folder: str, table: str) -> bool:
    with read_tables(folder) as tables:
        return table in tables.of("application_train")


def predict(job: Job) -> Floats:
    """Return the margins of the rows that one fold of one split holds out."""
    folder, variant, repeat, number = job
    with threadpool_limits(1):
        sample, matrix = sample_for(folder, variant)
        held = grouped_folds(sample.groups, sample.defaulted, FOLDS, SEED + repeat) == number
        training, other = sample.rows(~held), sample.rows(held)
        if variant in {"+neighbours", "+nested"}:
            keys = matrix[KEY].to_numpy()
            training, other = fitted_block(
                variant, folder, training, other, (keys[~held].tolist(), keys[held].tolist())
            )
        if variant in SELECTIONS:
            kept = selected(training, SELECTIONS[variant])
            training, other = (only(rows, kept) for rows in (training, other))
        learner = LEARNERS.get(variant, Learner({}))
        found = candidates_for(training.encoder.features, learner.parameters)
        blend = next(candidate for candidate in found if isinstance(candidate, Blend))
        settings = FEW if sample.defaulted.size < 10_000 else MORE
        settings = settings | {"rounds": f"{round(int(settings['rounds']) * learner.rounds)}"}
        made = [
            blend.fit(training, seed=SEED + further, threads=1, follow=[settings]).model(training.encoder)
            for further in range(learner.seeds)
        ]
        return np.asarray(np.mean([model.margin(other.values) for model in made], axis=0))


def variants_of(folder: Path, changes: list[str]) -> list[str]:
    features = features_of(folder) if "features" in changes else []
    return ["", *features, *(LEARNERS if "learner" in changes else [])]


def features_of(folder: Path) -> list[str]:
    with read_tables(folder) as tables:
        found = set(tables.of("application_train"))
    known = matrix_of(str(folder))
    present = [block for block, names in blocks().items() if any(known[name].n_unique() > 1 for name in names)]
    tried = [f"+{block}" for block, (_, needed, _) in BLOCKS.items() if set(needed) <= found]
    fitted = ["+neighbours", *(["+nested"] if found & set(NESTED) else [])]
    return [FREE, *SELECTIONS, *(f"-{block}" for block in present), *tried, *fitted]


def judged(folder: Path, changes: list[str], repeats: int, pool: ProcessPoolExecutor) -> list[str]:
    """Return the Markdown lines of one folder."""
    matrix = matrix_of(str(folder))
    sample = sample_of(matrix, list(catalogue()), matrix["TARGET"].to_numpy() == 1)
    variants = variants_of(folder, changes)
    jobs: list[Job] = [(str(folder), v, r, n) for v in variants for r in range(repeats) for n in range(FOLDS)]
    made = dict(zip(jobs, pool.map(predict, jobs), strict=True))
    found: dict[str, Figures] = {}
    for variant in variants:
        margin = np.zeros(sample.defaulted.size)
        for repeat in range(repeats):
            fold = grouped_folds(sample.groups, sample.defaulted, FOLDS, SEED + repeat)
            for number in range(FOLDS):
                margin[fold == number] += made[str(folder), variant, repeat, number] / repeats
        p_default = logistic(margin)
        declined = p_default >= 1 / 11
        found[variant] = figures(p_default, sample.defaulted, declined=declined, costs=COSTS, seed=SEED)
    head = f"{sample.defaulted.size:,} applications, {sample.defaulted.sum():,} defaults, {repeats} splits"
    whole = found[""].values["metrics"]
    lines = [f"### {folder.name}: {head}", "", f"All features: AUC {whole['auc']:.4f}, Brier {whole['brier']:.5f}.", ""]
    lines += ["| change | AUC | difference | Brier: difference × 1,000 |", "|---|---|---|---|"]
    for variant in variants[1:]:
        paired = paired_difference(found[variant], found[""])
        auc, brier = paired["auc"], paired["brier"]
        lines.append(
            f"| {told(variant)} | {found[variant].values['metrics']['auc']:.4f} "
            f"| {auc.value:+.4f} [{auc.lower:+.4f}, {auc.upper:+.4f}] "
            f"| {brier.value * 1e3:+.3f} [{brier.lower * 1e3:+.3f}, {brier.upper * 1e3:+.3f}] |"
        )
    return [*lines, ""]


def told(variant: str) -> str:
    if variant == FREE:
        return "without directions (monotone constraints)"
    if variant in LEARNERS:
        return variant
    if variant in SELECTIONS:
        return f"only {variant}, by gain over null importance (chosen in each fold)"
    if variant == "+neighbours":
        return "with: default rate of 300 neighbours (fitted)"
    if variant == "+nested":
        return "with: nested row-level models (fitted)"
    return f"with: {BLOCKS[variant[1:]][0]}" if variant.startswith("+") else f"without: {variant[1:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CREDIT_SCORING_REAL_DATA"))
    parser.add_argument("--folders", nargs="+", default=list(FOLDERS), choices=FOLDERS)
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), choices=CHANGES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path, help="Markdown file to write the tables to")
    options = parser.parse_args()
    if options.data is None:
        print("skipped: this benchmark needs real rows; set CREDIT_SCORING_REAL_DATA or give --data")
        return
    lines: list[str] = []
    # Not forked: Polars' threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for folder in options.folders:
            start = time.perf_counter()
            lines += judged(Path(options.data) / folder, options.changes, options.repeats, pool)
            print(f"  {folder}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    text = "\n".join(lines)
    print(text)
    if options.write:
        options.write.write_text(page(text, options), encoding="utf-8")


def page(text: str, options: argparse.Namespace) -> str:
    command = f"python benchmarks/ablation.py --repeats {options.repeats} --folders {' '.join(options.folders)}"
    command += f" --changes {' '.join(options.changes)}"
    return f"""# What each block of features is worth

Measured {time.strftime("%Y-%m-%d")} by `{command} --write {options.write}`:
the blend out of fold, with settings that are the same for all, paired 95 % bootstrap intervals. A negative difference
of AUC, or a positive one of Brier, says that the change makes the model worse. The samples are 1 to 7 % of the full
data: one by one, most blocks cannot be told from nothing here. Blocks that were tried are in
`benchmarks/_tried_features.py`.

What follows from it: a block stays if it is known to pay on the full data and does no harm here. A block that was tried
and brings nothing here stays out, the more so if it needs fitted state, keeps training rows (neighbours) or breaks a
direction (spread and differences of the scores). Features are not selected: with half of them both samples
are a little worse, and the regression's penalty and the trees' column sampling do what selection would.

{text}"""


if __name__ == "__main__":
    main()
