"""What only the browser can do: a page's language, Streamlit's own labels in it, and charts fetched early."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import streamlit as st

from credit_scoring.dashboard.words import Words, texts
from credit_scoring.domain.text import LANGUAGES

CHARTS = "../lib/src/components/elements/PlotlyChart/PlotlyChart.tsx"
_VALUE = re.compile(r"\\\{\w+\\\}")


def settle(words: Words) -> None:
    """Give the page its language, which Streamlit says is ``en`` whatever it shows, its labels too, and its charts."""
    settings = {"language": words.language, "labels": labels(words), "charts": charts()}
    told = json.dumps(settings).replace("<", "\\u003c")
    st.html(f"<script>({_SCRIPT})({told})</script>", unsafe_allow_javascript=True)


def labels(words: Words) -> list[tuple[str, str]]:
    """Return what Streamlit says, as patterns over the whole of a label, and what to say instead in these words.

    A label that was told in one language is found again when the page changes to another.
    """
    names = [key.partition(".")[2] for key in texts("en") if key.startswith("streamlit.")]
    return [
        (_pattern(texts(language)[f"streamlit.{name}"]), re.sub(r"\{\w+\}", "$1", words(f"streamlit.{name}")))
        for language in LANGUAGES
        if language != words.language
        for name in names
    ]


def _pattern(text: str) -> str:
    """Return the regular expression of a text whose value may be anything."""
    return f"^{_VALUE.sub('(.*)', re.escape(text))}$"


def charts() -> str:
    """Return the path of what draws charts, the largest of Streamlit's scripts; empty if it is not where it was."""
    manifest = files("streamlit").joinpath("static", "manifest.json")
    try:
        return str(json.loads(manifest.read_text(encoding="utf-8"))[CHARTS]["file"])
    except (OSError, ValueError, KeyError):
        return ""


_SCRIPT = """({language, labels, charts}) => {
    document.documentElement.lang = language;
    const rules = labels.map(([said, instead]) => [new RegExp(said), instead]);
    const known = new Map();
    const told = (text) => {
        if (!known.has(text)) {
            const rule = rules.find(([said]) => said.test(text));
            known.set(text, rule ? text.replace(rule[0], rule[1]) : text);
        }
        return known.get(text);
    };
    const attributes = ['aria-label', 'placeholder', 'title', 'alt'];
    const texts = '[data-testid=stSkipToContent], [data-testid=InputInstructions] *, [data-testid^=stFile] *,'
        + '[data-testid=stTooltipContent] *, [role=listbox] *, [aria-live]';
    const tell = () => {
        for (const name of attributes)
            for (const one of document.querySelectorAll(`[${name}]`)) {
                const before = one.getAttribute(name), after = told(before);
                if (after !== before) one.setAttribute(name, after);
            }
        for (const one of document.querySelectorAll(texts))
            for (const part of one.childNodes)
                if (part.nodeType === Node.TEXT_NODE) {
                    const after = told(part.nodeValue);
                    if (after !== part.nodeValue) part.nodeValue = after;
                }
    };
    let waits = false;
    const soon = () => {
        if (!waits) requestAnimationFrame(() => { waits = false; tell(); });
        waits = true;
    };
    window.labelsTold?.disconnect();
    window.labelsTold = new MutationObserver(soon);
    const changes = {subtree: true, childList: true, characterData: true, attributeFilter: attributes};
    window.labelsTold.observe(document.body, changes);
    tell();
    if (charts) setTimeout(() => import(new URL(charts, document.baseURI)), 2000);  // after the page itself
}"""
