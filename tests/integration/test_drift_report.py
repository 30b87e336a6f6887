"""The drift report as a page: a real model, a real registry, real Evidently, a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.commands import apart, typed
from tests.conftest import WITH_MLFLOW
from tests.trained import quick_boosting
from tests.unit.monitoring.conftest import drawn_bundle, fresh

pytest.importorskip("evidently", reason="Evidently is not installed")
pytest.importorskip("mlflow", reason="MLflow is not installed")

from credit_scoring.adapters.mlflow_registry import MlflowRegistry
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.domain.errors import DataError, EngineError, RegistryError
from credit_scoring.monitoring.drift import Drift, Moves
from credit_scoring.monitoring.reference import Reference
from credit_scoring.monitoring.watch import WatchReport, watch, window
from credit_scoring.reporting.drift_report import MOST_BYTES, drawn_columns, drift_report
from credit_scoring.scoring.sample import RowSample
from credit_scoring.tables.synthetic import Drift as Shift
from credit_scoring.tables.synthetic import synthesize

pytestmark = WITH_MLFLOW
ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "generate_drift_report.py"
# What a program runs first: an address that is asked for, or a connection that is made, ends it.
UNPLUGGED = """
import socket, sys
def refuse(*arguments, **_):
    sys.stderr.write(f"NETWORK {arguments}\\n")
    raise OSError("unplugged")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
"""


class Loaded(HTMLParser):
    """Collects what a page would load or lead to, and its title, language and tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.found: dict[str, str | None] = {}
        self.tables = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.addresses += [value for name, value in attrs if name in {"src", "href", "action", "srcset"} and value]
        self.tables += tag == "table"
        if tag == "html":
            self.found["lang"] = told.get("lang")
        if told.get("http-equiv") == "Content-Security-Policy":
            self.found["policy"] = told.get("content")


def scripted(home: Path, first: str, *arguments: str | Path, code: int) -> str:
    """Run the script in a process of its own, in which `first` is run before all; return what it printed."""
    (home / "first").mkdir(exist_ok=True)
    (home / "first" / "sitecustomize.py").write_text(first, encoding="utf-8")
    paths = os.pathsep.join(filter(None, (str(home / "first"), os.environ.get("PYTHONPATH"))))
    return apart(home, SCRIPT, *arguments, code=code, PYTHONPATH=paths)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a registered champion, and shifted applications in its data folder."""
    home = tmp_path_factory.mktemp("reported")
    synthesize(home / "past", applications=1_500, seed=21, file_format="parquet")
    shift = Shift(test_shift=1.0)
    synthesize(home / "data", applications=50, seed=22, file_format="parquet", drift=shift, test_applications=1_500)
    published = PublishedBundles(home / "models")
    MlflowRegistry(home, published, tracking_uri="", model_name="credit-scoring").record(
        quick_boosting(home / "past"), promote=True
    )
    return home


@pytest.fixture(scope="module")
def made(home: Path) -> tuple[str, dict[str, Any], str]:
    """The page, the JSON of the same run, and what was printed."""
    told = scripted(home, UNPLUGGED, "-o", home / "report.json", code=2)
    page = (home / "reports" / "data_drift_report.html").read_text(encoding="utf-8")
    return page, json.loads((home / "report.json").read_text(encoding="utf-8")), told


def ours(page: str) -> str:
    return page.partition('<div class="watch">')[2].partition("</div><div id=")[0]


def rows_of(page: str, title: str) -> list[list[str]]:
    """Return the cells of the tables under a heading of ours."""
    part = ours(page).partition(f"<h2>{title}</h2>")[2].partition("<h2>")[0]
    rows = re.findall(r"<tr>(<td.*?)</tr>", part, re.DOTALL)
    return [
        [unescape(re.sub("<small>.*?</small>|<[^>]+>", "", cell)) for cell in re.findall("<td.*?</td>", row)]
        for row in rows
    ]


def test_the_page_says_what_the_json_says(made: tuple[str, dict[str, Any], str]) -> None:
    page, report, _ = made
    findings = report["drift"]["findings"]
    alarms = sum(one["severity"] == "alarm" for one in findings)
    assert alarms
    assert f"{alarms} alarm" in ours(page)
    expected = [[one["severity"], one["code"], one["subject"], f"{one['value']:+.3f}"] for one in findings]
    assert [[row[0], row[1], row[2], row[4]] for row in rows_of(page, "What moved")] == expected
    told = {row[0]: row[2] for row in rows_of(page, "What the model is worth now")}
    for name, shown in (("auc", "AUC"), ("cost", "cost per applicant")):
        figure = report["expected"][name]
        assert told[shown] == f"{figure['value']:.4f} [{figure['lower']:.4f}, {figure['upper']:.4f}]"
    concepts = {row[0]: row[1] for row in rows_of(page, "By concept")}
    assert concepts == {
        one["concept"].replace("_", " "): f"{one['moved']} of {one['features']}" for one in report["drift"]["concepts"]
    }


def drawn(page: str) -> dict[str, tuple[float, bool]]:
    """Return what Evidently's table says of each column: its score, and whether it is detected."""
    named, said = r'"column_name": "([^"]+)", "column_type": "\w+", "stattest_name": "PSI"', r'"data_drift": "([^"]+)"'
    rows = re.findall(named + ".*?" + said + r', "drift_score": ([\d.e-]+)', page)
    return {name: (float(score), verdict == "Detected") for name, verdict, score in rows}


