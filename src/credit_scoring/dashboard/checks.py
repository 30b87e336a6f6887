"""Checks of the watch in words: what each looks at, what it found, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from credit_scoring.dashboard.charts import show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.scale import fixed
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.model import FeatureInfo
from credit_scoring.wire.monitoring import WatchAlert, WatchFinding

MOST_ROWS: Final = 15
_SHARES: Final = frozenset({"CS-D04", "CS-D05", "CS-D06", "CS-P01", "CS-P03"})
_SIGNED: Final = frozenset({"CS-D04", "CS-P01", "CS-P03"})
_AUCS: Final = frozenset({"CS-P02", "CS-P04"})
_COUNTS: Final = frozenset({"CS-V01"})


def measured(code: str, value: float, words: Words) -> str:
    """Return what a check measured, or its limit, as people read it."""
    if code in _COUNTS:
        return words.number(value)
    if code not in _SHARES:
        return fixed(value, 3 if code in _AUCS else 2, words)
    told = words.percent(abs(value))
    sign = "\N{MINUS SIGN}" if value < 0 else "+" if code in _SIGNED else ""
    return f"{sign}{told}"


def limit_of(code: str, limit: float, words: Words) -> str:
    """Return from where on a check finds something; of a count, below what."""
    told = measured(code, limit, words).removeprefix("+")
    return words("checks.below" if code in _COUNTS else "checks.from", limit=told)


def subject_of(subject: str, features: Mapping[str, FeatureInfo], words: Words) -> str:
    """Return what a check looked at: a feature's meaning, a concept, or what else there is."""
    if subject in features:
        return features[subject].meaning
    return words.known(f"subject.{subject}", words.known(f"concept.{subject}", subject))


def show_findings(desk: Desk, findings: Sequence[WatchFinding]) -> None:
    """Draw what the newest pass found, gravest and weightiest first."""
    words, features = desk.words, desk.features()
    st.markdown(f"### {words('checks.findings')}")
    if not findings:
        st.markdown(words("checks.no_findings"))
        return
    alarms = sum(one.severity == "alarm" for one in findings)
    counts = {"alarms": words.number(alarms), "notices": words.number(len(findings) - alarms)}
    st.markdown(words("checks.counted", **counts))
    _told_of_many(desk, len(findings), "weightiest")
    shown = findings[:MOST_ROWS]
    show_table(
        {
            words("checks.severity"): [_severity(one.severity, words) for one in shown],
            words("checks.check"): [f"{one.code} {words(f'check.{one.code}.name')}" for one in shown],
            words("checks.subject"): [subject_of(one.subject, features, words) for one in shown],
            words("checks.value"): [measured(one.code, one.value, words) for one in shown],
            words("checks.limit"): [limit_of(one.code, one.limit, words) for one in shown],
            words("inputs.weight"): [words.percent(one.importance) if one.concept else "" for one in shown],
        },
        alt=words("checks.findings"),
    )


def _severity(severity: str, words: Words) -> str:
    return words(f"checks.severe.{severity}")


def _told_of_many(desk: Desk, count: int, which: str) -> None:
    if count > MOST_ROWS:
        words = desk.words
        st.markdown(words(f"checks.{which}", shown=words.number(MOST_ROWS), all=words.number(count)))


def show_alerts(desk: Desk, alerts: Sequence[WatchAlert]) -> None:
    """Draw the alerts that are open, what to do about them, and those that were closed."""
    words = desk.words
    still = sorted((one for one in alerts if one.closed is None), key=lambda one: -one.importance)
    over = [one for one in alerts if one.closed is not None]
    st.markdown(f"### {words('checks.open')}")
    if still:
        _alerts(desk, still, words("checks.open"))
        _advice(desk, sorted({one.code for one in still}))
    else:
        st.success(words("checks.none_open"), icon=":material/check:")
    st.markdown(f"### {words('checks.closed')}")
    if over:
        _alerts(desk, over, words("checks.closed"), until=[words.short_day(one.closed) for one in over if one.closed])
    else:
        st.markdown(words("checks.none_closed"))


def _alerts(desk: Desk, alerts: Sequence[WatchAlert], title: str, *, until: Sequence[str] = ()) -> None:
    words, features = desk.words, desk.features()
    _told_of_many(desk, len(alerts), "newest" if until else "weightiest")
    shown = alerts[:MOST_ROWS]
    show_table(
        {
            words("checks.check"): [f"{one.code} {words(f'check.{one.code}.name')}" for one in shown],
            words("checks.subject"): [subject_of(one.subject, features, words) for one in shown],
            words("checks.since"): [words.short_day(one.opened) for one in shown],
            **({words("checks.until"): until[:MOST_ROWS]} if until else {}),
            words("checks.worst"): [
                "" if one.worst == one.subject else subject_of(one.worst, features, words) for one in shown
            ],
            words("checks.features"): [
                "" if one.worst == one.subject else words.number(len(one.subjects)) for one in shown
            ],
            words("checks.value"): [measured(one.code, one.value, words) for one in shown],
            words("checks.limit"): [limit_of(one.code, one.limit, words) for one in shown],
        },
        alt=title,
    )


def _advice(desk: Desk, codes: Sequence[str]) -> None:
    words = desk.words
    st.markdown(f"### {words('checks.advice')}")
    show_table(
        {
            words("checks.check"): [f"{code} {words(f'check.{code}.name')}" for code in codes],
            words("checks.means"): [words(f"check.{code}.means") for code in codes],
            words("checks.do"): [words(f"check.{code}.advice") for code in codes],
        },
        alt=words("checks.advice"),
    )
