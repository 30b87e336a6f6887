"""Settings in, wired objects out: what serving needs. Training and MLflow are wired by the command line only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from credit_scoring.adapters.clock import Clock
from credit_scoring.adapters.decision_log.keys import ApiKeys
from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.writer import GroupCommit
from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.settings import Settings


def published_bundles(settings: Settings) -> PublishedBundles:
    """Return the published bundles under the home folder."""
    return PublishedBundles(settings.models)


def stored_applicants(settings: Settings) -> FeatureStore:
    """Return the feature store under the home folder; there may be nothing in it yet."""
    return FeatureStore(settings.applicants)


def clock(settings: Settings) -> Clock:
    """Return the clock that dates what is recorded."""
    return Clock(settings.simulated_clock)


@contextmanager
def opened_log(settings: Settings) -> Iterator[tuple[DecisionLog, GroupCommit]]:
    """Open the decision log, and the one thread through which a service writes to it."""
    if not settings.decisions_uri:
        settings.home.mkdir(parents=True, exist_ok=True)
    with open_log(settings.decisions) as log, GroupCommit(log) as writer:
        yield log, writer


def opened_keys(log: DecisionLog) -> ApiKeys:
    """Return the API keys, which lie in the log's database; a context to leave before the log's."""
    return ApiKeys(log.database)


def watch_book(settings: Settings) -> WatchBook:
    """Return the watch's book, which is opened when it is first looked into."""
    return WatchBook(settings.watch)