def test_evidently_does_not_contradict_us(made: tuple[str, dict[str, Any], str]) -> None:
    page, report, _ = made
    shown = drawn(page)
    assert {"p_default", "decision"} < set(shown)
    assert f"Evidently draws {len(shown)} columns" in page
    assert {found for _, found in shown.values()} == {False, True}
    watched = {one["name"]: one for one in report["drift"]["watched"]}
    for name, (score, detected) in shown.items():
        verdicts = set(watched[name]["verdicts"].values())
        assert score == pytest.approx(watched[name]["psi"], abs=1e-6)
        assert detected == bool({"notice", "alarm"} & verdicts), name


def test_nothing_is_loaded_from_anywhere(made: tuple[str, dict[str, Any], str]) -> None:
    page, _, told = made
    assert "NETWORK" not in told
    assert "arning" not in told
    loaded = Loaded(page)
    assert loaded.found["lang"] == "en"
    assert "default-src 'none'" in (loaded.found["policy"] or "")
    assert "<title>Drift report</title>" in page
    assert [address for address in loaded.addresses if not address.startswith(("#", "data:"))] == []
    assert loaded.tables >= 5
    targets = set(re.findall(r'id="(CS-[A-Z]\d\d)"', page))
    assert {address[1:] for address in loaded.addresses if address.startswith("#")} <= targets
    assert len(page.encode()) < MOST_BYTES


