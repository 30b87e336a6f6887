"""Simulations: an application and what it would be with changes, and the smallest change that would be approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.domain.text import Language, Text, number, percentage
from credit_scoring.explain.actionable import actionable_fields
from credit_scoring.explain.what_if import NoChangeNeeded, NothingFound, smallest_change
from credit_scoring.explain.what_if import Suggestion as Found
from credit_scoring.scoring.inputs import Value
from credit_scoring.service.champion import Serving
from credit_scoring.wire.simulation import Suggestion


def changed(serving: Serving, features: Mapping[str, Value], changes: Mapping[str, Value]) -> dict[str, Value]:
    """Return the features with `changes`; what follows from them is left to be computed anew."""
    stale = serving.intake.following(changes)
    return {name: value for name, value in features.items() if name not in stale} | dict(changes)


def suggested(
    serving: Serving, features: Mapping[str, Value], *, coverage: float, term: int | None, language: Language
) -> Suggestion:
    """Return the smallest change to the request that would be approved, or that there is none.

    Raises
    ------
    FaultyInputError
        As `smallest_change`.
    """
    intake, bundle = serving.intake, serving.bundle

    def evaluate(offers: Sequence[Mapping[str, Value]]) -> NDArray[np.float64]:
        supplied = [intake.accept(changed(serving, features, offer)) for offer in offers]
        return bundle.model.p_default(intake.values(supplied))

    found = smallest_change(features, evaluate, bundle.policy, coverage=coverage, term=term)
    offer = found.best if isinstance(found, NothingFound) else found.offer if isinstance(found, Found) else None
    loan = offer.loan if offer else found.present
    return Suggestion.model_validate(
        {
            "outcome": _OUTCOMES[type(found)],
            "changes": dict(offer.changes) if offer else {},
            "term": loan.term,
            "p_default": found.p_default,
            "decision": found.decision if isinstance(found, NothingFound) else "approve",
            "size": offer.size if offer else 0.0,
            "tried": found.searched.tried,
            "text": _told(found, language),
        }
    )


_OUTCOMES = {NoChangeNeeded: "no_change_needed", Found: "found", NothingFound: "none"}
_AS_IT_IS = Text("The request would be approved as it is.", "La demande serait acceptée telle quelle.")
_NONE = Text(
    "None of the {tried} offers tried would be approved; the lowest risk reached is {lowest}.",
    "Aucune des {tried} offres essayées ne serait acceptée\N{NO-BREAK SPACE}; le risque le plus bas atteint est de "
    "{lowest}.",
)
_WITH = Text(
    "The request would be approved with: {moved}.", "La demande serait acceptée avec\N{NO-BREAK SPACE}: {moved}."
)
_MOVED = Text("{what}: {to} instead of {from_}", "{what}\N{NO-BREAK SPACE}: {to} au lieu de {from_}")


def _told(found: NoChangeNeeded | Found | NothingFound, language: Language) -> str:
    if isinstance(found, NoChangeNeeded):
        return _AS_IT_IS.told(language)
    if isinstance(found, NothingFound):
        tried, lowest = number(found.searched.tried, language), percentage(found.p_default, language)
        return _NONE.told(language).format(tried=tried, lowest=lowest)
    before, after, fields = found.present.figures(), found.offer.loan.figures(), actionable_fields()
    moved = [
        _MOVED.told(language).format(
            what=fields[name].meaning.told(language), to=number(value, language), from_=number(before[name], language)
        )
        for name, value in after.items()
        if value != before[name]
    ]
    return _WITH.told(language).format(moved="; ".join(moved))
