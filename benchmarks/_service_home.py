"""What the servers need: a champion of regression and trees, the same rows in a scikit-learn wrapper, and bodies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.features.assemble import assemble
from credit_scoring.tables.frames import HISTORIES, Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.tables.validate import validate
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import Trained, train
from credit_scoring.training.sample import Choices, Fitted, Sample

APPLICATIONS = 3_000
TREES = 400
# Given rather than searched for: the model's size matters here, not how good it is.
CHOSEN = {"rounds": str(TREES), "inverse_penalty": "0.01", "linear_weight": "0.5"}
MODEL = "credit-scoring"


@dataclass(frozen=True)
class Blend:
    """The package's own blend, with its settings given."""

    name: str = "blend"

    def fit(
        self,
        sample: Sample,
        *,
        seed: int,
        threads: int,
        follow: Choices = (),
        fitted: Mapping[str, Fitted] | None = None,
    ) -> Fitted:
        del follow, fitted
        blend = candidates_for(sample.encoder.features)[-1]
        return blend.fit(sample, seed=seed, threads=threads, follow=[CHOSEN])


@dataclass(frozen=True)
class Made:
    """A home with its champion, the peers' folder, and the bodies' files by name."""

    home: Path
    peers: Path
    bundle: Bundle
    bodies: Mapping[str, Path]
    row: np.ndarray[Any, np.dtype[np.float64]]


def make(folder: Path) -> Made:
    """Return all that is served, made in `folder`."""
    synthesize(folder / "tables", applications=APPLICATIONS, seed=7, file_format="parquet")
    with read_tables(folder / "tables") as tables:
        data = home_credit_set(tables, validate(tables))
        trained = train(data, TrainingOptions(folds=2, threads=2), candidates=(Blend(),))
        bundle = save_bundle(trained.bundle, folder / "bundle")
        matrix = assemble(tables.of("application_test"))
        applicant = _typical(tables)
    home, peers = folder / "home", folder / "peers"
    published = PublishedBundles(home / "models")
    published.publish(folder / "bundle")
    published.point(
        Pointer(champion=Published(model_name=MODEL, version=1, digest=bundle.digest), announced=True),
    )
    _fit_wrapper(trained, peers)
    chosen = matrix.filter(pl.col(APPLICATION_ID) == applicant).select(bundle.model.encoder.features)
    full = chosen.row(0, named=True)
    row = bundle.model.encoder.encode(chosen)
    contents: dict[str, object] = {
        "three": {"features": {"EXT_SOURCE_1": 0.5, "EXT_SOURCE_2": 0.6, "EXT_SOURCE_3": 0.7}},
        "full": {"features": full},
        "application": _arriving(folder / "tables", applicant),
        "mlflow": {
            "dataframe_split": {
                "columns": list(bundle.model.encoder.features),
                "data": [[None if math.isnan(value) else value for value in row[0].tolist()]],
            }
        },
    }
    bodies = {name: folder / f"{name}.json" for name in contents}
    for name, content in contents.items():
        bodies[name].write_text(json.dumps(content), encoding="utf-8")
    return Made(home, peers, bundle, bodies, row)


def _fit_wrapper(trained: Trained, folder: Path) -> None:
    """Save a scikit-learn wrapper of as many trees on the same matrix, as a pickle and as MLflow keeps it."""
    joblib, lightgbm, mlflow = (import_module(name) for name in ("joblib", "lightgbm", "mlflow.sklearn"))
    encoder = trained.bundle.model.encoder
    frame = import_module("pandas").DataFrame(trained.values, columns=list(encoder.features))
    model = lightgbm.LGBMClassifier(n_estimators=TREES, num_leaves=8, learning_rate=0.02, verbosity=-1)
    model.fit(frame, trained.defaulted)
    folder.mkdir()
    joblib.dump(model, folder / "model.joblib")
    levels = {name: {level: rank for rank, level in enumerate(of)} for name, of in encoder.categories.items()}
    told = {"columns": list(encoder.features), "levels": levels}
    (folder / "columns.json").write_text(json.dumps(told), encoding="utf-8")
    signature = import_module("mlflow.models").infer_signature(frame.head(100))
    kept = folder / "mlflow"
    mlflow.save_model(model, str(kept), signature=signature, serialization_format="cloudpickle", pip_requirements=[])


def _typical(tables: Tables) -> int:
    """Return the new applicant whose number of history rows is the median."""
    counts = [
        frame.group_by(APPLICATION_ID).len()
        for name, frame in tables.frames.items()
        if name in HISTORIES and name != "bureau_balance"
    ]
    rows = pl.concat(counts).group_by(APPLICATION_ID).agg(pl.col("len").sum())
    mine = tables.frames["application_test"].select(APPLICATION_ID).join(rows, on=APPLICATION_ID)
    ordered = mine.sort("len", APPLICATION_ID).collect()
    return int(ordered[APPLICATION_ID][ordered.height // 2])


def _arriving(folder: Path, applicant: int) -> dict[str, object]:
    """Return an application as it arrives: its row, and its rows in the other tables."""

    def rows(stem: str, of: pl.Expr) -> list[dict[str, Any]]:
        return pl.scan_parquet(folder / f"{stem}.parquet").filter(of).collect().to_dicts()

    mine = pl.col(APPLICATION_ID) == applicant
    found: dict[str, object] = {"application": rows("application_test", mine)[0]}
    bureau = [row["SK_ID_BUREAU"] for row in rows("bureau", mine)]
    for stem in HISTORIES:
        found[stem] = rows(stem, pl.col("SK_ID_BUREAU").is_in(bureau) if stem == "bureau_balance" else mine)
    return found