def test_a_browser_draws_it_without_a_request_or_a_complaint(made: tuple[str, dict[str, Any], str], home: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = os.environ.get("CREDIT_SCORING_TEST_BROWSER")
    if not program:
        pytest.skip("needs a browser: set CREDIT_SCORING_TEST_BROWSER to the path of Chromium")
    said: list[str] = []
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("request", lambda request: said.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        address = (home / "reports" / "data_drift_report.html").as_uri()
        page.goto(address)
        page.get_by_text("Data Drift Summary").wait_for()
        page.get_by_role("button", name="Detail panel visibility toggle").first.click()
        page.locator(".js-plotly-plot").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366
        browser.close()
    assert [one for one in said if one != address and not one.startswith(("data:", "blob:"))] == []


def test_the_sample_is_kept_with_the_version_and_never_published(home: Path) -> None:
    published = PublishedBundles(home / "models")
    digest = published.champion().digest
    registry = MlflowRegistry(home, published, tracking_uri="", model_name="credit-scoring")
    sample = registry.reference_sample(digest)
    assert sample.height == 1_500
    assert not {"SK_ID_CURR", "TARGET"} & set(sample.columns)
    bundle = published.champion()
    assert sorted(sample["p_default"]) == sorted(bundle.out_of_fold["p_default"])
    kept = {path.relative_to(home).parts[0] for path in home.rglob("*sample*.parquet")}
    assert kept == {"mlartifacts"}
    assert not list(home.rglob("bundle/*sample*"))


def test_without_the_sample_it_says_what_to_do_and_other_rows_can_be_drawn(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "models", tmp_path / "models")
    page = tmp_path / "report.html"
    with pytest.raises(RegistryError, match=r"holds no version .* --reference DIR$"):
        typed(tmp_path, "drift", "--current", home / "data", "-o", page)
    assert not page.exists()
    typed(tmp_path, "drift", "--current", home / "data", "--reference", home / "past", "-o", page, code=2)
    assert "1,500 current and 1,500 reference" in page.read_text(encoding="utf-8")
    kept = next((home / "mlartifacts").rglob("reference_sample.parquet"))
    kept.rename(kept.with_suffix(".away"))
    try:
        with pytest.raises(RegistryError, match=r"keeps no sample .* train again"):
            typed(home, "drift", "-o", page)
    finally:
        kept.with_suffix(".away").rename(kept)


def test_what_is_missing_is_told_before_the_work(home: Path, tmp_path: Path) -> None:
    told = scripted(tmp_path, "", code=1)
    assert "train a model with `credit-scoring train`" in told
    assert "Traceback" not in told
    with pytest.raises(DataError, match=r"must end in \.json or \.html"):
        typed(home, "drift", "-o", tmp_path / "report.txt")
    absent = "import sys; sys.modules['evidently'] = None"
    told = scripted(home, absent, "-o", tmp_path / "other.html", code=3)
    assert "credit-scoring[report]" in told
    assert "Comparing" not in told


def wide(report: WatchReport, features: int) -> WatchReport:
    """Return the report of a model of many more features, a third of which moved."""

    def moves(number: int) -> Moves:
        verdict = "alarm" if number % 3 == 0 else "steady"
        like = report.drift.watched[0].model_dump() | {"name": f"f{number}", "verdicts": {"CS-D01": verdict}}
        return Moves.model_validate(like | {"importance": 1 / (number + 1)})

    others = tuple(one for one in report.drift.watched if one.kind != "feature")
    found: Drift = report.drift.model_copy(update={"watched": (*map(moves, range(features)), *others)})
    return report.model_copy(update={"drift": found})


@pytest.fixture(scope="module")
def small() -> WatchReport:
    bundle = drawn_bundle()
    reference = Reference.of(bundle)
    return watch(bundle, reference, window(bundle, reference, [fresh(500, seed=4)]))


def rows(columns: int, seed: int, height: int = 2_000) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    values = {f"f{number}": generator.normal(size=height) for number in range(columns)}
    decisions = generator.choice(["approve", "decline"], height)
    return pl.DataFrame({"p_default": generator.random(height), "decision": decisions} | values)


def test_of_500_features_those_that_matter_are_drawn_and_the_page_stays_small(small: WatchReport) -> None:
    report = wide(small, 500)
    told: list[int] = []
    sides = rows(500, 1), rows(500, 2)
    page = drift_report(report, *sides, meanings={}, made_at="now", on_columns=told.append)
    assert len(page.encode()) < MOST_BYTES
    shown = set(drawn(page))
    assert {f"f{number}" for number in range(20)} < shown  # what weighs most
    assert {"f21", "f24", "f27", "f30"} < shown  # what moved, of the others
    assert told == [40]
    limit = len(page.encode())
    told.clear()
    smaller = drift_report(report, *sides, meanings={}, made_at="now", most_bytes=limit - 1, on_columns=told.append)
    assert told == [40, 20]
    assert len(smaller.encode()) < limit
    with pytest.raises(EngineError, match="no drift report"):
        drift_report(report, *(side[:, :3] for side in sides), meanings={}, made_at="now", most_bytes=1_000)


def test_any_column_can_be_drawn_and_none_can_break_out_of_the_page(small: WatchReport) -> None:
    attack = "</script><script>document.title='broken'</script>"
    names = ("all missing", "now missing", "constant", "endless", "words", attack, "none of the two")
    moves = small.drift.watched[0].model_dump()
    named = tuple(Moves.model_validate(moves | {"name": name}) for name in names)
    others = tuple(one for one in small.drift.watched if one.kind != "feature")
    found = small.drift.model_copy(update={"watched": (*named, *others)})
    report = small.model_copy(update={"drift": found, "model": attack})

    def side(seed: int, *, now: bool) -> pl.DataFrame:
        plain = rows(1, seed, height=40)
        return plain.with_columns(
            pl.lit(None, dtype=pl.Float64).alias("all missing"),
            pl.lit(None if now else 1.0, dtype=pl.Float64).alias("now missing"),
            pl.lit(1.0).alias("constant"),
            pl.when(pl.col("f0") > 0).then(float("inf")).otherwise(pl.col("f0")).alias("endless"),
            pl.when(pl.col("f0") > 0).then(pl.lit(attack)).alias("words"),
            pl.col("f0").alias(attack),
        ).drop("f0")

    current, reference = side(1, now=True), side(2, now=False)
    assert set(drawn_columns(found, current, reference)) == {
        "p_default",
        "decision",
        "constant",
        "endless",
        "words",
        attack,
    }
    page = drift_report(report, current, reference, meanings={}, made_at="now")
    assert "<script>document" not in page
    assert r"\u2039script\u203adocument" in page


def test_a_window_fills_the_sample_from_all_its_parts() -> None:
    bundle = drawn_bundle()
    reference, sample = Reference.of(bundle), RowSample(100)
    parts: Iterator[pl.DataFrame] = iter([fresh(300, seed=7), fresh(200, seed=8)])
    current = window(bundle, reference, parts, sample=sample)
    assert sample.rows.height == 100
    assert set(sample.rows["p_default"]) <= set(current.p_default)
    for part in (current.p_default[:300], current.p_default[300:]):
        assert set(sample.rows["p_default"]) & set(part)
