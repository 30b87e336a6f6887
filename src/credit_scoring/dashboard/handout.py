"""What the applicant is handed: a page in plain words, on screen, as HTML and as PDF."""

from __future__ import annotations

import os

import streamlit as st

from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.letter import letter
from credit_scoring.dashboard.letter_files import as_html, as_pdf
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.wire.decisions import DecisionRecord, RecordedExplanation

LENDER, CONTACT = "CREDIT_SCORING_LENDER", "CREDIT_SCORING_CONTACT"


def hand_out(desk: Desk, explained: RecordedExplanation, record: DecisionRecord) -> None:
    """Draw the applicant's page in the language they read, to print or to keep."""
    words = desk.words
    if explained.kind == "simulation":
        st.info(words("handout.simulation"))
        return
    language: Language = st.radio(
        words("handout.language"),
        LANGUAGES,
        index=LANGUAGES.index(words.language),
        format_func=lambda one: words(f"language.{one}"),
        horizontal=True,
        key=f"handout_language-{words.language}",
    )
    told = explained if language == words.language else _in(desk, language, explained.decision_id)
    content = letter(
        told,
        record.reviews,
        Words(language, words.currency),
        lender=os.environ.get(LENDER, ""),
        contact=os.environ.get(CONTACT, ""),
        units={name: info.unit for name, info in desk.features().items()},
    )
    name = words("handout.file", decision=explained.decision_id[:8])
    as_page, as_paper, _ = st.columns([1, 1, 2])
    page = as_html(content)
    as_page.download_button(
        words("handout.html"),
        page,
        f"{name}.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )
    as_paper.download_button(
        words("handout.pdf"),
        as_pdf(content),
        f"{name}.pdf",
        "application/pdf",
        icon=":material/print:",
        on_click="ignore",
        type="primary",
        width="stretch",
    )
    st.iframe(page, height=720, alt=words("handout.preview"))


def _in(desk: Desk, language: Language, decision: str) -> RecordedExplanation:
    """Return the explanation in another language than the page's."""
    other = Desk(Words(language, desk.words.currency), desk.url, desk.key, desk.reviewer, desk.pages)
    return other.kept(RecordedExplanation, f"/decisions/{decision}/explanation")
