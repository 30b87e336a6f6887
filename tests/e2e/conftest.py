"""A real API, a real dashboard, and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.running import START_SECONDS, THREE_SCORES, Running, eventually, free_port, running
from tests.served import Bundles

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.watch_log import record_pass, watch_decisions

BROWSER, SCREENSHOTS = "CREDIT_SCORING_TEST_BROWSER", "CREDIT_SCORING_SCREENSHOTS"
# A closed network must not be waited for.
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 60
expect.set_options(timeout=SECONDS * 1000)
DECIDED = 80


@dataclass(frozen=True)
class Dashboard:
    """A dashboard that listens, and opens pages."""

    url: str
    browser: Browser

    @contextmanager
    def open(self, path: str, *, width: int = 1366, height: int = 768, locale: str = "en-GB") -> Iterator[Page]:
        """Open a page in a window of its own, once it is drawn."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale=locale)
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        try:
            page.goto(f"{self.url}/{path}")
            drawn(page)
            yield page
        finally:
            context.close()


def drawn(page: Page) -> None:
    """Wait until Streamlit has run the page, and nothing that it drew is stale."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        """() => {
            const app = document.querySelector('[data-testid="stApp"]');
            return app && app.dataset.testScriptState === 'notRunning'
                && !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]');
        }"""
    )
    page.wait_for_timeout(300)


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the whole page, where pictures are asked for."""
    folder = os.environ.get(SCREENSHOTS)
    if folder:
        height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
        size = page.viewport_size or {"width": 1366, "height": 768}
        page.set_viewport_size({"width": size["width"], "height": min(max(size["height"], int(height)), 6_000)})
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.set_viewport_size(size)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get(BROWSER)
    if not path:
        pytest.skip(f"needs a browser: set {BROWSER} to the path of Chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        yield started
        started.close()


@contextmanager
def looking_at(api: str, browser: Browser, **environment: str) -> Iterator[Dashboard]:
    """Run a dashboard that asks the API at `api`."""
    port = free_port()
    command = [sys.executable, "-m", "credit_scoring", "dashboard", "--api", api, "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=5) as asking:
            eventually(lambda: process.poll() is not None or answers(asking, "/_stcore/health"), START_SECONDS)
        assert process.poll() is None, "the dashboard did not start"
        yield Dashboard(url, browser)
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


def answers(asking: httpx.Client, path: str) -> bool:
    try:
        return asking.get(path).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="session")
def api(
    browser: Browser, stocked: Path, bundles: Bundles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("looked-at") / "home"
    shutil.copytree(stocked, home)
    with running(home) as server:
        watched_for_a_while(server, bundles)
        yield server


def watched_for_a_while(server: Running, bundles: Bundles) -> None:
    """Decide, observe what became of it, and let the watch pass: over nothing, so that it alerts, then over decisions.

    Half of them are on three scores alone, so that features are missing that training had.
    """
    client = server.client
    listed = client.get("/applicants", params={"limit": DECIDED // 2}).json()["applicants"]
    answers = [client.post(f"/applicants/{one['applicant']}/score") for one in listed]
    answers += [client.post("/predict", json=THREE_SCORES) for _ in range(DECIDED // 2)]
    decided = [answer.raise_for_status().json()["decision_id"] for answer in answers]
    now = datetime.now(UTC)
    outcomes = [
        {"decision_id": decision, "defaulted": place % 9 == 0, "observed_on": f"{now:%Y-%m-%d}"}
        for place, decision in enumerate(decided)
    ]
    client.post("/outcomes", json={"outcomes": outcomes}).raise_for_status()
    with (
        open_log(f"sqlite:///{server.home / 'decisions.db'}") as log,
        WatchBook(f"sqlite:///{server.home / 'watch.db'}") as book,
    ):
        for until in (now - timedelta(days=60), now - timedelta(days=30), now, now + timedelta(seconds=1)):
            found = watch_decisions(bundles.first, log, until - timedelta(days=30), until)
            record_pass(book, bundles.first, bundles.version(1).version, found, until)


@pytest.fixture(scope="session")
def dashboard(api: Running, browser: Browser) -> Iterator[Dashboard]:
    with looking_at(api.url, browser) as found:
        yield found


@pytest.fixture(scope="session")
def applicant(api: Running) -> int:
    """An applicant whom the model refers or declines, so that there is something to tell."""
    found = api.client.get("/applicants", params={"sort": "-p_default", "limit": 1}).json()["applicants"]
    return int(found[0]["applicant"])
