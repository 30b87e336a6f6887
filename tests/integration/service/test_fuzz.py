"""Schemathesis over the whole OpenAPI document of a running server, and over one that knows the columns by name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.running import THREE_SCORES, Running

from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, Column, Table, schema

pytestmark = pytest.mark.slow

# All of schemathesis' checks are on, but for what its authors cannot know of this API.
SETTINGS = """
seed = 4
workers = 1
continue-on-failure = true
warnings = false

[generation]
deterministic = true
database = "none"

[checks]
# 413: a body that is too large is refused before anybody reads what is wrong with it.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503]

# Which names features have, which columns a table has and which fields exclude each other are rules that no schema
# tells: so a body that its schema allows may be refused with 422.
[[operations]]
include-method = "POST"
checks.positive_data_acceptance.enabled = false
"""
# The other document tells the columns, so there what its schema allows must be accepted.
SETTINGS_BY_NAME = SETTINGS.replace('include-method = "POST"', 'include-path = ["/applications/score", "/simulate"]')
BY_NAME = ("/predict", "/predict/explain", "/predict/batch", "/applications/score", "/simulate")
MOST_COLUMNS = 45


def fuzzed(folder: Path, settings: str, location: str, *options: str) -> int:
    """Return how many cases were tried, all well; fail with schemathesis' report otherwise."""
    (folder / "schemathesis.toml").write_text(settings, encoding="utf-8")
    script = Path(sys.executable).with_name("st")
    command = [str(script), "run", location, "--no-color", *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    told = run.stdout + run.stderr
    assert run.returncode == 0, "\n".join(line[:400] for line in told.splitlines())
    found = re.search(r"([\d,]+) generated", told)
    assert found, told
    return int(found[1].replace(",", ""))


def test_no_case_of_thousands_is_an_error_or_undocumented(server: Running, tmp_path: Path) -> None:
    tried = fuzzed(tmp_path, SETTINGS, f"{server.url}/openapi.json", "--max-examples", "60")
    assert tried > 2_000
    assert server.client.post("/predict", json=THREE_SCORES).status_code == 200
    assert "Traceback" not in server.output


def test_no_case_of_columns_by_name_is_an_error_and_what_is_in_bounds_is_accepted(
    server: Running, tmp_path: Path
) -> None:
    document = by_name(server.client.get("/openapi.json").json())
    (tmp_path / "by-name.json").write_text(json.dumps(document), encoding="utf-8")
    options = ("--url", server.url, "--phases", "fuzzing", "--max-examples", "100")
    assert fuzzed(tmp_path, SETTINGS_BY_NAME, "by-name.json", *options) == 5 * 100
    assert server.client.post("/predict", json=THREE_SCORES).status_code == 200
    assert "Traceback" not in server.output


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with rows of columns by name, of what scores applications alone."""
    tables = schema()
    document["paths"] = {path: document["paths"][path] for path in BY_NAME}
    requests = document["components"]["schemas"]
    features = row(tables["application"])
    del features["properties"][APPLICATION_ID]
    requests["PredictRequest"]["properties"]["features"] = features
    requests["SimulationRequest"]["properties"]["features"] = features
    for name, field in requests["ApplicationRequest"]["properties"].items():
        for kind in (field, *field.get("anyOf", ())):
            if kind.get("type") == "object":
                kind.update(row(tables[name]))
            elif kind.get("type") == "array":
                kind["items"] = row(tables[name])
    return document


def row(table: Table) -> dict[str, Any]:
    columns = {name: column for name, column in table.columns.items() if name != OUTCOME}
    shown = list(columns)[:MOST_COLUMNS]
    properties = {name: value(columns[name]) for name in shown}
    keys = [key for key in table.keys if key in properties and key != APPLICATION_ID]  # its number may be left out
    return {"type": "object", "properties": properties, "required": keys, "additionalProperties": False}


def value(column: Column) -> dict[str, Any]:
    if column.kind == "category":
        return {"type": ["string", "null"], "maxLength": 200}
    if column.kind == "id":
        return {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
    bounds = {"minimum": column.lower, "maximum": column.upper}
    return {"type": ["number", "null"]} | {name: bound for name, bound in bounds.items() if bound is not None}
