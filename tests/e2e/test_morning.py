"""An officer's morning: search, file, comparison, simulation, review, and the page that the applicant is handed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Dashboard, drawn, photograph
from tests.running import Running

from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language

pytestmark = pytest.mark.slow
OFFICER = "C. Martin"


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_search_to_override_to_printing(
    dashboard: Dashboard, api: Running, applicant: int, language: Language, tmp_path: Path
) -> None:
    words = Words(language)
    with dashboard.open(f"?lang={language}") as page:
        page.get_by_label(words("find.number")).fill(str(applicant))
        page.locator("[data-testid=stForm]").get_by_role("button", name=words("find.open")).click()
        expect(page.get_by_text(words("file.applicant", applicant=applicant)).first).to_be_visible()
        drawn(page)
        assert "decision=" in page.url
        decision = page.url.partition("decision=")[2].partition("&")[0]
        record = api.client.get(f"/decisions/{decision}").json()
        expect(page.locator(".cs-figure").first).to_have_text(words.percent(record["facts"]["p_default"]))
        photograph(page, f"morning-1-file-{language}")

        simulate(page, words)
        review(page, words, api, decision, record["facts"]["decision"])
        hand_out(page, words, tmp_path)


def simulate(page: Page, words: Words) -> None:
    page.get_by_text(words("file.simulate")).click()
    expect(page.get_by_role("heading", name=words("page.simulation"), level=1)).to_be_visible()
    drawn(page)
    page.get_by_role("button", name=words("simulation.look")).click()
    drawn(page)
    amount = page.get_by_role("spinbutton", name=words("field.AMT_CREDIT"))
    amount.fill("90000")
    page.get_by_role("button", name=words("simulation.try"), exact=True).click()
    expect(page.get_by_role("heading", name=words("simulation.after"))).to_be_visible()
    drawn(page)
    photograph(page, f"morning-2-simulation-{words.language}")


def review(page: Page, words: Words, api: Running, decision: str, decided: str) -> None:
    page.goto(page.url.partition("/simulation")[0] + f"/?decision={decision}&lang={words.language}")
    drawn(page)
    page.get_by_role("tab", name=words("file.record")).click()
    drawn(page)
    page.get_by_role("textbox", name=words("reviewer.label")).fill(OFFICER)
    page.keyboard.press("Enter")
    drawn(page)
    made = "decline" if decided == "approve" else "approve"
    form = page.locator(".st-key-review")
    form.get_by_text(words(f"decision.{made}")).last.click()
    form.get_by_role("combobox").click()
    page.get_by_role("option", name=words("reason_code.income_verified")).click()
    form.get_by_role("button", name=words("review.send")).click()
    expect(page.get_by_text(words("review.sent", decision=words(f"decision.{made}")))).to_be_visible()
    drawn(page)
    photograph(page, f"morning-3-review-{words.language}")
    reviews = api.client.get(f"/decisions/{decision}").json()["reviews"]
    assert (reviews[-1]["decision"], reviews[-1]["reviewer"]) == (made, OFFICER)
    page.get_by_role("button", name=words("record.replay")).click()
    expect(page.get_by_text(words("record.same"))).to_be_visible()


def hand_out(page: Page, words: Words, folder: Path) -> None:
    page.get_by_role("tab", name=words("file.handout")).click()
    drawn(page)
    for button, ending, begins in (("handout.pdf", ".pdf", b"%PDF"), ("handout.html", ".html", b"<!DOCTYPE html>")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=words(button)).click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.suffix == ending
        assert path.read_bytes()[: len(begins)].upper() == begins.upper()
    photograph(page, f"morning-4-handout-{words.language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_application_is_typed_in_and_decided(dashboard: Dashboard, api: Running, language: Language) -> None:
    words = Words(language)
    with dashboard.open(f"?lang={language}") as page:
        page.get_by_text(words("applicant.type_in"), exact=True).click()
        drawn(page)
        for number, value in ((1, "0.5"), (2, "0.6"), (3, "0.7")):
            page.get_by_label(words(f"field.EXT_SOURCE_{number}")).fill(value)
        page.get_by_role("spinbutton", name=words("field.AMT_CREDIT")).fill("450000")
        page.get_by_role("button", name=words("form.decide")).click()
        expect(page.get_by_text(words("file.unnumbered")).first).to_be_visible()
        drawn(page)
        decision = page.url.partition("decision=")[2].partition("&")[0]
        told = api.client.get(f"/decisions/{decision}").json()["inputs"]["features"]
        assert told == {"AMT_CREDIT": 450_000.0, "EXT_SOURCE_1": 0.5, "EXT_SOURCE_2": 0.6, "EXT_SOURCE_3": 0.7}


def test_an_application_is_uploaded_as_csv_and_as_json(dashboard: Dashboard, api: Running, tmp_path: Path) -> None:
    words = Words("en")
    csv, json = tmp_path / "application.csv", tmp_path / "application.json"
    csv.write_text("SK_ID_CURR,AMT_CREDIT,EXT_SOURCE_2\n900001,450000,0.6\n", encoding="utf-8")
    json.write_text('{"application": {"SK_ID_CURR": 900002, "AMT_CREDIT": 450000.0}, "bureau": []}', encoding="utf-8")
    for file, number in ((csv, 900_001), (json, 900_002)):
        with dashboard.open("?lang=en") as page:
            page.get_by_text(words("applicant.upload"), exact=True).click()
            drawn(page)
            page.locator("input[type=file]").set_input_files(file)
            page.get_by_role("button", name=words("form.decide")).click()
            expect(page.get_by_text(words("file.applicant", applicant=number)).first).to_be_visible()
    found = api.client.get("/decisions", params={"applicant": 900_002}).json()["decisions"]
    assert [one["endpoint"] for one in found] == ["application"]


def test_the_queue_empties_as_its_cases_are_reviewed(dashboard: Dashboard, api: Running) -> None:
    words = Words("en")
    waiting = api.client.get("/queue").json()
    if not waiting["items"]:
        api.client.post("/predict", json={"features": {"EXT_SOURCE_2": 0.5}})
        waiting = api.client.get("/queue").json()
    decision = waiting["items"][0]["decision_id"]
    with dashboard.open(f"queue?decision={decision}&lang=en") as page:
        page.get_by_role("textbox", name=words("reviewer.label")).fill(OFFICER)
        page.keyboard.press("Enter")
        drawn(page)
        form = page.locator(".st-key-review")
        form.get_by_text(words("decision.approve")).last.click()
        form.get_by_role("combobox").click()
        page.get_by_role("option", name=words("reason_code.documents_verified")).click()
        form.get_by_role("button", name=words("review.send")).click()
        expect(page.get_by_text(words("review.sent", decision=words("decision.approve")))).to_be_visible()
    assert api.client.get("/queue").json()["waiting"] == waiting["waiting"] - 1
