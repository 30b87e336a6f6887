"""Letters to test, and what is read in their files."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from credit_scoring.dashboard.letter import Letter, letter
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.decision import Reason as CoreReason
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.features.assemble import catalogue
from credit_scoring.wire.base import Decision
from credit_scoring.wire.decisions import RecordedExplanation, Review
from credit_scoring.wire.scoring import Reason

FEATURES = catalogue()
UNITS = {name: feature.unit for name, feature in FEATURES.items()}
VALUES: dict[str, float | str | None] = {
    "EXT_SOURCE_2": 0.1391,
    "DAYS_BIRTH": -9461.0,
    "ORGANIZATION_TYPE": "Trade: type 7",
    "BUREAU__DAYS_CREDIT__MAX__CAR": None,
    "CARD__CNT_DRAWINGS_CURRENT__MEAN__12M": 12.25,
}
AT = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
REVIEWED = datetime(2026, 11, 27, 12, tzinfo=UTC)
DECISIONS: tuple[Decision, ...] = ("approve", "refer", "decline")
CASES = [(language, decision, by) for language in LANGUAGES for decision in DECISIONS for by in ("model", "person")]


def told(feature: str, value: float | str | None, language: Language) -> Reason:
    of = FEATURES[feature]
    text = CoreReason(of.concept, 0.7071, feature, value, of.unit, of.meaning).told(language)
    return Reason(concept=of.concept, contribution=0.7071, feature=feature, value=value, text=text)


def explained(language: Language, decision: Decision = "decline", **other: Any) -> RecordedExplanation:
    facts: dict[str, Any] = {
        "decision_id": "3f2a9c0d4b1e47d2a8c65f0e9b7dabcd",
        "p_default": 0.4277,
        "decision": decision,
        "by_cutoff": "decline",
        "cutoff": 0.0863,
        "distance_to_cutoff": -0.3334,
        "coverage": 0.8646,
        "warnings": (),
        "model": {"version": 3, "digest": "a" * 64},
        "margin": 1.2748,
        "baseline": -2.3449,
        "contributions": {"EXT_SOURCE_2": 0.7071},
        "reasons": tuple(told(feature, value, language) for feature, value in VALUES.items()),
        "language": language,
        "kind": "decision",
        "at": AT,
        "applicant": 100002,
        "endpoint": "explain",
        "cutoff_interval": (0.0786, 0.1048),
        "minimum_coverage": 0.3947,
        "concepts": (),
    }
    return RecordedExplanation(**(facts | other))


def review(decision: str, of: str = "3f2a9c0d4b1e47d2a8c65f0e9b7dabcd") -> Review:
    return Review.model_validate(
        {
            "review_id": "b" * 32,
            "decision_id": of,
            "action": "override",
            "decision": decision,
            "reason_code": "suspected_fraud",
            "comment": "between ourselves",
            "reviewer": "A. Lefèvre",
            "at": REVIEWED,
        }
    )


def made(language: Language, decision: Decision = "decline", by: str = "model", **other: Any) -> Letter:
    reviews = [review("approve" if decision == "decline" else "decline")] if by == "person" else []
    return letter(explained(language, decision), reviews, Words(language, "EUR"), units=UNITS, **other)


class Page(HTMLParser):
    """What a browser makes of a page: its tags in order, and what is read, block by block."""

    VOID = frozenset({"meta"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.read: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes[tag] = dict(attrs)
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "main" in self._open and data.strip():
            self.read.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.read)


def printed(pdf: bytes) -> str:
    """Return what a PDF shows, from its text operators, without the line at the foot of each page."""
    shown = b""
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        for text in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", zlib.decompress(stream), re.DOTALL):
            shown += re.sub(rb"\\(.)", rb"\1", text, flags=re.DOTALL) + b" "
    return re.sub(r"Page \d (of|sur)\s+\d", "", shown.decode("cp1252"))


def bare(text: str) -> str:
    """Return `text` without spaces: lines are broken where they are full."""
    return "".join(text.split())
