"""The program: its language, its pages, and what is shown when the API cannot answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import streamlit as st

from credit_scoring.client.address import API_KEY, API_URL, DEFAULT_URL
from credit_scoring.client.api import ApiError
from credit_scoring.dashboard import browser, style
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.states import tell
from credit_scoring.dashboard.views import applicant, model, monitoring, portfolio, queue, simulation
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language

CURRENCY = "CREDIT_SCORING_CURRENCY"
LOGO, ICON = (
    files("credit_scoring.dashboard").joinpath(name).read_text(encoding="utf-8") for name in ("logo.svg", "icon.svg")
)
PAGES: Final[dict[str, tuple[str, Callable[[Desk], None]]]] = {
    "applicant": (":material/person_search:", applicant.page),
    "simulation": (":material/tune:", simulation.page),
    "queue": (":material/inbox:", queue.page),
    "portfolio": (":material/stacked_line_chart:", portfolio.page),
    "model": (":material/model_training:", model.page),
    "monitoring": (":material/monitoring:", monitoring.page),
}


def main() -> None:
    """Draw the page that the address names."""
    words = Words(_language(), os.environ.get(CURRENCY, ""))
    st.set_page_config(page_icon=ICON, layout="wide")  # before the pages, whose own icons come from another site
    pages = {
        name: st.Page(_nothing, title=words(f"page.{name}"), icon=icon, url_path=name, default=name == "applicant")
        for name, (icon, _) in PAGES.items()
    }
    chosen = st.navigation(list(pages.values()))
    name = next(name for name, page in pages.items() if page is chosen)
    st.set_page_config(page_title=f"{words(f'page.{name}')} · {words('product')}", page_icon=ICON)
    style.apply()
    browser.settle(words)
    st.logo(LOGO, size="large")
    desk = Desk(
        words,
        url=os.environ.get(API_URL, DEFAULT_URL).rstrip("/"),
        key=st.session_state.get("key", os.environ.get(API_KEY, "")),
        reviewer=_sidebar(words),
        pages=pages,
    )
    st.title(words(f"page.{name}"))
    try:
        PAGES[name][1](desk)
    except ApiError as error:
        tell(error, desk)


def _nothing() -> None:
    """Stand for a page: what it draws, it draws with the desk of this run."""


def _language() -> Language:
    """Return the language of the address, else that of this session, else the browser's."""
    asked = st.query_params.get("lang", st.session_state.get("language", (st.context.locale or "en")[:2]))
    language: Language = "fr" if asked == "fr" else "en"
    st.session_state["language"] = language
    if st.query_params.get("lang") != language:
        st.query_params["lang"] = language
    return language


def _sidebar(words: Words) -> str:
    """Draw what stands beside every page, and return the reviewer's name."""
    st.session_state["language_choice"] = words.language  # the address decides, also when it was gone back to
    with st.sidebar:
        st.radio(
            words("language.label"),
            LANGUAGES,
            format_func=lambda language: words(f"language.{language}"),
            horizontal=True,
            key="language_choice",
            on_change=_switch,
        )
        name = st.text_input(words("reviewer.label"), key="reviewer", max_chars=100, help=words("reviewer.help"))
    return str(name).strip()


def _switch() -> None:
    st.query_params["lang"] = st.session_state["language_choice"]
