"""Every page, in both languages: accessible, titled, in its language, and readable on any screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.e2e.conftest import Dashboard, drawn, photograph
from tests.running import Running

from credit_scoring.dashboard.words import texts
from credit_scoring.domain.text import LANGUAGES, Language

pytestmark = pytest.mark.slow

PAGES = ("applicant", "simulation", "queue", "portfolio", "model", "monitoring")
# A zoom of 200 % is a window of half the size, in CSS pixels.
SCREENS = {"laptop": (1366, 768), "desktop": (1920, 1080), "zoomed": (683, 384), "phone": (390, 844)}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# What Streamlit itself leaves unmet, by axe's rule, and on how many elements of a page at most.
STREAMLIT: dict[str, int] = {}


@pytest.fixture(scope="module")
def decision(api: Running, applicant: int) -> str:
    return str(api.client.post(f"/applicants/{applicant}/score").json()["decision_id"])


def address(page: str, language: str, decision: str) -> str:
    chosen = {"applicant": f"?decision={decision}", "simulation": f"simulation?decision={decision}"}
    chosen["queue"] = f"queue?decision={decision}"
    path = chosen.get(page, f"{page}?")
    return f"{path}&lang={language}"


def require_accessible(page: Page) -> None:
    found = Axe().run(page, options=RULES).response["violations"]
    counted = {one["id"]: len(one["nodes"]) for one in found}
    beyond = {rule: number for rule, number in counted.items() if number > STREAMLIT.get(rule, 0)}
    told = [f"{one['id']}: {node['html'][:200]}" for one in found if one["id"] in beyond for node in one["nodes"]]
    assert beyond == {}, told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_titled_in_its_language_and_fits_every_screen(
    dashboard: Dashboard, decision: str, name: str, language: Language
) -> None:
    with dashboard.open(address(name, language, decision)) as page:
        assert page.title().startswith(texts(language)[f"page.{name}"])
        assert page.evaluate("document.documentElement.lang") == language
        assert page.locator("h1").inner_text() == texts(language)[f"page.{name}"]
        require_accessible(page)
        for screen, (width, height) in SCREENS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(400)
            require_fitting(page)
            photograph(page, f"{name}-{language}-{screen}")


def require_fitting(page: Page) -> None:
    wide = page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid="stMain"]');
            return main.scrollWidth - main.clientWidth;
        }"""
    )
    assert wide <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_a_file_is_accessible(dashboard: Dashboard, decision: str, language: Language) -> None:
    with dashboard.open(address("applicant", language, decision)) as page:
        for name in ("comparison", "inputs", "handout", "record"):
            page.get_by_role("tab", name=texts(language)[f"file.{name}"]).click()
            drawn(page)
            require_accessible(page)
            photograph(page, f"file-{name}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_model_is_accessible(dashboard: Dashboard, language: Language) -> None:
    with dashboard.open(f"model?lang={language}") as page:
        for name in ("drivers", "features", "versions"):
            page.get_by_role("tab", name=texts(language)[f"model.{name}"]).click()
            drawn(page)
            require_accessible(page)
            photograph(page, f"model-{name}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_monitoring_is_accessible_and_fits_a_phone(
    dashboard: Dashboard, language: Language
) -> None:
    with dashboard.open(f"monitoring?lang={language}") as page:
        for name, charts in (("drift", 2), ("performance", 6), ("alerts", 0), ("volumes", 1), ("challenger", 0)):
            page.get_by_role("tab", name=texts(language)[f"monitoring.{name}"]).click()
            drawn(page)
            # What was drawn before goes a moment after what is new has come.
            expect(page.locator('[data-testid="stPlotlyChart"]')).to_have_count(charts)
            expect(page.get_by_text(texts(language)["chart.table"], exact=True)).to_have_count(charts)
            assert page.get_by_text(texts(language)["monitoring.no_pass"]).count() == 0
            require_accessible(page)
            page.set_viewport_size({"width": 390, "height": 844})
            page.wait_for_timeout(400)
            require_fitting(page)
            page.set_viewport_size({"width": 1366, "height": 768})
            photograph(page, f"monitoring-{name}-{language}")


def test_every_chart_has_a_title_a_sentence_and_a_table(dashboard: Dashboard, decision: str) -> None:
    for path in (address("applicant", "en", decision), "portfolio?lang=en", "model?lang=en"):
        with dashboard.open(path) as page:
            charts = page.locator('[data-testid="stPlotlyChart"]').count()
            assert charts
            assert page.get_by_text(texts("en")["chart.table"], exact=True).count() == charts


def test_nothing_is_asked_of_another_machine(dashboard: Dashboard, decision: str) -> None:
    for name in PAGES:
        with dashboard.open(address(name, "en", decision)) as page:
            require_own(page, dashboard.url)


def test_the_documentation_of_the_api_asks_nothing_of_another_machine(api: Running, browser: Browser) -> None:
    page = browser.new_page()
    try:
        page.goto(f"{api.url}/docs")
        page.get_by_text("/predict/explain").first.wait_for()
        require_own(page, api.url)
    finally:
        page.close()


def require_own(page: Page, own: str) -> None:
    asked = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
    assert asked
    assert [url for url in asked if not url.startswith((own, "data:", "blob:"))] == []


def test_the_keyboard_reaches_the_sections(dashboard: Dashboard, decision: str) -> None:
    with dashboard.open(address("applicant", "en", decision)) as page:
        page.get_by_role("tab", name=texts("en")["file.reasons"]).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        drawn(page)
        assert page.get_by_role("tab", name=texts("en")["file.comparison"]).get_attribute("aria-selected") == "true"
