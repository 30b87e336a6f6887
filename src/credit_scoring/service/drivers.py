"""What drives the champion's PDs: the concepts of its features, and the strongest features on stored applicants."""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.adapters.feature_store import FeatureStore, StoreInfo
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import StoreUnavailableError
from credit_scoring.domain.text import Language
from credit_scoring.scoring.score import without_untold
from credit_scoring.service.champion import Serving
from credit_scoring.wire.model import ConceptShare, Effect, Effects

Floats = NDArray[np.float64]
MOST_APPLICANTS = 400
MOST_FEATURES = 40


class _Sample(NamedTuple):
    """Some stored applicants: how many, and by feature their contributions and ranks, as `Effect` has them."""

    applicants: int
    contributions: dict[str, tuple[float, ...]]
    ranks: dict[str, tuple[float | None, ...]]


_NOBODY = _Sample(0, {}, {})


class Drivers:
    """Tells what drives a champion's PDs. What takes long is done once for a champion and a version of the store."""

    def __init__(self, store: FeatureStore) -> None:
        self._store = store
        self._one_at_a_time = threading.Lock()
        self._made_of: tuple[str, ...] = ()
        self._sample = _NOBODY

    def effects(self, serving: Serving, *, most: int, language: Language) -> Effects:
        """Return all concepts, and the `most` strongest features on at most 400 stored applicants, if there are any."""
        sample, bundle = self._sampled(serving), serving.bundle
        cards = {card.name: card for card in bundle.manifest.features}
        return Effects(
            sample=sample.applicants,
            concepts=concept_shares(bundle),
            features=tuple(
                Effect(
                    feature=name,
                    meaning=cards[name].meaning.told(language),
                    concept=cards[name].concept,
                    importance=bundle.manifest.importances[name],
                    contributions=sample.contributions.get(name, ()),
                    ranks=sample.ranks.get(name, ()),
                )
                for name in _strongest(bundle)[:most]
            ),
        )

    def _sampled(self, serving: Serving) -> _Sample:
        if serving.bundle.manifest.portfolio != "home_credit":
            return _NOBODY
        try:
            info = self._store.info()
            made_of = (serving.digest, info.created_at, info.scored_at, *info.files.values())
            with self._one_at_a_time:
                if made_of != self._made_of:
                    self._sample, self._made_of = _drawn(serving.bundle, self._store, info), made_of
                return self._sample
        except StoreUnavailableError:  # the store's keeper has told why
            return _NOBODY


def concept_shares(bundle: Bundle) -> tuple[ConceptShare, ...]:
    """Return every concept of the bundle's features with the sum of their importances, largest first."""
    cards = bundle.manifest.features
    number = Counter(card.concept for card in cards)
    shares = dict.fromkeys(number, 0.0)
    for card in cards:
        shares[card.concept] += bundle.manifest.importances.get(card.name, 0.0)
    ranked = sorted(shares, key=lambda concept: (-shares[concept], concept))
    return tuple(ConceptShare(concept=one, importance=shares[one], features=number[one]) for one in ranked)


def _strongest(bundle: Bundle) -> list[str]:
    """Return the features that have an importance, largest first."""
    importances = bundle.manifest.importances
    return sorted(importances, key=lambda name: (-importances[name], name))[:MOST_FEATURES]


def _drawn(bundle: Bundle, store: FeatureStore, info: StoreInfo) -> _Sample:
    """Return what the strongest features do to applicants that are evenly spread over the ids."""
    ids = store.ids()
    chosen = np.linspace(0, ids.len() - 1, min(ids.len(), MOST_APPLICANTS)).astype(np.int64)
    encoder = bundle.model.encoder
    values = encoder.encode(without_untold(bundle, store.get(ids[chosen].to_list()), info.columns))
    contributions = bundle.model.contributions(values)
    places = {name: encoder.features.index(name) for name in _strongest(bundle)}
    return _Sample(
        chosen.size,
        {name: tuple(contributions[:, place].tolist()) for name, place in places.items()},
        {
            name: (None,) * chosen.size if name in encoder.categories else ranks(values[:, place])
            for name, place in places.items()
        },
    )


def ranks(values: Floats) -> tuple[float | None, ...]:
    """Return where each value stands among those that differ from it, from 0, none is lower, to 1, none is higher.

    Missing (NaN) is ``None``; where all known values are equal, they stand at 0.5.

    Examples
    --------
    >>> ranks(np.array([3.0, 0.0, np.nan, 0.0, 1.0]))
    (1.0, 0.0, None, 0.0, 0.6666666666666666)
    """
    known = np.sort(values[~np.isnan(values)])
    lower = np.searchsorted(known, values, side="left")
    others = lower + known.size - np.searchsorted(known, values, side="right")
    standing = np.divide(lower, others, out=np.full(values.size, 0.5), where=others > 0)
    return tuple(
        None if missing else rank for missing, rank in zip(np.isnan(values).tolist(), standing.tolist(), strict=True)
    )
