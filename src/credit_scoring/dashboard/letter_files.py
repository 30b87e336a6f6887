"""The letter as files to print or to keep: HTML and PDF, from the same content."""

from __future__ import annotations

import unicodedata
from datetime import UTC
from html import escape
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.prefs import ViewerPreferences

from credit_scoring.dashboard.letter import Letter, Point, Section
from credit_scoring.dashboard.words import Words

_FONT: Final = "Helvetica"
_SIZE: Final = 10.0
_LINE: Final = 5.0
_GAP: Final = 2.5
_LABEL: Final = 48.0
_INDENT: Final = 6.0
_MARGIN: Final = 22.0
# Stands for the number of pages until it is known; no cleaned text holds it.
_PAGES: Final = "\x7f"
# What the PDF's own fonts lack, and what reads the same.
_ALIKE: Final = {"\u2009": "\xa0", "\u202f": "\xa0", "\u2010": "-", "\u2011": "-", "\u2212": "–"}


def as_html(content: Letter) -> str:
    """Return the letter as a complete document without scripts, links or pictures, laid out for A4 paper.

    Control characters are left out.
    """
    lender = f'<p class="lender">{_html(content.lender)}</p>' if content.lender else ""
    body = "\n".join(
        [
            f"<header>{lender}{_html_points(content.facts, 'facts')}</header>",
            f"<h1>{_html(content.title)}</h1>",
            *_html_paragraphs((content.greeting,)),
            f'<p class="verdict"><strong>{_html(content.verdict)}</strong></p>',
            *_html_paragraphs((content.preparation,)),
            *map(_html_section, content.sections),
            f"<footer>{''.join(_html_paragraphs((content.closing,)))}{lender}</footer>",
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{content.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="author" content="{_html(content.author)}">\n'
        f"<title>{_html(content.title)}</title>\n<style>{_CSS}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _html_section(section: Section) -> str:
    inner = [
        f"<h2>{_html(section.heading)}</h2>",
        *_html_paragraphs(section.opening),
        *([_html_points(section.points, "points")] if section.points else []),
        *_html_paragraphs(section.closing),
    ]
    return "<section>\n" + "\n".join(inner) + "\n</section>"


def _html_paragraphs(paragraphs: tuple[str, ...]) -> list[str]:
    return [f"<p>{_html(paragraph)}</p>" for paragraph in paragraphs]


def _html_points(points: tuple[Point, ...], kind: str) -> str:
    rows = "".join(f"<div><dt>{_html(term)}</dt><dd>{_html(text)}</dd></div>" for term, text in points)
    return f'<dl class="{kind}">{rows}</dl>'


def _html(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Return `text` without what no printer prints: control and format characters, halves of surrogate pairs."""
    spaced = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(c for c in spaced if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def as_pdf(content: Letter) -> bytes:
    """Return the letter as a PDF on A4 paper; the same content gives the same bytes.

    The fonts are the PDF's own, which know the letters of Western Europe (Windows-1252: é, œ, € and ’ too). Spaces,
    hyphens and the minus are written as the nearest that they have; an accent that they lack is left out (ő becomes
    o), and so are control characters; what is still unknown (Cyrillic, emoji) becomes a question mark.
    """
    pdf = _Paper(content)
    pdf.add_page()
    if content.lender:
        pdf.paragraph(content.lender, style="B", size=_SIZE + 2)
        pdf.ln(_GAP)
    for fact in content.facts:
        pdf.fact(fact)
    pdf.ln(2 * _GAP)
    pdf.paragraph(content.title, style="B", size=_SIZE + 6)
    pdf.ln(_GAP)
    pdf.paragraph(content.greeting)
    pdf.paragraph(content.verdict, style="B", size=_SIZE + 1)
    pdf.paragraph(content.preparation)
    for section in content.sections:
        pdf.section(section)
    with pdf.unbreakable() as together:
        together.ln(_GAP)
        together.paragraph(content.closing)
        if content.lender:
            together.paragraph(content.lender, style="B")
    return bytes(pdf.output())


class _Paper(FPDF):
    """A4 sheets that take the parts of a letter, and say at their foot which of how many they are."""

    def __init__(self, content: Letter) -> None:
        super().__init__(format="A4")
        self.words = Words(content.language)
        self.core_fonts_encoding = "cp1252"
        self.alias_nb_pages(_PAGES)
        self.set_margins(_MARGIN, _MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN)
        self.set_title(_clean(content.title))
        self.set_author(_clean(content.author))
        self.set_lang(content.language)
        self.set_creation_date(content.decided.astimezone(UTC))
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_font(_FONT, size=_SIZE)

    def footer(self) -> None:
        self.set_y(-_MARGIN + _LINE)
        self.set_font(_FONT, size=_SIZE - 2)
        self.cell(0, _LINE, self.words("letter.page", page=self.page_no(), pages=_PAGES), align="R")

    def paragraph(self, text: str, *, style: str = "", size: float = _SIZE, indent: float = 0.0) -> None:
        self._lines(text, style=style, size=size, indent=indent)
        self.ln(_GAP)

    def fact(self, fact: Point) -> None:
        top = self.get_y()
        self._lines(fact.term)
        self.set_y(top)
        self._lines(fact.text, indent=_LABEL)

    def section(self, section: Section) -> None:
        opening, *others = section.opening
        # A heading is never left alone at the foot of a page, nor a term.
        with self.unbreakable() as together:
            together.ln(_GAP)
            together.paragraph(section.heading, style="B", size=_SIZE + 2)
            together.paragraph(opening)
        for paragraph in others:
            self.paragraph(paragraph)
        for point in section.points:
            with self.unbreakable() as together:
                together.point(point)
        for paragraph in section.closing:
            self.paragraph(paragraph)

    def point(self, point: Point) -> None:
        self._lines(point.term, style="B", indent=_INDENT)
        self.paragraph(point.text, indent=_INDENT)

    def _lines(self, text: str, *, style: str = "", size: float = _SIZE, indent: float = 0.0) -> None:
        self.set_font(_FONT, style, size)
        self.set_x(self.l_margin + indent)
        height = _LINE * size / _SIZE
        self.multi_cell(0, height, _printable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _printable(text: str) -> str:
    composed = unicodedata.normalize("NFC", _clean(text))
    return "".join(map(_nearest, composed))


def _nearest(char: str) -> str:
    alike = _ALIKE.get(char, char)
    if unicodedata.category(alike).startswith("M"):
        return ""
    if _known(alike):
        return alike
    plain = unicodedata.normalize("NFKD", alike)[0]
    return plain if _known(plain) else "?"


def _known(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


_CSS: Final = """
@page { size: A4; margin: 20mm 22mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt Arial; } }
body { margin: 0; color: #000; background: #fff; font: 10.5pt/1.45 Helvetica, Arial, "Liberation Sans", sans-serif; }
main { max-width: 166mm; margin: 0 auto; padding: 10mm 6mm; overflow-wrap: anywhere; }
h1 { font-size: 16pt; line-height: 1.25; margin: 7mm 0 4mm; }
h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid; }
p { margin: 0 0 2.5mm; white-space: pre-line; orphans: 2; widows: 2; }
dl { margin: 0 0 2.5mm; }
dt, .lender { font-weight: bold; }
dd { margin: 0; }
.lender { font-size: 12pt; margin-bottom: 5mm; }
.verdict { font-size: 11.5pt; }
.facts div { display: grid; grid-template-columns: 48mm 1fr; }
.facts dt { font-weight: normal; }
.points { padding-left: 6mm; }
.points div { margin-bottom: 2.5mm; break-inside: avoid; }
footer { margin-top: 6mm; break-inside: avoid; }
footer .lender { font-size: inherit; margin: 0; }
@media print { main { max-width: none; padding: 0; } }
"""
