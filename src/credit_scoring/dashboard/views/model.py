"""The model: how good it is, what drives it, what it knows, and which version decides."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import streamlit as st

from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.charts import show, show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.figures.calibration import calibration
from credit_scoring.dashboard.figures.drivers import concepts, effects
from credit_scoring.dashboard.figures.model import gains, roc
from credit_scoring.dashboard.sections import show_sections
from credit_scoring.wire.model import Effects, Interval, Measured, ModelInfo, ModelVersions, Performance

SHARES = frozenset({"defaults_detected", "decline_rate", "bad_rate_approved"})


def page(desk: Desk) -> None:
    """Draw what the champion is, then one section at a time."""
    words = desk.words
    with desk.waits("model.waits"):
        info = desk.model()
    auc = info.out_of_fold.metrics["auc"]
    show_cards(
        [
            Card(
                words("model.version"),
                words.number(info.version),
                words("model.named", name=info.name, digest=info.digest[:12]),
            ),
            Card(words("model.auc"), words.number(auc.value, 4), _interval(desk, auc, 4)),
            Card(
                words("policy.cutoff"),
                words.percent(min(info.policy.cutoff, 1.0)),
                words("model.theory", cutoff=words.percent(info.policy.theoretical_cutoff)),
            ),
            Card(
                words("model.trained"),
                words.number(info.out_of_fold.applications),
                words("model.trained_note", when=_day(desk, info.trained_at)),
            ),
        ]
    )
    draw = {"performance": _performance, "drivers": _drivers, "features": _features, "versions": _versions}
    show_sections(desk, "model", {name: partial(show_it, desk, info) for name, show_it in draw.items()})


def _day(desk: Desk, moment: str | None) -> str:
    return desk.words.day(datetime.fromisoformat(moment)) if moment else ""


def _interval(desk: Desk, figure: Interval, digits: int) -> str:
    words = desk.words
    return words("queue.interval", lower=words.number(figure.lower, digits), upper=words.number(figure.upper, digits))


def _performance(desk: Desk, info: ModelInfo) -> None:
    words = desk.words
    with desk.waits("model.waits"):
        found = desk.kept(Performance, "/model/performance")
    st.markdown(
        words("model.population", applications=words.number(found.applications), defaults=words.number(found.defaults))
    )
    left, right = st.columns(2, gap="large")
    with left:
        show(roc(found, info.out_of_fold.metrics["auc"], words), words, key="roc")
        show(gains(found, words), words, key="gains")
    with right:
        show(calibration(found, words), words, key="calibration")
        st.markdown(f"### {words('model.metrics')}")
        _metrics(desk, info)


def _metrics(desk: Desk, info: ModelInfo) -> None:
    words = desk.words
    measured = {"out_of_fold": info.out_of_fold} | ({"holdout": info.holdout} if info.holdout else {})
    names = [*info.out_of_fold.metrics, *info.out_of_fold.at_cutoff]
    table = {words("model.metric"): [words.known(f"metric.{name}", name) for name in names]}
    for population, figures in measured.items():
        table[words(f"model.{population}")] = [_told(desk, figures, name) for name in names]
    show_table(table, alt=words("model.metrics"))
    st.markdown(words("model.metrics_note"))


def _told(desk: Desk, figures: Measured, name: str) -> str:
    words, figure = desk.words, (figures.metrics | figures.at_cutoff)[name]

    def tell(value: float) -> str:
        return words.percent(value) if name in SHARES else words.number(value, 4)

    return words("model.between", value=tell(figure.value), lower=tell(figure.lower), upper=tell(figure.upper))


def _drivers(desk: Desk, _: ModelInfo) -> None:
    with desk.waits("model.drivers_wait"):
        found = desk.kept(Effects, "/model/contributions")
    show(concepts(found, desk.words), desk.words, key="concepts")
    if found.sample:
        show(effects(found, desk.words), desk.words, key="effects")
    else:
        st.info(desk.words("model.no_sample"))


def _features(desk: Desk, _: ModelInfo) -> None:
    words = desk.words
    asked = st.text_input(words("inputs.search"), key="feature_search").casefold()
    found = [one for one in desk.features().values() if asked in f"{one.meaning} {one.name} {one.concept}".casefold()]
    st.markdown(words("model.found", count=words.number(len(found))))
    st.dataframe(
        {
            words("inputs.feature"): [one.meaning for one in found],
            words("reasons.concept"): [words.known(f"concept.{one.concept}", one.concept) for one in found],
            words("inputs.weight"): [words.percent(one.importance, 2) for one in found],
            words("model.range"): [_range(desk, one.seen, one.levels) for one in found],
            words("inputs.name"): [one.name for one in found],
        },
        hide_index=True,
        alt=words("model.features"),
    )


def _range(desk: Desk, seen: tuple[float, float] | None, levels: tuple[str, ...] | None) -> str:
    if levels:
        return ", ".join(map(desk.words.category, levels))
    if seen is None:
        return ""
    return desk.words("model.from_to", lower=desk.words.figure(seen[0]), upper=desk.words.figure(seen[1]))


def _versions(desk: Desk, _: ModelInfo) -> None:
    words = desk.words
    with desk.waits("model.waits"):
        found = desk.kept(ModelVersions, "/model/versions").versions
    show_table(
        {
            words("model.version"): [words.number(one.version) for one in found],
            words("model.role"): [words(f"role.{one.role}") for one in found],
            words("model.candidate"): [one.candidate or "" for one in found],
            words("model.trained_at"): [_day(desk, one.trained_at) for one in found],
            words("model.auc"): ["" if one.auc is None else words.number(one.auc.value, 4) for one in found],
            words("metric.cost"): ["" if one.cost is None else words.number(one.cost.value, 4) for one in found],
            words("policy.cutoff"): [
                "" if one.cutoff is None else words.percent(min(one.cutoff, 1.0)) for one in found
            ],
            words("model.digest"): [one.digest[:12] for one in found],
            words("model.problem"): [one.problem or "" for one in found],
        },
        alt=words("model.versions"),
    )
    st.markdown(words("model.registry_note"))
