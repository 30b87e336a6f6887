"""Every page of the dashboard in a real browser, from the click to the drawn page, beside what the API took.

    python benchmarks/dashboard.py [--applicants 300000] [--browser PATH] [--write docs/benchmarks/dashboard.md]

The goal: a page is drawn within a second of the API's answer, with 300,000 applicants in the feature store. An officer
goes from page to page within one window: cold is the first round after the dashboard has started, warm the median of
three later ones, each with another applicant. Then each page is opened by its address in a window of its own, which
loads Streamlit's own page again: cold is the first window after the dashboard has started anew, warm the median of
three. The peer is an app of a title and one bar, which tells Streamlit's own share. The API's time is what its own
metrics add up to meanwhile.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from credit_scoring.dashboard.words import Words
from dashboard_served import API, DASHBOARD, PEER, api_seconds, dashboard_runs, peer_runs, serving, stocked, watched

ROUNDS = 3
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
WORDS = Words("en")
NOTE = """Seconds from the click to the drawn page, two cores shared by browser, dashboard and API. The goal is a second
beyond the API's answer. Cold is the first round after the dashboard has started, warm the median of three later
rounds, each with another applicant. A window of its own loads and compiles Streamlit's scripts anew, which browsers of
people keep and this one does not; the peer, an app of a title and one bar, tells Streamlit's own share of that."""
ALONE = {"queue": 0, "portfolio": 3, "model": 3, "monitoring": 2}
# Drawn: the script has run, every chart has its lines, nothing is stale or waited for, and it stays so for a while.
WATCH = """() => {
    window.clicked = 0;
    document.addEventListener('click', () => { window.clicked = performance.now(); }, true);
    window.drawn = (title, charts) => {
        const app = document.querySelector('[data-testid=stApp]'), all = (what) => document.querySelectorAll(what);
        return app && app.dataset.testScriptState === 'notRunning'
            && [...all('h1')].some((one) => one.innerText === title)
            && all('[data-testid=stPlotlyChart]').length === charts
            && all('[data-testid=stPlotlyChart] .main-svg .bglayer').length >= charts
            && !all('[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]').length;
    };
    window.settled = (title, charts) => new Promise((done, failed) => {
        let since = null;
        const late = performance.now() + 60_000;
        const look = () => {
            const now = performance.now();
            since = window.drawn(title, charts) ? (since ?? now) : null;
            if (since !== null && now - since > 400) done((since - window.clicked) / 1000);
            else if (now > late) failed(new Error(`"${title}" is not drawn with ${charts} charts`));
            else setTimeout(look, 20);
        };
        look();
    });
}"""


@dataclass(frozen=True)
class Move:
    """A page as it is come to: what is clicked for it, its title, and how many charts it has."""

    name: str
    target: Callable[[Page], Locator]
    title: str
    charts: int
    before: Callable[[Page], None] = lambda _: None


def leads_to(page: str) -> Callable[[Page], Locator]:
    return lambda window: window.get_by_test_id("stSidebarNav").get_by_text(WORDS(f"page.{page}"), exact=True)


def tab(key: str) -> Callable[[Page], Locator]:
    return lambda window: window.get_by_role("tab", name=WORDS(key))


def submits(key: str) -> Callable[[Page], Locator]:
    return lambda window: window.get_by_test_id("stForm").get_by_role("button", name=WORDS(key), exact=True)


def moves(applicant: int) -> Iterator[Move]:
    """Yield an officer's round: search, a file and its sections, a simulation, then every other page."""
    file, simulation, model, monitoring = (
        WORDS(f"page.{page}") for page in ("applicant", "simulation", "model", "monitoring")
    )

    def typed(window: Page) -> None:
        window.get_by_label(WORDS("find.number")).fill(str(applicant))

    def lowered(window: Page) -> None:
        field = window.get_by_role("spinbutton", name=WORDS("field.AMT_CREDIT"))
        field.fill(str(round(float(field.input_value()) * 0.9)))

    yield Move("Search", leads_to("applicant"), file, 0)
    yield Move("Applicant's file", submits("find.open"), file, 2, typed)
    for section, charts in (("comparison", 3), ("inputs", 1), ("handout", 1), ("record", 1), ("reasons", 2)):
        yield Move(f"– {WORDS(f'file.{section}')}", tab(f"file.{section}"), file, charts)
    yield Move("Simulation", lambda window: window.get_by_text(WORDS("file.simulate")), simulation, 0)
    yield Move("– a change tried", submits("simulation.try"), simulation, 2, lowered)
    yield Move("Review queue", leads_to("queue"), WORDS("page.queue"), 0)
    yield Move("Portfolio and policy", leads_to("portfolio"), WORDS("page.portfolio"), 3)
    yield Move("Model", leads_to("model"), model, 3)
    for section, charts in (("drivers", 2), ("features", 0), ("versions", 0), ("performance", 3)):
        yield Move(f"– {WORDS(f'model.{section}')}", tab(f"model.{section}"), model, charts)
    yield Move("Monitoring", leads_to("monitoring"), monitoring, 2)
    for section, charts in (("performance", 6), ("alerts", 0), ("volumes", 1), ("challenger", 0), ("drift", 2)):
        yield Move(f"– {WORDS(f'monitoring.{section}')}", tab(f"monitoring.{section}"), monitoring, charts)


