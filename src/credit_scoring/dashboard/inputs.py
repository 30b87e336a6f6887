"""What the model was told of an applicant: what is out of range, what is missing, and every value."""

from __future__ import annotations

import streamlit as st

from credit_scoring.dashboard.charts import show_table
from credit_scoring.dashboard.desk import Desk
from credit_scoring.wire.decisions import DecisionRecord, RecordedExplanation

MOST_MISSING = 15


def show_inputs(desk: Desk, explained: RecordedExplanation, record: DecisionRecord) -> None:
    """Draw the warnings, the missing features that weigh most, and a table of all values to search in."""
    words = desk.words
    _warnings(desk, explained)
    if record.features is None:
        st.info(words("inputs.purged"))
        return
    infos, known = desk.features(), record.features
    if explained.model.digest != desk.model().digest:
        st.info(words("inputs.former"))
    missing = [info for name, info in infos.items() if name not in known and info.importance > 0]
    st.markdown(f"### {words('inputs.missing')}")
    if missing:
        share = words.percent(sum(info.importance for info in missing))
        st.markdown(words("inputs.missing_note", count=words.number(len(missing)), share=share))
        show_table(
            {
                words("inputs.feature"): [info.meaning for info in missing[:MOST_MISSING]],
                words("inputs.weight"): [words.percent(info.importance) for info in missing[:MOST_MISSING]],
            },
        )
    else:
        st.markdown(words("inputs.complete"))
    st.markdown(f"### {words('inputs.values')}")
    asked = st.text_input(words("inputs.search"), key="inputs_search").casefold()
    shown = [info for name, info in infos.items() if name in known and asked in f"{info.meaning} {name}".casefold()]
    st.dataframe(
        {
            words("inputs.feature"): [info.meaning for info in shown],
            words("inputs.value"): [words.value(known[info.name], info.unit) for info in shown],
            words("inputs.weight"): [words.percent(info.importance, 2) for info in shown],
            words("inputs.name"): [info.name for info in shown],
        },
        hide_index=True,
        alt=words("inputs.values"),
    )


def _warnings(desk: Desk, explained: RecordedExplanation) -> None:
    words, infos = desk.words, desk.features()
    st.markdown(f"### {words('inputs.warnings')}")
    if not explained.warnings:
        st.markdown(words("inputs.no_warnings"))
        return
    show_table(
        {
            words("inputs.feature"): [
                infos[one.field].meaning if one.field in infos else one.field for one in explained.warnings
            ],
            words("inputs.warning"): [words(f"warning.{one.code}") for one in explained.warnings],
        },
    )
