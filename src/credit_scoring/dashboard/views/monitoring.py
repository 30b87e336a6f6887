"""The watch over the model in production."""

from __future__ import annotations

import streamlit as st

from credit_scoring.dashboard.cards import Card, show_cards
from credit_scoring.dashboard.desk import Desk
from credit_scoring.dashboard.review import recent_reviews
from credit_scoring.wire.model import ModelVersions, Ready


def page(desk: Desk) -> None:
    """Draw whether the service is ready, which version decides, and what was decided of late."""
    words = desk.words
    with desk.waits("monitoring.waits"):
        ready = desk.api.get(Ready, "/ready")
        versions = desk.kept(ModelVersions, "/model/versions").versions
        summary = recent_reviews(desk)
    challenger = next((one for one in versions if one.role == "challenger"), None)
    told = words("monitoring.no_challenger") if challenger is None else words.number(challenger.version)
    total = sum(summary.decisions.values())
    show_cards(
        [
            Card(words("monitoring.service"), words("monitoring.ready"), ready.model[:12]),
            Card(words("role.challenger"), told, words("monitoring.challenger_note")),
            *(
                Card(
                    words(f"decision.{one}"),
                    words.percent(summary.decisions.get(one, 0) / total) if total else words.percent(0),
                    words(
                        "monitoring.of", count=words.number(summary.decisions.get(one, 0)), total=words.number(total)
                    ),
                    one,
                )
                for one in ("approve", "refer", "decline")
            ),
        ]
    )
    for note in ready.notes:
        st.warning(note)
    st.markdown(words("monitoring.note"))
