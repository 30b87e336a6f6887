"""Every page of the dashboard in a real browser, from the address to the drawn page, beside what the API took.

    python benchmarks/dashboard.py [--applicants 300000] [--browser PATH] [--write docs/benchmarks/dashboard.md]

The goal: a page is drawn within a second of the API's answer, with 300,000 applicants in the feature store. Cold is the
first visit after the dashboard has started, warm the median of five later visits, each in a window of its own, which
loads Streamlit's own page again. The API's time is what its own metrics add up to during the visit.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.features.assemble import assemble
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from feature_store import MADE, champion, repeated

API, DASHBOARD = "http://127.0.0.1:8123", "http://127.0.0.1:8623"
VISITS = 5
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
DRAWN = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1')
        && !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]');
}"""


def stocked(home: Path, applicants: int) -> None:
    """Make a home with a champion and as many stored applicants."""
    bundle, _ = champion(home)
    published = PublishedBundles(home / "models")
    published.publish(home / "first")
    decides = Published(model_name="credit-scoring", version=1, digest=bundle.digest)
    published.point(Pointer(champion=decides, announced=True))
    synthesize(home / "data", applications=MADE, seed=7, file_format="parquet")
    with read_tables(home / "data") as tables:
        matrix = assemble(tables.of("application_train")).drop("TARGET")
        columns = tables.columns_of("application_train")
    FeatureStore(home / "applicants").load(
        repeated(matrix, applicants), bundle=bundle, applications="application_test", columns=columns, tables={}
    )


@contextmanager
def started(url: str, *arguments: str, home: Path) -> Iterator[None]:
    """Run a command of the program until the block ends, once it answers at `url`."""
    environment = os.environ | {"CREDIT_SCORING_HOME": str(home)}
    command = [sys.executable, "-m", "credit_scoring", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(url, timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def api_seconds() -> float:
    """Return how long the API has worked on requests so far."""
    told = httpx.get(f"{API}/metrics", timeout=30).text
    return sum(map(float, re.findall(r"^credit_scoring_request_seconds_sum\{[^}]*\} (\S+)", told, re.MULTILINE)))


def visit(browser: Browser, path: str) -> tuple[float, float]:
    """Return the seconds until a page is drawn in a new window, and those of the API within."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    before, start = api_seconds(), time.perf_counter()
    page.goto(f"{DASHBOARD}/{path}")
    page.wait_for_function(DRAWN, timeout=120_000, polling=20)
    spent = time.perf_counter() - start
    context.close()
    return spent, api_seconds() - before


def measured(browser: Browser) -> Iterator[str]:
    """Yield a line of figures for each page."""
    first = httpx.get(f"{API}/applicants", params={"limit": 1}, timeout=60).json()["applicants"][0]["applicant"]
    decision = httpx.post(f"{API}/applicants/{first}/score", timeout=60).json()["decision_id"]
    paths = {
        "Search": "?lang=en",
        "Applicant's file": f"?decision={decision}&lang=en",
        "Simulation": f"simulation?decision={decision}&lang=en",
        "Review queue": "queue?lang=en",
        "Portfolio and policy": "portfolio?lang=en",
        "Model": "model?lang=en",
        "Monitoring": "monitoring?lang=en",
    }
    yield "| page | cold, s | of it API | beyond | warm, s | of it API | beyond |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, path in paths.items():
        cold, api = visit(browser, path)
        warm, warm_api = np.median([visit(browser, path) for _ in range(VISITS)], axis=0)
        yield (
            f"| {name} | {cold:.2f} | {api:.2f} | {cold - api:.2f} | {warm:.2f} | {warm_api:.2f} | "
            f"{warm - warm_api:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applicants", type=int, default=300_000)
    parser.add_argument("--browser", default=shutil.which("chromium"), help="path of Chromium")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    if not asked.browser:
        print("skipped: there is no chromium; name a browser with --browser")
        return
    lines = []
    with TemporaryDirectory() as scratch, sync_playwright() as playwright:
        home = Path(scratch)
        stocked(home, asked.applicants)
        browser = playwright.chromium.launch(executable_path=asked.browser, args=list(OPTIONS))
        with (
            started(f"{API}/ready", "serve", "--port", API.rpartition(":")[2], home=home),
            started(
                f"{DASHBOARD}/_stcore/health",
                *("dashboard", "--api", API, "--port", DASHBOARD.rpartition(":")[2]),
                home=home,
            ),
        ):
            for line in measured(browser):
                print(line, flush=True)
                lines.append(line)
        browser.close()
    if asked.write:
        head = f"# The dashboard\n\n    python benchmarks/dashboard.py --applicants {asked.applicants}\n\n"
        note = (
            "Seconds from the address to the drawn page, two cores shared by browser, dashboard and API. The goal is a "
            "second beyond the API's answer.\n\n"
        )
        asked.write.write_text(head + note + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
