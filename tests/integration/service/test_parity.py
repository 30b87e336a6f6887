"""One application through every door: the same features, PD, decision and reasons."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from tests.running import Running, running
from tests.served import Bundles, load_applicants

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.decision_log.values import unpack_values
from credit_scoring.bundle.store import Bundle
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.score import score
from credit_scoring.tables.frames import HISTORIES, Tables
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME

pytestmark = pytest.mark.slow
Features = Mapping[str, float | str | None]


def raw_rows(folder: Path, stem: str, applicants: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the rows of a table as they were written, by applicant; ``bureau_balance`` by its credit's.

    What is missing is sent as null: a column that no row holds would be taken as not known to the sender.
    """
    path = next(folder.glob(f"{stem}.*"))
    frame = pl.read_csv(path, infer_schema_length=None) if path.suffix == ".csv" else pl.read_parquet(path)
    if APPLICATION_ID not in frame.columns:
        owners = pl.read_csv(folder / "bureau.csv", columns=["SK_ID_BUREAU", APPLICATION_ID])
        frame = frame.join(owners, on="SK_ID_BUREAU", how="inner")
    frame = frame.filter(pl.col(APPLICATION_ID).is_in(applicants)).drop(OUTCOME, strict=False)
    found: dict[int, list[dict[str, Any]]] = {key: [] for key in applicants}
    for row in frame.iter_rows(named=True):
        key = row[APPLICATION_ID]
        told = {n: None if isinstance(v, float) and math.isnan(v) else v for n, v in row.items()}
        found[key].append(told if stem != "bureau_balance" else {n: v for n, v in told.items() if n != APPLICATION_ID})
    return found


def through_every_door(home: Path, folder: Path, tables: Tables, stem: str, number: int, bundle: Bundle) -> None:
    ids = tables.frames[stem].select(APPLICATION_ID).sort(APPLICATION_ID).head(number).collect()[APPLICATION_ID]
    applicants = ids.to_list()
    frames = {
        name: frame if name == "bureau_balance" else frame.filter(pl.col(APPLICATION_ID).is_in(applicants))
        for name, frame in tables.frames.items()
        if name == stem or name in HISTORIES
    }
    chosen = replace(tables, frames=frames)
    load_applicants(home, bundle, chosen, stem)
    matrix = assemble(chosen.of(stem))
    expected = score(bundle, matrix, explained=True)
    values = bundle.model.encoder.encode(matrix)
    rows = {name: raw_rows(folder, name, applicants) for name in HISTORIES}
    applications = raw_rows(folder, stem, applicants)

    def arriving(key: int) -> dict[str, Any]:
        return {"application": applications[key][0]} | {name: found[key] for name, found in rows.items()}

    with running(home) as server:
        with ThreadPoolExecutor(4) as threads:
            stored = list(threads.map(lambda key: _told(server, f"/applicants/{key}/score", None), applicants))
            arrived = list(threads.map(lambda key: _told(server, "/applications/score", arriving(key)), applicants))
        batch = _batch(server, matrix)
    reasons = [[reason.told("en") for reason in one] for one in expected.reasons or []]
    for told in (stored, arrived):
        assert [[reason["text"] for reason in one["reasons"]] for one in told] == reasons
    for found in (stored, arrived, batch):
        assert [one["p_default"] for one in found] == expected.decisions["p_default"].to_list()
        assert [one["decision"] for one in found] == expected.decisions["decision"].to_list()
    recorded = _recorded(home, len(bundle.model.encoder.features))
    for found in (stored, arrived, batch):
        seen = np.stack([recorded[one["decision_id"]] for one in found])
        np.testing.assert_allclose(seen, values, rtol=1e-9, atol=1e-9, equal_nan=True)


def _told(server: Running, path: str, body: object) -> dict[str, Any]:
    response = server.client.post(path, json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def _batch(server: Running, matrix: pl.DataFrame) -> list[dict[str, Any]]:
    out = io.BytesIO()
    matrix.drop(OUTCOME, strict=False).write_parquet(out)
    headers = {"Content-Type": "application/vnd.apache.parquet", "Accept": "application/json"}
    response = server.client.post("/predict/batch", content=out.getvalue(), headers=headers)
    assert response.status_code == 200, response.text
    predictions: list[dict[str, Any]] = response.json()["predictions"]
    return predictions


def _recorded(home: Path, features: int) -> dict[str, NDArray[np.float64]]:
    with open_log(f"sqlite:///{home / 'decisions.db'}") as log:
        log.verify()
        return {
            one.entry.id: unpack_values([one.entry.payload.values], features)[0]
            for one in log.scan(kinds=("decision",))
            if one.entry.payload is not None
        }


@pytest.fixture
def home(bundles: Bundles, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    bundles.published(folder)
    return folder


def test_one_application_through_every_door(
    home: Path, bundles: Bundles, synthetic_folder: Path, synthetic_tables: Tables
) -> None:
    through_every_door(home, synthetic_folder, synthetic_tables, "application_train", 100, bundles.first)


def test_a_thousand_real_applications_through_every_door(
    home: Path, bundles: Bundles, real_folder: Callable[[str], Path]
) -> None:
    folder = real_folder("all_tables")
    with read_tables(folder) as tables:
        through_every_door(home, folder, tables, "application_train", 1_000, bundles.first)
