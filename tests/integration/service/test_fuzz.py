"""Schemathesis over the whole OpenAPI document of a running server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.service.running import THREE_SCORES, Running

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
    tried = fuzzed(tmp_path, SETTINGS, f"{server.url}/openapi.json", "--max-examples", "80")
    assert tried > 2_000
    assert server.client.post("/predict", json=THREE_SCORES).status_code == 200
    assert "Traceback" not in server.output
