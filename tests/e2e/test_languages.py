"""Another language in the midst of work: nothing typed is lost, and Streamlit's own labels change too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Dashboard, drawn
from tests.running import Running

from credit_scoring.dashboard.browser import labels
from credit_scoring.dashboard.words import Words

pytestmark = pytest.mark.slow
EN, FR = Words("en"), Words("fr")


def switched(page: Page, words: Words) -> None:
    page.get_by_test_id("stSidebar").get_by_text(words(f"language.{words.language}"), exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", words.language)
    drawn(page)


def field(page: Page, label: str) -> Locator:
    return page.get_by_role("spinbutton", name=label, exact=True)


def test_a_half_typed_application_is_kept(dashboard: Dashboard, api: Running) -> None:
    with dashboard.open("?lang=en") as page:
        page.get_by_text(EN("applicant.type_in"), exact=True).click()
        field(page, EN("field.AMT_CREDIT")).fill("450000")
        field(page, EN("field.EXT_SOURCE_2")).fill("0.6")
        page.get_by_role("combobox", name=EN("field.NAME_CONTRACT_TYPE")).click()
        page.get_by_role("option", name=EN.category("Cash loans")).click()
        for words in (FR, EN, FR):
            switched(page, words)
            expect(field(page, words("field.AMT_CREDIT"))).to_have_value("450000")
            expect(field(page, words("field.EXT_SOURCE_2"))).to_have_value("0.60")
            chosen = page.get_by_role("combobox", name=words("field.NAME_CONTRACT_TYPE"))
            expect(chosen).to_have_value(words.category("Cash loans"))
        page.get_by_role("button", name=FR("form.decide")).click()
        expect(page.get_by_text(FR("file.unnumbered")).first).to_be_visible()
        decision = page.url.partition("decision=")[2].partition("&")[0]
    told = api.client.get(f"/decisions/{decision}").json()["inputs"]["features"]
    assert told == {"AMT_CREDIT": 450_000.0, "EXT_SOURCE_2": 0.6, "NAME_CONTRACT_TYPE": "Cash loans"}


def test_a_half_typed_simulation_is_kept(dashboard: Dashboard, api: Running, applicant: int) -> None:
    decision = api.client.post(f"/applicants/{applicant}/score").json()["decision_id"]
    with dashboard.open(f"simulation?decision={decision}&lang=en") as page:
        field(page, EN("field.AMT_CREDIT")).fill("90000")
        field(page, EN("field.TERM")).fill("36")
        for words in (FR, EN, FR):
            switched(page, words)
            expect(field(page, words("field.AMT_CREDIT"))).to_have_value("90000")
            expect(field(page, words("field.TERM"))).to_have_value("36")
        page.get_by_role("button", name=FR("simulation.try"), exact=True).click()
        expect(page.get_by_role("heading", name=FR("simulation.after"))).to_be_visible()
        expect(page.get_by_text(FR.money(90_000)).first).to_be_visible()


def test_a_half_written_review_is_kept(dashboard: Dashboard, api: Running) -> None:
    made = api.client.post("/predict", json={"features": {"EXT_SOURCE_2": 0.5}}).json()
    decision, other = made["decision_id"], "decline" if made["decision"] == "approve" else "approve"
    with dashboard.open(f"queue?decision={decision}&lang=en") as page:
        form = page.locator(".st-key-review")
        form.get_by_text(EN(f"decision.{other}")).last.click()
        form.get_by_role("combobox").click()
        page.get_by_role("option", name=EN("reason_code.other")).click()
        form.get_by_role("textbox", name=EN("review.comment")).fill("Called the employer")
        page.get_by_role("textbox", name=EN("reviewer.label")).fill("C. Martin")
        for words in (FR, EN, FR):
            switched(page, words)
            expect(form.get_by_role("textbox", name=words("review.comment"))).to_have_value("Called the employer")
            expect(form.get_by_role("combobox")).to_have_value(words("reason_code.other"))
            expect(form.get_by_role("radio", checked=True)).to_have_count(1)
        form.get_by_role("button", name=FR("review.send")).click()
        expect(page.get_by_text(FR("review.sent", decision=FR(f"decision.{other}")))).to_be_visible()
    review = api.client.get(f"/decisions/{decision}").json()["reviews"][-1]
    assert (review["decision"], review["reason_code"]) == (other, "other")
    assert (review["comment"], review["reviewer"]) == ("Called the employer", "C. Martin")


def said(page: Page) -> list[str]:
    """Return all that a page says, to ears as well."""
    told: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('body *:not(script, style, noscript)')].flatMap((one) => [
            ...['aria-label', 'placeholder', 'title', 'alt'].map((name) => one.getAttribute(name) ?? ''),
            ...[...one.childNodes].filter((part) => part.nodeType === Node.TEXT_NODE).map((part) => part.nodeValue),
        ])"""
    )
    return told


def require_own_labels(page: Page, words: Words) -> None:
    foreign = [re.compile(pattern) for pattern, _ in labels(words)]
    assert [text for text in said(page) if any(one.fullmatch(text) for one in foreign)] == []


def test_streamlit_s_own_labels_are_in_the_page_s_language(dashboard: Dashboard, applicant: int) -> None:
    with dashboard.open(f"?applicant={applicant}&lang=en") as page:
        for words in (FR, EN):
            switched(page, words)
            page.get_by_text(words("applicant.another"), exact=True).click()
            page.get_by_text(words("applicant.upload"), exact=True).click()
            expect(page.get_by_text(words("streamlit.upload"), exact=True)).to_be_visible()
            page.get_by_role("textbox", name=words("reviewer.label")).fill(words.language)
            expect(page.get_by_text(words("streamlit.apply"), exact=True)).to_be_visible()
            require_own_labels(page, words)
            for section in ("comparison", "inputs", "record"):
                page.get_by_role("tab", name=words(f"file.{section}")).click()
                drawn(page)
                require_own_labels(page, words)


def test_what_is_wrong_with_an_application_is_told_by_the_field_s_name(dashboard: Dashboard, tmp_path: Path) -> None:
    file = tmp_path / "application.json"
    file.write_text('{"application": {"AMT_CREDIT": "abc", "AMT_UNKNOWN": 1}}', encoding="utf-8")
    with dashboard.open("?lang=fr") as page:
        page.get_by_text(FR("applicant.upload"), exact=True).click()
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name=FR("form.decide")).click()
        expect(page.get_by_text(FR("form.refused"))).to_be_visible()
        for told in (f"{FR('field.AMT_CREDIT')} (application.AMT_CREDIT)", "application.AMT_UNKNOWN"):
            expect(page.get_by_role("cell", name=told, exact=True)).to_be_visible()
