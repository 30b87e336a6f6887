"""The watch over the model in production: what moved, what it costs, what needs a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.challenge import show_challenge
from credit_scoring.dashboard.charts import show, show_table
from credit_scoring.dashboard.checks import show_alerts, show_findings
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.drift import moved_by_concept, psi_over_time
from credit_scoring.dashboard.figures.expected import figure_over_time, teller
from credit_scoring.dashboard.figures.scale import fixed
from credit_scoring.dashboard.figures.vintages import default_curves, realised_by_vintage
from credit_scoring.dashboard.figures.volumes import decisions_by_pass
from credit_scoring.dashboard.review import recent_reviews, review_cards, show_overrides
from credit_scoring.dashboard.sections import show_sections
from credit_scoring.wire.model import Interval, ModelVersion, ModelVersions, Ready
from credit_scoring.wire.monitoring import Watch, WatchPass

Found = Watch | ApiError


def page(desk: Desk) -> None:
    """Draw the newest pass and the state of the service, then one section at a time."""
    words = desk.words
    with desk.waits("monitoring.waits"):
        ready = desk.api.get(Ready, "/ready")
        versions = desk.kept(ModelVersions, "/model/versions").versions
        found = _watch(desk)
    if isinstance(found, Watch) and found.passes:
        show_cards(_pass_cards(desk, found))
    show_cards(_service_cards(desk, ready, versions))
    for note in ready.notes:
        st.warning(note)
    watched = {"drift": _drift, "performance": _performance, "alerts": _alerts}
    sections: dict[str, Callable[[], None]] = {
        name: partial(_watched, desk, found, draw) for name, draw in watched.items()
    }
    sections["volumes"] = partial(_volumes, desk, found)
    sections["challenger"] = partial(_challenger, desk, found, versions)
    show_sections(desk, "monitoring", sections)
    st.markdown(words("monitoring.note"))


def _watch(desk: Desk) -> Found:
    """Return what the watch found, or why its book cannot be read: nothing else depends on it."""
    try:
        return desk.api.get(Watch, "/monitoring")
    except ApiError as error:
        if error.kind != "unavailable":
            raise
        return error


def _watched(desk: Desk, found: Found, draw: Callable[[Desk, Watch], None]) -> None:
    """Draw a section of what the watch found, or why there is nothing."""
    if isinstance(found, ApiError):
        _broken(desk, found)
    elif not found.passes:
        st.info(desk.words("monitoring.no_pass"))
    else:
        draw(desk, found)


def _broken(desk: Desk, error: ApiError) -> None:
    st.error(f"**{desk.words('monitoring.broken')}**  \n{desk.words('monitoring.broken_way')}")
    st.code(error.detail, language=None, wrap_lines=True)


def _pass_cards(desk: Desk, found: Watch) -> list[Card]:
    words, newest = desk.words, found.passes[-1]
    total, still = sum(newest.decisions.values()), sum(one.closed is None for one in found.alerts)
    approved = words.percent(newest.decisions.get("approve", 0) / total) if total else words("chart.none")
    return [
        Card(
            words("monitoring.newest"),
            words.short_day(newest.at),
            words("monitoring.compared", count=words.number(total), since=words.short_day(newest.since)),
        ),
        Card(
            words("monitoring.open_alerts"),
            words("monitoring.open", count=words.number(still)) if still else words("monitoring.none_open"),
            words("monitoring.found", alarms=words.number(newest.alarms), notices=words.number(newest.notices)),
            "alarm" if still else "steady",
        ),
        _cost_card(desk, newest),
        Card(words("portfolio.approval"), approved, words("monitoring.of_compared")),
    ]


def _cost_card(desk: Desk, newest: WatchPass) -> Card:
    words, expected, trained = desk.words, newest.expected.get("cost"), newest.trained.get("cost")
    tell = teller("cost", words)
    figure = words("chart.none") if expected is None else tell(expected.value)
    note = "" if trained is None else words("monitoring.trained", figure=tell(trained.value))
    return Card(words("monitoring.cost"), figure, note)


def _service_cards(desk: Desk, ready: Ready, versions: tuple[ModelVersion, ...]) -> list[Card]:
    words, challenger = desk.words, _in_role(versions, "challenger")
    told = words("monitoring.no_challenger") if challenger is None else words.number(challenger.version)
    return [
        Card(words("monitoring.service"), words("monitoring.ready"), ready.model[:12]),
        Card(words("role.challenger"), told, words("monitoring.challenger_note")),
    ]


def _in_role(versions: tuple[ModelVersion, ...], role: str) -> ModelVersion | None:
    return next((one for one in versions if one.role == role), None)


def _drift(desk: Desk, found: Watch) -> None:
    words, newest = desk.words, found.passes[-1]
    show(psi_over_time(found.passes, found.findings, desk.features(), words), words, key="psi")
    show_findings(desk, found.findings)
    if newest.too_few:
        st.markdown(words("monitoring.too_few", count=words.number(newest.too_few)))
    show(moved_by_concept(found.concepts, words), words, key="moved-concepts")


def _performance(desk: Desk, found: Watch) -> None:
    words = desk.words
    st.markdown(words("monitoring.performance_note"))
    left, right = st.columns(2, gap="large")
    with left:
        show(figure_over_time(found.passes, "cost", words), words, key="cost")
        show(figure_over_time(found.passes, "auc", words), words, key="auc")
    with right:
        show(figure_over_time(found.passes, "bad_rate_approved", words), words, key="bad-rate")
        show(default_curves(found.vintages, words), words, key="curves")
    left, right = st.columns(2, gap="large")
    with left:
        show(realised_by_vintage(found.vintages, "bad_rate_approved", words), words, key="realised-bad-rate")
    with right:
        show(realised_by_vintage(found.vintages, "auc", words), words, key="realised-auc")
    _vintages(desk, found)


def _vintages(desk: Desk, found: Watch) -> None:
    words, listed = desk.words, found.vintages
    if not listed:
        return
    st.markdown(f"### {words('monitoring.vintages')}")
    st.markdown(words("monitoring.vintages_note"))
    show_table(
        {
            words("chart.vintage.month"): [words.month(one.month) for one in listed],
            words("queue.made"): [words.number(one.decisions) for one in listed],
            words("monitoring.approved"): [words.number(one.approved) for one in listed],
            words("monitoring.known"): [
                words(
                    "monitoring.known_share",
                    known=words.number(one.known),
                    share=words.percent(one.known / one.approved if one.approved else 0.0, 0),
                )
                for one in listed
            ],
            words("monitoring.mature"): [words(f"value.{'yes' if one.mature else 'no'}") for one in listed],
        },
        alt=words("monitoring.vintages"),
    )


def _alerts(desk: Desk, found: Watch) -> None:
    show_alerts(desk, found.alerts)


def _volumes(desk: Desk, found: Found) -> None:
    words = desk.words
    with desk.waits("monitoring.waits"):
        summary = recent_reviews(desk)
    show_cards(review_cards(desk, summary))
    _watched(desk, found, lambda _, watch: show(decisions_by_pass(watch.passes, words), words, key="volumes"))
    show_overrides(desk, summary)


def _challenger(desk: Desk, found: Found, versions: tuple[ModelVersion, ...]) -> None:
    words = desk.words
    sides = {role: _in_role(versions, role) for role in ("champion", "challenger")}
    if isinstance(found, ApiError):
        _broken(desk, found)
    elif found.challenge is not None:
        show_challenge(desk, found.challenge, sides)
    else:
        st.info(words("challenge.none"))
    st.markdown(words("monitoring.compare" if sides["challenger"] else "monitoring.get_challenger"))
    told = {words(f"role.{role}"): _version(desk, one) for role, one in sides.items() if one is not None}
    facts = [fact for fact in next(iter(told.values()), {}) if any(cells[fact] for cells in told.values())]
    show_table(
        {words("record.fact"): facts} | {role: [cells[fact] for fact in facts] for role, cells in told.items()},
        alt=words("monitoring.challenger"),
    )


def _version(desk: Desk, one: ModelVersion) -> dict[str, str]:
    words = desk.words
    trained = words.day(datetime.fromisoformat(one.trained_at)) if one.trained_at else ""
    return {
        words("model.version"): words.number(one.version),
        words("model.candidate"): one.candidate or "",
        words("model.trained_at"): trained,
        words("model.auc"): _between(desk, one.auc),
        words("metric.cost"): _between(desk, one.cost),
        words("policy.cutoff"): "" if one.cutoff is None else words.percent(min(one.cutoff, 1.0)),
        words("model.digest"): one.digest[:12],
        words("model.problem"): one.problem or "",
    }


def _between(desk: Desk, figure: Interval | None) -> str:
    if figure is None:
        return ""
    value, lower, upper = (fixed(bound, 4, desk.words) for bound in (figure.value, figure.lower, figure.upper))
    return desk.words("model.between", value=value, lower=lower, upper=upper)
