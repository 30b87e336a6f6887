"""What if: changes to what the applicant can change, and the smallest one that would be approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.charts import plain, show
from credit_scoring.dashboard.desk import Desk, named
from credit_scoring.dashboard.figures.gauge import gauge
from credit_scoring.dashboard.figures.reasons import moved
from credit_scoring.dashboard.file import show_verdict, show_whose
from credit_scoring.dashboard.find import asked_number
from credit_scoring.dashboard.states import show_faults
from credit_scoring.dashboard.views.applicant import latest_or_new
from credit_scoring.wire.decisions import DecisionRecord, RecordedExplanation
from credit_scoring.wire.simulation import Simulation, Suggestion

AMOUNTS, TERM = ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"), "TERM"
ICONS = {"no_change_needed": ":material/check:", "found": ":material/lightbulb:", "none": ":material/block:"}


def page(desk: Desk) -> None:
    """Draw the simulation of the decision that the address names, or the way to one."""
    words = desk.words
    st.warning(words("simulation.nothing_decided"), icon=":material/tune:")
    decision = named("decision")
    if decision is None:
        _choose(desk)
        return
    with desk.waits("applicant.waits"):
        explained = desk.kept(RecordedExplanation, f"/decisions/{decision}/explanation")
        record = desk.kept(DecisionRecord, f"/decisions/{decision}")
    show_whose(desk, explained)
    asked = _form(desk, decision, _known(record))
    place = f"simulation-{decision}"
    if asked is not None:
        st.session_state[place] = {"decision": decision} | asked
    if place in st.session_state:
        _show(desk, st.session_state[place], decision)


def _choose(desk: Desk) -> None:
    applicant = asked_number(desk)
    if applicant is None:
        return
    with desk.waits("applicant.waits"):
        decision = latest_or_new(desk, applicant)
    st.query_params["decision"] = decision
    st.rerun()


def _known(record: DecisionRecord) -> dict[str, float | str | None]:
    inputs = record.inputs if isinstance(record.inputs, Mapping) else {}
    supplied: dict[str, float | str | None] = dict(inputs.get("application") or inputs.get("features") or {})
    return {**(record.features or {}), **supplied}


def _form(desk: Desk, decision: str, known: Mapping[str, float | str | None]) -> dict[str, Any] | None:
    """Return the changes asked for, or ``None`` while nothing is."""
    words = desk.words
    changes: dict[str, float] = {}
    with st.form("simulation"):
        st.markdown(f"### {words('simulation.changes')}")
        boxes = st.columns(len(AMOUNTS) + 1)
        for box, name in zip(boxes, AMOUNTS, strict=False):
            present = known.get(name)
            start = float(present) if isinstance(present, int | float) and present >= 1 else None
            help_ = words("simulation.now", value=words.value(start, "currency"))
            value = box.number_input(
                words(f"field.{name}"),
                min_value=1.0,
                value=start,
                step=1_000.0,
                format="%.0f",
                help=help_,
                key=f"simulate-{decision}-{name}",
            )
            if value is not None and value != start:
                changes[name] = float(value)
        term = boxes[-1].number_input(
            words("field.TERM"),
            min_value=1,
            max_value=600,
            value=None,
            step=1,
            placeholder=words("simulation.same_term"),
            key=f"simulate-{decision}-{TERM}",
        )
        if term is not None:
            changes[TERM] = float(term)
        present_term = st.number_input(
            words("simulation.present_term"),
            min_value=1,
            max_value=600,
            value=None,
            step=1,
            placeholder=words("simulation.estimated"),
            key=f"simulate-{decision}-present",
            width=320,
        )
        try_it, look = st.columns(2)
        tried = try_it.form_submit_button(words("simulation.try"), type="primary", width="stretch")
        looked = look.form_submit_button(words("simulation.look"), width="stretch", icon=":material/lightbulb:")
    if tried and not changes:
        st.info(words("simulation.no_change"))
        return None
    asked = {"changes": changes, "suggest": looked} | ({"term": int(present_term)} if present_term else {})
    return asked if tried or looked else None


def _show(desk: Desk, asked: dict[str, Any], decision: str) -> None:
    words = desk.words
    place = f"simulated-{decision}-{words.language}"
    done: tuple[dict[str, Any], Simulation] | None = st.session_state.get(place)
    if done is None or done[0] != asked:
        try:
            with desk.waits("simulation.waits"):
                done = asked, desk.api.post(Simulation, "/simulate", asked)
        except ApiError as error:
            if error.kind not in {"invalid", "conflict"}:
                raise
            st.error(words("simulation.refused"))
            show_faults(error, desk)
            return
        st.session_state[place] = done
    simulation = done[1]
    if simulation.suggestion is not None:
        _suggest(desk, simulation.suggestion)
    if simulation.changes:
        _compare(desk, simulation)


def _suggest(desk: Desk, found: Suggestion) -> None:
    kind = {"no_change_needed": st.success, "found": st.success, "none": st.info}[found.outcome]
    kind(f"**{desk.words(f'simulation.outcome.{found.outcome}')}**  \n{found.text}", icon=ICONS[found.outcome])
    if found.outcome == "found":
        st.markdown(desk.words("simulation.risk_then", p_default=desk.words.percent(found.p_default)))


def _compare(desk: Desk, simulation: Simulation) -> None:
    words, policy = desk.words, desk.model().policy
    before, after = simulation.before, simulation.after
    st.markdown(f"### {words('simulation.after')}")
    told = [
        words("simulation.change", what=words(f"field.{name}"), to=words.money(round(value)))
        for name, value in simulation.changes.items()
    ]
    st.markdown("\n".join(f"- {plain(change)}" for change in told))
    show_verdict(desk, after, minimum_coverage=policy.minimum_coverage)
    moves = words.signed(100 * (after.p_default - before.p_default), 2)
    st.markdown(
        words(
            "simulation.moved",
            before=words.percent(before.p_default, 2),
            after=words.percent(after.p_default, 2),
            points=moves,
        )
    )
    figure = gauge(
        after.p_default, after.cutoff, policy.cutoff_interval, after.decision, words, before=before.p_default
    )
    show(figure, words, key="simulated-gauge")
    concepts = {name: info.concept for name, info in desk.features().items()}
    show(moved(simulation, concepts, words), words, key="moved")