def opened(browser: Browser, address: str, title: str, charts: int) -> tuple[Page, float]:
    """Return a page in a new window, and the seconds from its address to the drawn page."""
    window = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    window.set_default_timeout(120_000)
    window.add_init_script(f"({WATCH})()")
    window.goto(address, wait_until="commit")
    return window, window.evaluate("([title, charts]) => window.settled(title, charts)", [title, charts])


def moved(window: Page, move: Move) -> tuple[float, float]:
    """Return the seconds from the click to the drawn page, and those of the API meanwhile."""
    move.before(window)
    before = api_seconds()
    move.target(window).click()
    spent = window.evaluate("([title, charts]) => window.settled(title, charts)", [move.title, move.charts])
    return spent, api_seconds() - before


def visited(browser: Browser, address: str, title: str, charts: int) -> tuple[float, float]:
    """Return the seconds until a page is drawn in a window of its own, and those of the API meanwhile."""
    before = api_seconds()
    window, spent = opened(browser, address, title, charts)
    window.context.close()
    return spent, api_seconds() - before


def table(what: str, measured: Iterable[tuple[str, list[tuple[float, float]]]]) -> Iterator[str]:
    """Yield the lines of a table: of each page's times the first, and the median of the others."""
    yield f"| {what} | cold, s | of it API | beyond | warm, s | of it API | beyond |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, times in measured:
        (cold, api), (warm, warm_api) = times[0], np.median(times[1:], axis=0)
        yield (
            f"| {name} | {cold:.2f} | {api:.2f} | {cold - api:.2f} | {warm:.2f} | {warm_api:.2f} | "
            f"{warm - warm_api:.2f} |"
        )


def met(moves: Sequence[list[tuple[float, float]]]) -> str:
    """Return how many of the moves meet the goal."""
    beyond = [[spent - api for spent, api in times] for times in moves]
    warm, cold = sum(np.median(times[1:]) <= 1 for times in beyond), sum(times[0] <= 1 for times in beyond)
    return f"Of {len(beyond)} moves within a window {warm} meet the goal warm, and {cold} cold."


def within(browser: Browser) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield the times of each move within one window."""
    stored = httpx.get(f"{API}/applicants", params={"limit": 1 + ROUNDS, "sort": "-p_default"}, timeout=60).json()
    tours = [list(moves(one["applicant"])) for one in stored["applicants"]]
    window, _ = opened(browser, f"{DASHBOARD}/queue?lang=en", WORDS("page.queue"), 0)
    rounds = [[moved(window, move) for move in tour] for tour in tours]
    window.context.close()
    yield from ((move.name, list(times)) for move, times in zip(tours[0], zip(*rounds, strict=True), strict=True))


def by_address(browser: Browser) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield the times of each page opened in a window of its own, and of the peer."""
    newest = httpx.get(f"{API}/decisions", params={"limit": 1}, timeout=60).json()["decisions"][0]["decision_id"]
    file, simulation = WORDS("page.applicant"), WORDS("page.simulation")
    pages = [
        ("Search", "?", file, 0),
        ("Applicant's file", f"?decision={newest}&", file, 2),
        ("Simulation", f"simulation?decision={newest}&", simulation, 0),
        *((WORDS(f"page.{page}"), f"{page}?", WORDS(f"page.{page}"), charts) for page, charts in ALONE.items()),
    ]
    for name, path, title, charts in pages:
        address = f"{DASHBOARD}/{path}lang=en"
        yield name, [visited(browser, address, title, charts) for _ in range(1 + ROUNDS)]
    yield "Peer: a title and one bar", [visited(browser, PEER, "Peer", 1) for _ in range(1 + ROUNDS)]


def measured(browser: Browser, home: Path) -> Iterator[str]:
    """Yield the lines of both tables."""
    with serving(home):
        watched(home)
        with dashboard_runs(home):
            found = list(within(browser))
        yield from table("within a window", found)
        yield from ("", met([times for _, times in found]))
        yield ""
        with dashboard_runs(home), peer_runs(home):
            yield from table("in a window of its own", by_address(browser))


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
        stocked(Path(scratch), asked.applicants)
        browser = playwright.chromium.launch(executable_path=asked.browser, args=list(OPTIONS))
        for line in measured(browser, Path(scratch)):
            print(line, flush=True)
            lines.append(line)
        browser.close()
    if asked.write:
        command = f"python benchmarks/dashboard.py --applicants {asked.applicants} --write {asked.write}"
        head = f"# The dashboard\n\nMeasured {time.strftime('%Y-%m-%d')} by `{command}`.\n\n{NOTE}\n\n"
        asked.write.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
