"""A challenger against the champion in words: the verdict, each rule, and what both are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from credit_scoring.dashboard.charts import show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.scale import fixed
from credit_scoring.dashboard.words import Words
from credit_scoring.wire.challenge import PromotionLimits, PromotionRule, SwappedApplications, WatchChallenge
from credit_scoring.wire.model import Interval, ModelVersion

Tell = Callable[[float], str]
_RATES: Final = frozenset({"decline_rate", "bad_rate_approved"})


def show_challenge(desk: Desk, found: WatchChallenge, sides: Mapping[str, ModelVersion | None]) -> None:
    """Draw the newest comparison; `sides` are the champion and the challenger of today."""
    words = desk.words
    st.markdown(f"### {words('challenge.title')}")
    facts = {
        "challenger": words.number(found.challenger.version),
        "champion": words.number(found.champion.version),
        "when": words.day(found.at),
        "verdict": words(f"challenge.verdict.{found.verdict}"),
    }
    st.markdown(words("challenge.told", **facts))
    if any(one is None or one.digest != getattr(found, role).digest for role, one in sides.items()):
        st.info(words("challenge.past"))
    counts = {name: words.number(getattr(found, name)) for name in ("applications", "known", "defaults")}
    st.markdown(words("challenge.outcomes", **counts))
    if found.population == "approved":
        st.markdown(words("challenge.approved"))
    _rules(desk, found)
    _figures(desk, found)
    _swap(desk, found)


def _rules(desk: Desk, found: WatchChallenge) -> None:
    words, limits = desk.words, _limits(found.limits, desk.words)
    show_table(
        {
            words("challenge.rule"): [f"{one.code} {words(f'rule.{one.code}.name')}" for one in found.rules],
            words("challenge.measured"): [_measured(one, words) for one in found.rules],
            words("challenge.asked"): [words(f"rule.{one.code}.asks", **limits) for one in found.rules],
            words("challenge.result"): [words(f"challenge.state.{one.state}") for one in found.rules],
        },
        alt=words("challenge.rules"),
    )


def _limits(limits: PromotionLimits, words: Words) -> dict[str, str]:
    """Return the limits as the texts of the rules name them."""
    return {
        "defaults": words.number(limits.least_defaults),
        "tolerance": words.percent(limits.cost_tolerance),
        "slopes": words("chart.bin.between", **_ends(limits.slope, words)),
        "promised": words("chart.bin.between", **_ends(limits.promised, words)),
        "approval": words.percent(limits.approval_fall),
        "auc": fixed(limits.auc_fall, 3, words),
        "psi": fixed(limits.psi, 2, words),
    }


def _ends(ends: tuple[float, float], words: Words) -> dict[str, str]:
    return {"lower": fixed(ends[0], 2, words), "upper": fixed(ends[1], 2, words)}


def _measured(rule: PromotionRule, words: Words) -> str:
    """Return what a rule measured; that of CS-C03, a bound of one of two figures, is in the table of figures."""
    tell: dict[str, Tell] = {
        "CS-C01": words.number,
        "CS-C02": _signed(words.percent),
        "CS-C04": lambda value: fixed(value, 2, words),
        "CS-C05": lambda value: fixed(value, 2, words),
        "CS-C06": _signed(words.percent),
        "CS-C07": _signed(lambda value: fixed(value, 3, words)),
        "CS-C08": lambda value: fixed(value, 2, words),
    }
    return tell[rule.code](rule.value) if rule.value is not None and rule.code in tell else words("chart.none")


def _figures(desk: Desk, found: WatchChallenge) -> None:
    words = desk.words
    if not found.figures:
        return
    st.markdown(f"### {words('challenge.figures')}")
    tell: dict[str, Tell] = {name: words.percent if name in _RATES else _decimals(words) for name in found.figures}
    show_table(
        {
            words("challenge.figure"): [words(f"metric.{name}") for name in found.figures],
            words("role.champion"): [_told(one.champion, tell[name], words) for name, one in found.figures.items()],
            words("role.challenger"): [_told(one.challenger, tell[name], words) for name, one in found.figures.items()],
            words("challenge.difference"): [
                _told(one.difference, _signed(tell[name]), words) for name, one in found.figures.items()
            ],
        },
        alt=words("challenge.figures"),
    )


def _swap(desk: Desk, found: WatchChallenge) -> None:
    words, swap = desk.words, found.swap
    alike = {name: words.number(getattr(swap, name)) for name in ("both_approve", "both_decline")}
    others = {name: words.number(getattr(swap, name).applications) for name in ("let_in", "turned_away")}
    told = [words("challenge.swap", **alike, **others)]
    told += [_defaulted(swap.let_in, "let_in", words), _defaulted(swap.turned_away, "turned_away", words)]
    st.markdown(" ".join(filter(None, told)))


def _defaulted(side: SwappedApplications, which: str, words: Words) -> str:
    """Return a sentence on what became of those on whom the models disagree, where that is known."""
    if side.bad_rate is None:
        return ""
    rate = _told(side.bad_rate, words.percent, words)
    return words(f"challenge.{which}", known=words.number(side.known), rate=rate)


def _told(one: Interval, tell: Tell, words: Words) -> str:
    return words("model.between", value=tell(one.value), lower=tell(one.lower), upper=tell(one.upper))


def _decimals(words: Words) -> Tell:
    return lambda value: fixed(value, 4, words)


def _signed(tell: Tell) -> Tell:
    """Return how a difference is written, its sign before it."""

    def told(value: float) -> str:
        sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
        return f"{sign}{tell(abs(value))}"

    return told
