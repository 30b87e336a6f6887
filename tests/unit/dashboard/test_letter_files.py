from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dashboard.letters import CASES, DECISIONS, Page, bare, explained, made, printed

from credit_scoring.dashboard.letter import letter
from credit_scoring.dashboard.letter_files import as_html, as_pdf
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.wire.base import Decision
from credit_scoring.wire.scoring import Reason


@pytest.mark.parametrize(("language", "decision", "by"), CASES)
def test_a_page_has_its_language_a_title_one_heading_and_all_of_its_parts(
    language: Language, decision: Decision, by: str
) -> None:
    content = made(language, decision, by, lender="Crédit du Val")
    html = as_html(content)
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert page.attributes["html"] == {"lang": language}
    assert f"<title>{content.title.replace(chr(39), '&#x27;')}</title>" in html
    assert page.tags.count("h1") == page.tags.count("title") == page.tags.count("main") == 1
    assert page.tags.count("h2") == len(content.sections)
    assert not {"script", "link", "img", "a"} & set(page.tags)
    for part in (content.lender, content.title, content.greeting, content.verdict, content.preparation):
        assert part in page.read
    for section in content.sections:
        for part in (section.heading, *section.opening, *(text for _, text in section.points), *section.closing):
            assert part in page.read


@pytest.mark.parametrize(("language", "decision", "by"), CASES)
def test_the_pdf_says_word_for_word_what_the_page_says(language: Language, decision: Decision, by: str) -> None:
    content = made(language, decision, by, lender="Crédit du Val d’Œuvre", contact="1, quai Nord\n(2e étage) \\ 20 €")
    assert bare(printed(as_pdf(content))) == bare(Page(as_html(content)).text)


@given(
    st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cf"]), max_size=300),
    st.sampled_from(LANGUAGES),
)
def test_the_pdf_shows_all_that_western_europe_writes(text: str, language: Language) -> None:
    reason = Reason(concept=text, contribution=1, feature="f", value=text, text=f"{text} ({text}): x")
    content = letter(explained(language, reasons=(reason,)), [], Words(language), lender=text, contact=text)
    assert bare(printed(as_pdf(content))) == bare(Page(as_html(content)).text)


ATTACKS = ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "{nb} {0} %s &lt; -->", "]]></p></main>"]


@given(
    st.one_of(st.sampled_from([*ATTACKS, "Жилой дом 🏠", "\ud800\x00\x7f\u202e\r\n\t", "…" * 400]), st.text()),
    st.sampled_from(LANGUAGES),
    st.sampled_from(DECISIONS),
)
def test_whatever_is_put_in_stays_text(text: str, language: Language, decision: Decision) -> None:
    value = text.encode(errors="replace").decode()
    reason = Reason(concept=value, contribution=1, feature="f", value=value, text=f"M ({value}): x")
    plain = Reason(concept="c", contribution=1, feature="f", value="v", text="M (v): x")
    pages = [
        Page(
            as_html(
                letter(explained(language, decision, reasons=(one,)), [], Words(language), lender=name, contact=name)
            )
        )
        for one, name in ((reason, f"L{text}"), (plain, "L"))
    ]
    assert pages[0].tags == pages[1].tags
    content = letter(explained(language, decision, reasons=(reason,)), [], Words(language), lender=text, contact=text)
    assert as_pdf(content).startswith(b"%PDF-")
    as_html(content).encode()


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_put_in_is_read_as_it_was_written(attack: str) -> None:
    content = made("en", lender=attack, contact=attack)
    assert Page(as_html(content)).read.count(attack) == 3
    assert bare(printed(as_pdf(content))).count(bare(attack)) == 3


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("1\u202f234 −5 €", "1\xa0234 –5 €"),
        ("œuvre d’Anaïs", "œuvre d’Anaïs"),
        ("Erdo\u030b Łódź", "Erdo ?ódz"),
        ("Дом 🏠", "??? ?"),
    ],
)
def test_what_the_fonts_lack_is_written_as_the_nearest_that_they_have(written: str, shown: str) -> None:
    assert bare(printed(as_pdf(made("fr", lender=written)))).startswith(bare(shown))


@pytest.mark.parametrize("by", ["model", "person"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_letter_is_the_same_file_and_says_who_wrote_it_when_in_which_language(
    language: Language, by: str
) -> None:
    first, again = (made(language, by=by, lender="Crédit du Val") for _ in range(2))
    assert as_pdf(first) == as_pdf(again)
    assert as_html(first) == as_html(again)
    pdf = as_pdf(first)
    day = b"20261127120000" if by == "person" else b"20261125123000"
    assert re.search(rb"/CreationDate \(D:" + day + rb"Z", pdf)
    assert b"/Lang (" + language.encode() + b")" in pdf
    for name, text in ((b"Title", first.title), (b"Author", "Crédit du Val")):
        plain, coded = rb"\(" + re.escape(text.encode()) + rb"\)", b"<" + text.encode("utf-16-be").hex().encode() + b">"
        assert re.search(rb"/" + name + rb" (" + plain + rb"|<feff" + coded[1:] + rb")\n", pdf)
