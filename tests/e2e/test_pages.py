"""Every page, in both languages: accessible, titled, in its language, and readable on any screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from tests.e2e.conftest import Dashboard, drawn, photograph
from tests.running import Running

from credit_scoring.dashboard.words import texts
from credit_scoring.domain.text import LANGUAGES, Language

pytestmark = pytest.mark.slow

PAGES = ("applicant", "simulation", "queue", "portfolio", "model", "monitoring")
WIDTHS = {"laptop": (1366, 768), "desktop": (1920, 1080), "phone": (390, 844)}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# What Streamlit itself leaves unmet, by axe's rule, and on how many elements of a page at most.
STREAMLIT = {"scrollable-region-focusable": 1}


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
def test_a_page_is_accessible_and_says_its_title_and_language(
    dashboard: Dashboard, decision: str, name: str, language: Language
) -> None:
    with dashboard.open(address(name, language, decision)) as page:
        assert page.title().startswith(texts(language)[f"page.{name}"])
        assert page.evaluate("document.documentElement.lang") == language
        assert page.locator("h1").inner_text() == texts(language)[f"page.{name}"]
        require_accessible(page)
        photograph(page, f"{name}-{language}-laptop")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_at_any_width(dashboard: Dashboard, decision: str, name: str, width: str) -> None:
    across, high = WIDTHS[width]
    with dashboard.open(address(name, "fr", decision), width=across, height=high) as page:
        require_fitting(page)
        photograph(page, f"{name}-fr-{width}")


@pytest.mark.parametrize("name", PAGES)
def test_text_of_twice_the_size_still_fits(dashboard: Dashboard, decision: str, name: str) -> None:
    """A zoom of 200 % is a window of half the width, in CSS pixels."""
    with dashboard.open(address(name, "en", decision), width=1366 // 2, height=768 // 2) as page:
        require_fitting(page)


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


def test_every_chart_has_a_title_a_sentence_and_a_table(dashboard: Dashboard, decision: str) -> None:
    for path in (address("applicant", "en", decision), "portfolio?lang=en", "model?lang=en"):
        with dashboard.open(path) as page:
            charts = page.locator('[data-testid="stPlotlyChart"]').count()
            assert charts
            assert page.get_by_text(texts("en")["chart.table"], exact=True).count() == charts


def test_the_keyboard_reaches_the_sections(dashboard: Dashboard, decision: str) -> None:
    with dashboard.open(address("applicant", "en", decision)) as page:
        page.get_by_role("tab", name=texts("en")["file.reasons"]).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        drawn(page)
        assert page.get_by_role("tab", name=texts("en")["file.comparison"]).get_attribute("aria-selected") == "true"
