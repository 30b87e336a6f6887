"""What the applicant is told of a decision, in plain words: the one source of the page and of the PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from babel.lists import format_list

from credit_scoring.dashboard.letter_reasons import reason_told
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import Language
from credit_scoring.wire.base import Decision
from credit_scoring.wire.decisions import RecordedExplanation, Review

MOST_REASONS = 4
# Concepts whose data come from elsewhere: the applicant may have errors corrected there too.
_FROM_OUTSIDE = frozenset({"external_score", "bureau_debt", "bureau_history", "bureau_overdue", "credit_enquiries"})


class NoLetterError(ValueError):
    """No letter can be made of what was given."""


class Point(NamedTuple):
    """A few words, and what is said about them."""

    term: str
    text: str


@dataclass(frozen=True)
class Section:
    """A part of the letter under a heading, in the order of its fields. A paragraph may have several lines."""

    heading: str
    opening: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    closing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """All that the applicant reads, in the order of its fields from ``lender`` on.

    ``author`` is the lender by name or by the word for it; ``lender`` is empty where no name was given. ``decided`` is
    when what holds was decided.
    """

    language: Language
    author: str
    decided: datetime
    lender: str
    facts: tuple[Point, ...]
    title: str
    greeting: str
    verdict: str
    preparation: str
    sections: tuple[Section, ...]
    closing: str


def letter(
    explained: RecordedExplanation,
    reviews: Sequence[Review],
    words: Words,
    *,
    lender: str = "",
    contact: str = "",
    reasons_asked: bool = False,
    units: Mapping[str, str] | None = None,
) -> Letter:
    """Return what the applicant is told: the decision that holds, why if it is no approval, their rights.

    Parameters
    ----------
    reviews : oldest first, as the record has them
        The last holds: the letter then tells that person's decision, and that a person made it. What the person noted
        (code and comment) is the lender's own and is not told.
    lender, contact : names as the applicant is to read them
        Without a lender no name is shown; without a contact, a line that asks the lender to complete it.
    reasons_asked
        Whether to tell what weighed against an approved application too.
    units
        Unit of each feature by its name, as the model tells them. Where one is missing, its figure is told as the
        service wrote it.

    Raises
    ------
    NoLetterError
        If nothing was decided (a simulation), the explanation is told in another language than the letter, or a review
        is of another decision.
    """
    _check(explained, reviews, words)
    review = reviews[-1] if reviews else None
    decision: Decision = review.decision if review else explained.decision
    by = "person" if review else "automated"
    state = "refer" if decision == "refer" else "decided"
    decided = review.at if review else explained.at
    told = decision != "approve" or reasons_asked
    return Letter(
        language=words.language,
        author=lender or words("letter.author"),
        decided=decided,
        lender=lender,
        facts=_facts(explained, state, decided, words),
        title=words(f"letter.title.{decision}"),
        greeting=words("letter.greeting"),
        verdict=words(f"letter.verdict.{by}.{decision}"),
        preparation=words(f"letter.preparation.{'person' if review else state}"),
        sections=(
            *([_reasons(explained, decision, by, words, units or {})] if told else []),
            *(_missing(explained, words) if told else []),
            _rights("refer" if decision == "refer" else by, state, words),
            Section(
                words("letter.contact.title"),
                (
                    words("letter.contact.intro", decision=explained.decision_id),
                    contact or words("letter.contact.placeholder"),
                ),
            ),
        ),
        closing=words("letter.closing"),
    )


def _check(explained: RecordedExplanation, reviews: Sequence[Review], words: Words) -> None:
    if explained.kind == "simulation":
        raise NoLetterError(
            "a simulation decides nothing, so nobody gets a letter about it; choose a recorded decision"
        )
    if explained.language != words.language:
        raise NoLetterError(
            f"the reasons are told in {explained.language!r}, the letter in {words.language!r}; "
            "ask for the explanation in the language of the letter"
        )
    if any(review.decision_id != explained.decision_id for review in reviews):
        raise NoLetterError(f"a review is of another decision; give those of {explained.decision_id}")


def _facts(explained: RecordedExplanation, state: str, decided: datetime, words: Words) -> tuple[Point, ...]:
    applicant = explained.applicant
    return (
        Point(words(f"letter.fact.date.{state}"), words.day(decided.astimezone().date())),
        *([] if applicant is None else [Point(words("letter.fact.applicant"), str(applicant))]),
        Point(words(f"letter.fact.decision.{state}"), explained.decision_id),
    )


def _reasons(
    explained: RecordedExplanation, decision: Decision, by: str, words: Words, units: Mapping[str, str]
) -> Section:
    case = "person" if by == "person" and decision == "decline" else decision
    heading = words(f"letter.reasons.title.{case}")
    reasons = explained.reasons[:MOST_REASONS]
    if not reasons:
        return Section(heading, (words("letter.reasons.none"),))
    outside = any(reason.concept in _FROM_OUTSIDE for reason in reasons)
    return Section(
        heading,
        (words(f"letter.reasons.intro.{case}"),),
        tuple(Point(*reason_told(reason, words, units.get(reason.feature))) for reason in reasons),
        (words("letter.reasons.outside"),) if outside else (),
    )


def _missing(explained: RecordedExplanation, words: Words) -> list[Section]:
    """Return what the warnings say was not sent; nothing where they do not say."""
    tables = [warning.field for warning in explained.warnings if warning.code == "absent_table"]
    names = [name for table in tables if (name := words.known(f"letter.missing.table.{table}", ""))]
    if not names:
        return []
    what = format_list(names, locale=words.locale)
    opening = (words("letter.missing.intro", what=what), words("letter.missing.way"))
    return [Section(words("letter.missing.title"), opening)]


def _rights(by: str, state: str, words: Words) -> Section:
    return Section(
        words("letter.rights.title"),
        (words("letter.rights.intro"),),
        (
            Point(words("letter.rights.person.term"), words(f"letter.rights.person.{by}")),
            Point(words("letter.rights.view.term"), words(f"letter.rights.view.{state}")),
            *(
                Point(words(f"letter.rights.{right}.term"), words(f"letter.rights.{right}.text"))
                for right in ("explanation", "data", "correction", "complaint")
            ),
        ),
        (words("letter.rights.law"),),
    )
