"""What every page works with: the words, the API, and the other pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar, cast

import httpx
import streamlit as st
from pydantic import BaseModel
from streamlit.navigation.page import Page

from credit_scoring.client.api import SECONDS, Api, ApiError
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES
from credit_scoring.wire.model import FeatureInfo, ModelInfo

M = TypeVar("M", bound=BaseModel)
KEPT_SECONDS = 60
MOST_KEPT = 500
# The API closes a connection after 5 idle seconds: whoever asks over it at that moment is told that nothing answers.
IDLE_SECONDS = 2.0
_NAMES = {"decision": re.compile("[0-9a-f]{32}"), "applicant": re.compile("[0-9]{1,16}")}


@dataclass(frozen=True)
class Desk:
    """An officer's words and access to the API; ``reviewer`` signs reviews, and is empty until given."""

    words: Words
    url: str
    key: str = field(repr=False)
    reviewer: str
    pages: Mapping[str, Page] = field(repr=False)

    @property
    def api(self) -> Api:
        """Return the API, for what may change at any moment and for what is recorded."""
        return Api(_http(), self.url, self.key, self.words.language)

    def kept(self, model: type[M], path: str, **parameters: object) -> M:
        """Return what lies at `path`, as it was at most a minute ago."""
        return cast("M", _kept(self, model, path, repr(sorted(parameters.items())), self._who, parameters))

    def answered(self, model: type[M], path: str, question: BaseModel) -> M:
        """Return the answer to a question that changes nothing, as it was at most a minute ago."""
        return cast("M", _answered(self, model, path, question.model_dump_json(), self._who, question))

    def model(self) -> ModelInfo:
        """Return what the champion says of itself."""
        return self.kept(ModelInfo, "/model/info")

    def features(self) -> Mapping[str, FeatureInfo]:
        """Return the champion's features by name, those that weigh most first."""
        ranked = sorted(self.model().features, key=lambda feature: -feature.importance)
        return {feature.name: feature for feature in ranked}

    def key_of(self, widget: str) -> str:
        """Return the key of a widget whose choices are words: in another language another, with the same choice."""
        key = f"{widget}-{self.words.language}"
        for language in LANGUAGES:
            chosen = st.session_state.get(f"{widget}-{language}")
            if chosen is not None and key not in st.session_state:
                st.session_state[key] = chosen
        return key

    def waits(self, key: str) -> AbstractContextManager[object]:
        """Show a spinner that says what is waited for."""
        return st.spinner(self.words(key), show_time=True)

    def go(self, page: str, **place: object) -> None:
        """Leave for another page, at the place that its address is to name."""
        st.switch_page(self.pages[page], query_params=self.address(**place))

    def link(self, page: str, label: str, *, icon: str | None = None, **place: object) -> None:
        """Draw a link to another page."""
        st.page_link(self.pages[page], label=label, icon=icon, query_params=self.address(**place))

    def address(self, **place: object) -> dict[str, str]:
        """Return what the address of a page says of `place`, and of the language."""
        return {"lang": self.words.language} | {name: str(value) for name, value in place.items()}

    @property
    def _who(self) -> tuple[str, str, str]:
        return self.url, self.key, self.words.language


def named(parameter: str) -> str | None:
    """Return the decision or applicant that the address names; what cannot be one is not found, and never asked for."""
    value: str | None = st.query_params.get(parameter)
    if value is not None and not _NAMES[parameter].fullmatch(value):
        raise ApiError("not-found")
    return value


def forget() -> None:
    """Ask everything anew."""
    _kept.clear()
    _answered.clear()


@st.cache_resource(show_spinner=False)
def _http() -> httpx.Client:
    return httpx.Client(timeout=SECONDS, limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS))


# Wire models are frozen, so all sessions may share them. Names with an underscore are no part of what is looked up by.
@st.cache_resource(ttl=KEPT_SECONDS, max_entries=MOST_KEPT, show_spinner=False)
def _kept(
    _desk: Desk,
    _model: type[BaseModel],
    path: str,
    asked: str,  # noqa: ARG001
    who: tuple[str, str, str],  # noqa: ARG001
    _parameters: Mapping[str, object],
) -> BaseModel:
    return _desk.api.get(_model, path, **_parameters)


@st.cache_resource(ttl=KEPT_SECONDS, max_entries=MOST_KEPT, show_spinner=False)
def _answered(
    _desk: Desk,
    _model: type[BaseModel],
    path: str,
    asked: str,  # noqa: ARG001
    who: tuple[str, str, str],  # noqa: ARG001
    _question: BaseModel,
) -> BaseModel:
    return _desk.api.post(_model, path, _question)
