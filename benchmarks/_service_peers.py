"""What the service is measured against, each a server.

    python benchmarks/_service_peers.py bare|student PORT FOLDER

`bare` parses and validates the same body as ``/predict`` and answers a constant. `student` is what tutorials show: an
unpickled scikit-learn wrapper, a DataFrame for each request, and a ``TreeExplainer`` for each explanation.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from credit_scoring.wire.base import ModelReference
from credit_scoring.wire.scoring import Prediction, PredictRequest


def bare(folder: Path) -> FastAPI:
    del folder
    app = FastAPI()
    constant = Prediction(
        decision_id="0" * 32,
        p_default=0.1,
        decision="approve",
        by_cutoff="approve",
        cutoff=0.2,
        distance_to_cutoff=0.1,
        coverage=1.0,
        warnings=(),
        model=ModelReference(version=1, digest="0" * 64),
    )

    @app.post("/predict")
    async def predict(body: PredictRequest) -> Prediction:
        del body
        return constant

    return app


class Asked(BaseModel):
    features: dict[str, float | str | None]


def student(folder: Path) -> FastAPI:
    joblib, pandas, shap = map(import_module, ("joblib", "pandas", "shap"))
    app = FastAPI()
    model = joblib.load(folder / "model.joblib")
    told = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    columns: list[str] = told["columns"]
    levels: dict[str, dict[str, float]] = told["levels"]

    def framed(features: dict[str, float | str | None]) -> Any:
        frame = pandas.DataFrame([features]).reindex(columns=columns)
        for name, ranks in levels.items():
            frame[name] = frame[name].map(ranks)
        return frame.astype(float)

    @app.post("/predict")
    def predict(body: Asked) -> dict[str, Any]:
        p_default = float(model.predict_proba(framed(body.features))[0, 1])
        return {"probability": p_default, "decision": "refused" if p_default >= 0.1 else "accepted"}

    @app.post("/predict/explain")
    def explain(body: Asked) -> dict[str, Any]:
        frame = framed(body.features)
        p_default = float(model.predict_proba(frame)[0, 1])
        shares = shap.TreeExplainer(model).shap_values(frame)
        return {"probability": p_default, "contributions": dict(zip(columns, map(float, shares[0]), strict=True))}

    return app


if __name__ == "__main__":
    kind, port, where = sys.argv[1:]
    made = {"bare": bare, "student": student}[kind](Path(where))
    uvicorn.run(made, port=int(port), log_level="warning", access_log=False)
