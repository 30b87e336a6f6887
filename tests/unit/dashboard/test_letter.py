from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dashboard.letters import (
    CASES,
    DECISIONS,
    FEATURES,
    REVIEWED,
    UNITS,
    VALUES,
    Page,
    explained,
    made,
    review,
    told,
)

from credit_scoring.dashboard.letter import MOST_REASONS, NoLetterError, letter
from credit_scoring.dashboard.letter_files import as_html
from credit_scoring.dashboard.letter_reasons import reason_told
from credit_scoring.dashboard.words import Words, texts
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.tables.frames import Tables
from credit_scoring.wire.base import Decision
from credit_scoring.wire.scoring import InputWarning

JARGON = re.compile(
    r"\bPD\b|log.?odds|feature|variable|shap\b|contribution|probabilit|model|mod[eè]le|algorithm|cut.?off|threshold"
    r"|default|défaut|raises? the risk|augmente le risque|calibrat|margin|coverage",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("language", "decision", "by"), CASES)
def test_no_figure_of_the_model_and_no_word_of_its_makers_is_told(
    language: Language, decision: Decision, by: str
) -> None:
    given_facts = explained(language, decision)
    page = Page(as_html(made(language, decision, by, reasons_asked=True))).text
    assert not JARGON.search(page)
    figures = [
        getattr(given_facts, name)
        for name in ("p_default", "cutoff", "distance_to_cutoff", "coverage", "margin", "baseline", "minimum_coverage")
    ]
    for figure in [*figures, *given_facts.cutoff_interval, given_facts.reasons[0].contribution]:
        for shown in (f"{abs(figure):.2f}", f"{100 * abs(figure):.1f}"):
            assert shown not in page.replace(",", ".")
    assert "ourselves" not in page
    assert "Lefèvre" not in page
    assert "fraud" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_letter_needs_to_be_explained(language: Language) -> None:
    for key, text in texts(language).items():
        if key.startswith("letter."):
            assert not JARGON.search(text), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_gets_a_letter_about_what_was_not_decided_or_is_not_theirs(language: Language) -> None:
    words = Words(language)
    with pytest.raises(NoLetterError, match="simulation"):
        letter(explained(language, kind="simulation"), [], words)
    with pytest.raises(NoLetterError, match="language"):
        letter(explained("fr" if language == "en" else "en"), [], words)
    with pytest.raises(NoLetterError, match="another decision"):
        letter(explained(language), [review("approve"), review("approve", of="c" * 32)], words)


@given(
    st.sampled_from(LANGUAGES),
    st.sampled_from(DECISIONS),
    st.lists(st.sampled_from(["approve", "decline"]), min_size=1, max_size=4),
)
def test_the_last_review_holds(language: Language, decision: Decision, reviews: list[str]) -> None:
    words = Words(language)
    reviewed = letter(explained(language, decision), [review(one) for one in reviews], words)
    assert reviewed.verdict == words(f"letter.verdict.person.{reviews[-1]}")
    assert reviewed.preparation == words("letter.preparation.person")
    assert reviewed.decided == REVIEWED
    assert reviewed.facts[0].text == words.day(REVIEWED.date())
    assert letter(explained(language, decision), [], words).verdict == words(f"letter.verdict.automated.{decision}")


@pytest.mark.parametrize(("language", "decision", "by"), CASES)
def test_reasons_are_told_unless_it_is_an_approval_and_nobody_asked(
    language: Language, decision: Decision, by: str
) -> None:
    words, headings = Words(language), {one.heading for one in made(language, decision, by).sections}
    held = {"decline": "approve"}.get(decision, "decline") if by == "person" else decision
    of_reasons = {text for key, text in texts(language).items() if key.startswith("letter.reasons.title.")}
    assert bool(headings & of_reasons) == (held != "approve")
    asked = made(language, decision, by, reasons_asked=True).sections[0]
    assert asked.heading in of_reasons
    assert len(asked.points) == MOST_REASONS < len(VALUES)
    for point, feature in zip(asked.points, VALUES, strict=False):
        assert point.term == words(f"concept.{FEATURES[feature].concept}")
        meaning = FEATURES[feature].meaning.told(language).partition(",")[0].partition(":")[0].strip()
        assert point.text.startswith(meaning)


