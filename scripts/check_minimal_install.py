"""Serve a bundle from an installation without training extras.

With ``--make DIR`` (in a full installation): train a small model and leave bundle, table and PDs in DIR.
With ``DIR`` (in a minimal one): load the bundle, score the table, compare PDs to the last bit, serve it over HTTP, and
make sure that no training library is there to help.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

START_SECONDS = 120
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
    from credit_scoring.bundle.store import load_bundle
    from credit_scoring.features.assemble import assemble
    from credit_scoring.scoring.score import score
    from credit_scoring.tables.read import read_tables

    bundle = load_bundle(folder / "bundle")
    with read_tables(folder / "data") as tables:
        matrix = assemble(tables.of("application_train"))
    scored = score(bundle, matrix, explained=True)
    expected = pl.read_parquet(folder / "pd.parquet")
    if not np.array_equal(scored.decisions["p_default"].to_numpy(), expected["p_default"].to_numpy()):
        sys.exit("the PDs differ from those of the installation that trained")
    print(f"minimal install: {matrix.height} applications scored to the last bit as where they were trained")
    answer_over_http(folder, bundle.digest)
    installed = sum(
        path.stat().st_size for path in Path(sys.prefix).rglob("*") if path.is_file() and not path.is_symlink()
    )
    print(f"minimal install: {installed / 1e6:.0f} MB")


def answer_over_http(folder: Path, digest: str) -> None:
    """Publish the bundle, serve it in a process of its own, and ask it."""
    from credit_scoring.bundle.published import Pointer, Published, PublishedBundles

    published = PublishedBundles(folder / "models")
    published.publish(folder / "bundle")
    published.point(Pointer(champion=Published(model_name="credit-scoring", version=1, digest=digest)))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    start = time.perf_counter()
    environment = os.environ | {"CREDIT_SCORING_HOME": str(folder)}
    server = subprocess.Popen([sys.executable, "-m", "credit_scoring", "serve", "--port", str(port)], env=environment)
    try:
        while True:
            try:
                ready = ask(port, "/ready", None)
                break
            except OSError:
                if server.poll() is not None or time.perf_counter() - start > START_SECONDS:
                    sys.exit("the API does not start in a minimal installation")
                time.sleep(0.02)
        took = time.perf_counter() - start
        told = ask(port, "/predict/explain", {"features": {"EXT_SOURCE_2": 0.4, "AMT_CREDIT": 200_000}})
        status = Path(f"/proc/{server.pid}/status")
        lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
        memory = next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS")), float("nan"))
    finally:
        server.terminate()
        server.wait()
    if ready["model"] != digest or not told["reasons"]:
        sys.exit(f"the API does not serve the bundle: {ready}, {told}")
    print(f"minimal install: the API answers {took:.1f} s after its start, {memory:.0f} MB resident")


def ask(port: int, path: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
    return answer


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[1]))
