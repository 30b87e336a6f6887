"""A new application: typed in, or read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from credit_scoring.client.api import ApiError
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.states import show_faults
from credit_scoring.dashboard.uploads import MOST_ROWS, CsvFile, UnreadableError, json_in, text_in
from credit_scoring.wire.model import FeatureInfo
from credit_scoring.wire.scoring import Explanation

KEY = "SK_ID_CURR"
DAYS_A_YEAR = 365.25
MOST_FIELDS = 16


@dataclass(frozen=True)
class Field:
    """A field of the form. Years are sent as days before today, as the column has them."""

    name: str
    kind: Literal["money", "years", "score", "count", "category", "number"]


FIELDS = (
    Field("NAME_CONTRACT_TYPE", "category"),
    Field("AMT_CREDIT", "money"),
    Field("AMT_ANNUITY", "money"),
    Field("AMT_GOODS_PRICE", "money"),
    Field("AMT_INCOME_TOTAL", "money"),
    Field("NAME_INCOME_TYPE", "category"),
    Field("OCCUPATION_TYPE", "category"),
    Field("DAYS_EMPLOYED", "years"),
    Field("DAYS_BIRTH", "years"),
    Field("CODE_GENDER", "category"),
    Field("NAME_EDUCATION_TYPE", "category"),
    Field("NAME_FAMILY_STATUS", "category"),
    Field("CNT_CHILDREN", "count"),
    Field("EXT_SOURCE_1", "score"),
    Field("EXT_SOURCE_2", "score"),
    Field("EXT_SOURCE_3", "score"),
)

LIMITS: Mapping[str, dict[str, Any]] = {
    "money": {"min_value": 0.0, "step": 1_000.0, "format": "%.0f"},
    "years": {"min_value": 0.0, "max_value": 110.0, "step": 1.0, "format": "%.0f"},
    "score": {"min_value": 0.0, "max_value": 1.0, "step": 0.05},
    "count": {"min_value": 0.0, "step": 1.0, "format": "%.0f"},
    "number": {},
}


def type_in(desk: Desk) -> None:
    """Draw the fields of an application; what is left empty is not told.

    They are no form of Streamlit's, which tells what was typed only once it is sent: another language would lose it.
    """
    words, infos = desk.words, desk.features()
    st.markdown(words("form.note"))
    told: dict[str, Any] = {}
    columns = st.columns(3)
    for place, field in enumerate(_fields(desk, infos)):
        with columns[place % len(columns)]:
            value = _asked(desk, field, infos)
        if value is not None:
            told[field.name] = value
    pressed = st.button(words("form.decide"), type="primary", key="form_decide")
    if pressed and not told:
        st.error(words("form.empty"))
    elif pressed:
        _decide(desk, "/predict/explain", {"features": told})


def _fields(desk: Desk, infos: Mapping[str, FeatureInfo]) -> tuple[Field, ...]:
    """Return the fields of the form: those officers know, or of another portfolio those that weigh most."""
    if desk.model().portfolio == "home_credit":
        return FIELDS
    strongest = list(infos.values())[:MOST_FIELDS]
    return tuple(Field(one.name, "category" if one.kind == "category" else "number") for one in strongest)


def _asked(desk: Desk, field: Field, infos: Mapping[str, FeatureInfo]) -> float | str | None:
    info = infos.get(field.name)
    label = desk.words.known(f"field.{field.name}", info.meaning if info else field.name)
    key = f"form_{field.name}"
    if field.kind == "category":
        levels = (info.levels if info else None) or ()
        chosen: str | None = st.selectbox(
            label,
            levels,
            index=None,
            key=desk.key_of(key),
            format_func=desk.words.category,
            placeholder=desk.words("form.untold"),
        )
        return chosen
    value = st.number_input(label, value=None, key=key, placeholder=desk.words("form.untold"), **LIMITS[field.kind])
    if value is None:
        return None
    return -round(value * DAYS_A_YEAR) if field.kind == "years" else float(value)


def upload(desk: Desk) -> None:
    """Draw the way to decide an application that is in a file."""
    words = desk.words
    st.markdown(words("upload.note"))
    file = st.file_uploader(words("upload.label"), type=["csv", "json"], key="upload_file", max_upload_size=10)
    if file is None:
        return
    try:
        content = text_in(file.getvalue())
        body = json_in(content) if file.name.lower().endswith(".json") else _chosen(desk, CsvFile.read(content))
    except UnreadableError as error:
        st.error(words("upload.unreadable", why=words(f"upload.{error.why}", most=words.number(MOST_ROWS))))
        return
    if st.button(words("form.decide"), type="primary", key="upload_decide"):
        _decide(desk, "/predict/explain" if "features" in body else "/applications/score", body)


def _chosen(desk: Desk, file: CsvFile) -> dict[str, Any]:
    """Return the application in the row that the officer chooses."""
    rows, place = file.rows, 0
    if len(rows) > 1:
        place = st.selectbox(
            desk.words("upload.row"),
            range(len(rows)),
            format_func=lambda one: rows[one].get(KEY) or desk.words.number(one + 1),
        )
    categories = {name for name, info in desk.features().items() if info.kind == "category"}
    return {"application": file.application(place, categories)}


def _decide(desk: Desk, path: str, body: dict[str, Any]) -> None:
    """Open the decision on an application, or say what is wrong with it."""
    try:
        with desk.waits("form.waits"):
            made = desk.api.post(Explanation, path, body)
    except ApiError as error:
        if error.kind not in {"invalid", "malformed"}:
            raise
        st.error(desk.words("form.refused"))
        show_faults(error, desk)
    else:
        desk.go("applicant", decision=made.decision_id)