@pytest.mark.parametrize(
    ("feature", "value", "english", "french"),
    [
        (
            "DAYS_BIRTH",
            -9461.0,
            "Age at the application: 9,461 days (about 26 years).",
            "9 461 jours (environ 26 ans).",
        ),
        ("DAYS_LAST_PHONE_CHANGE", -1.0, "the application: 1 day.", "et la demande : 1 jour."),
        ("DAYS_LAST_PHONE_CHANGE", -0.0, "the application: 0 days.", "et la demande : 0 jour."),
        ("DAYS_ID_PUBLISH", -365.0, ": 365 days (about 12 months).", "365 jours (environ 12 mois)."),
        ("FLAG_EMAIL", 0.0, "E-mail address given: no.", "Adresse électronique communiquée : non."),
        (
            "INSTALLMENTS__IS_LATE__MEAN__365D",
            0.25,
            "paid late, over the last 365 days: 25%.",
            "en retard, sur les 365 derniers jours : 25 %.",
        ),
        ("AMT_CREDIT", 1350000.0, "Amount of the loan requested: €1,350,000.", "demandé : 1 350 000 €."),
        ("RELATION__BUREAU_DEBT_TO_INCOME", 0.52, "compared with income: 52%.", "rapporté au revenu : 52 %."),
        ("APPLICATION__CREDIT_TO_ANNUITY", 21.31, ": 21.3 times.", "rapporté à la mensualité : 21,3 fois."),
        (
            "CARD__MONTHS_BALANCE__MAX",
            -3.0,
            ", most recent date: 3 months before your application.",
            ", date la plus récente : 3 mois avant votre demande.",
        ),
        ("AMT_CREDIT", None, "requested: information not available.", "demandé : information non disponible."),
        ("FLAG_OWN_CAR", "N", "Owner of a car: no.", "Propriétaire d'une voiture : non."),
        ("ORGANIZATION_TYPE", "Trade (old): 7", "Type of employer: Trade (old): 7.", "employeur : Trade (old): 7."),
    ],
)
def test_what_the_file_says_is_told_as_one_would_say_it(
    feature: str, value: float | str | None, english: str, french: str
) -> None:
    for language, wanted in zip(LANGUAGES, (english, french), strict=True):
        given_facts = explained(language, reasons=(told(feature, value, language),))
        content = letter(given_facts, [], Words(language, "EUR"), units=UNITS)
        sentence = re.sub(r"[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", content.sections[0].points[0].text)
        assert wanted in sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_makes_a_sentence_with_one_colon_and_its_figure(language: Language) -> None:
    words = Words(language)
    for feature in (name for name, feature in FEATURES.items() if feature.kind == "number"):
        reason = told(feature, 7_654.0, language)
        as_written, with_unit = (reason_told(reason, words, unit)[1] for unit in (None, UNITS[feature]))
        for sentence in (as_written, with_unit):
            assert sentence.count(":") == 1, feature
            assert not JARGON.search(sentence), feature
        figure = re.search(r"\(([^()]*)\)[^()]*$", reason.text)
        assert figure is not None
        assert f": {figure[1]}." in as_written


def test_every_category_is_told_in_words(synthetic_tables: Tables) -> None:
    rows = synthetic_tables.of("application_train")["application"].collect()
    for name in (name for name, feature in FEATURES.items() if feature.kind == "category"):
        for value in rows[name].cast(pl.String).drop_nulls().unique():
            category = re.sub(r"\W+", "_", value)
            for language in LANGUAGES:
                assert f"category.{category}" in texts(language), (name, value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_missing_is_told_only_where_the_warnings_say_so(language: Language) -> None:
    words = Words(language)
    codes = ("absent_table", "out_of_range", "unseen_category", "unknown_feature")
    for code in codes:
        warning = InputWarning(code=code, field="bureau", message="technical")
        for decision in DECISIONS:
            content = letter(explained(language, decision, warnings=(warning,)), [], words)
            headings = [section.heading for section in content.sections]
            said = words("letter.missing.title") in headings
            assert said == (code == "absent_table" and decision != "approve")
            page = Page(as_html(content)).text
            assert said == (words("letter.missing.table.bureau") in page)
            assert "technical" not in page


@pytest.mark.parametrize(("language", "decision", "by"), CASES)
def test_the_rights_and_how_to_use_them_are_always_told(language: Language, decision: Decision, by: str) -> None:
    words = Words(language)
    for contact in ("", "1 Mill Lane\nLeeds"):
        content = made(language, decision, by, contact=contact)
        rights, reach = content.sections[-2:]
        assert [point.term for point in rights.points] == [
            words(f"letter.rights.{right}.term")
            for right in ("person", "view", "explanation", "data", "correction", "complaint")
        ]
        assert all(number in rights.closing[0] for number in ("15", "16", "22", "2016/679", "18", "2023/2225"))
        assert explained(language).decision_id in reach.opening[0]
        assert reach.opening[1] == (contact or words("letter.contact.placeholder"))
        assert re.search("automated assessment|évaluation automatisée", content.preparation, re.IGNORECASE)


def test_what_is_not_known_is_left_out() -> None:
    words = Words("en")
    content = letter(explained("en", applicant=None), [], words)
    assert words("letter.fact.applicant") not in [fact.term for fact in content.facts]
    assert 'class="lender"' not in as_html(content)
    assert content.author == words("letter.author")
    assert letter(explained("en", reasons=()), [], words).sections[0].opening == (words("letter.reasons.none"),)
