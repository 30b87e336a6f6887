"""Serve a bundle from an installation without training extras.

With ``--make DIR`` (in a full installation): train a small model and leave bundle, table and PDs in DIR.
With ``DIR`` (in a minimal one): load the bundle, score the table, compare PDs to the last bit, and make sure
that no training library is there to help.
"""

import importlib.util
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

ABSENT = ("mlflow", "sklearn", "shap", "matplotlib", "pandas")


def make(folder: Path) -> None:
    from credit_scoring.bundle.store import save_bundle
    from credit_scoring.tables.read import read_tables
    from credit_scoring.tables.synthetic import synthesize
    from credit_scoring.tables.validate import validate
    from credit_scoring.training.boosting import Boosting
    from credit_scoring.training.candidates import EXTERNAL_SCORES
    from credit_scoring.training.development import TrainingOptions
    from credit_scoring.training.prepare import home_credit_set
    from credit_scoring.training.run import train

    synthesize(folder / "data", applications=1_500, seed=5, file_format="csv")
    with read_tables(folder / "data") as tables:
        data = home_credit_set(tables, validate(tables))
    trained = train(data, TrainingOptions(folds=2), candidates=(Boosting("boosting", start=EXTERNAL_SCORES),))
    bundle = save_bundle(trained.bundle, folder / "bundle")
    p_default = bundle.model.p_default(bundle.model.encoder.encode(data.matrix))
    pl.DataFrame({"SK_ID_CURR": data.matrix["SK_ID_CURR"], "p_default": p_default}).write_parquet(folder / "pd.parquet")


def serve(folder: Path) -> None:
    if here := [name for name in ABSENT if importlib.util.find_spec(name) is not None]:
        sys.exit(f"not a minimal installation: {here} are installed")
    start = time.perf_counter()
    from credit_scoring.bundle.store import load_bundle
    from credit_scoring.features.assemble import assemble
    from credit_scoring.scoring.score import score
    from credit_scoring.tables.read import read_tables

    bundle = load_bundle(folder / "bundle")
    loaded = time.perf_counter() - start
    with read_tables(folder / "data") as tables:
        matrix = assemble(tables.of("application_train"))
    scored = score(bundle, matrix, explained=True)
    expected = pl.read_parquet(folder / "pd.parquet")
    if not np.array_equal(scored.decisions["p_default"].to_numpy(), expected["p_default"].to_numpy()):
        sys.exit("the PDs differ from those of the installation that trained")
    print(
        f"minimal install: {matrix.height} applications scored to the last bit as where they were trained; "
        f"import and load {loaded:.1f} s"
    )


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[1]))
