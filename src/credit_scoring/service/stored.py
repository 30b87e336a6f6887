"""Applicants of the feature store as cases, and their scores kept those of the champion."""

from __future__ import annotations

import logging
import threading

from credit_scoring.adapters.feature_store import FeatureStore
from credit_scoring.domain.errors import CreditScoringError
from credit_scoring.scoring.inputs import Value
from credit_scoring.scoring.score import coverage_without, uncomputed_features, untold_features
from credit_scoring.service.champion import Champion, Serving
from credit_scoring.service.context import Context

EVERY_SECONDS = 2.0
logger = logging.getLogger(__name__)


def stored_features(context: Context, serving: Serving, applicant: int) -> tuple[dict[str, Value], float]:
    """Return a stored applicant's features by name, those left out that nothing told at loading, and their coverage.

    Raises
    ------
    DataError
        If there is no store, or no such applicant.
    """
    columns = context.store.info().columns
    features = dict(context.store.features_of(applicant))
    for name in untold_features(serving.bundle, columns):
        features.pop(name, None)
    return features, coverage_without(serving.bundle, uncomputed_features(serving.bundle, columns))


class StoreKeeper:
    """Takes up newly loaded applicants, and scores them again when another champion decides, while the service runs."""

    def __init__(self, store: FeatureStore, champion: Champion) -> None:
        self._store, self._champion = store, champion
        self._stopped = threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name="store-keeper", daemon=True)

    def start(self) -> None:
        """Start keeping."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, once a scoring that is under way is done."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.keep()
                self._told = ""
            except (CreditScoringError, OSError) as error:
                if str(error) != self._told:  # once, not every two seconds
                    self._told = str(error)
                    logger.warning("the feature store is not up to date: %s", error)
            except Exception:
                logger.exception("the feature store could not be kept; it is tried again")
            self._stopped.wait(EVERY_SECONDS)

    def keep(self) -> None:
        """Take up what is new, once."""
        if not self._store.is_loaded():
            return
        self._store.reload_if_changed()
        serving = self._champion.serving
        if serving is None or serving.bundle.manifest.portfolio != "home_credit":
            return
        if self._store.info().scored_by != serving.digest:
            info = self._store.rescored(serving.bundle)
            logger.info("%d applicants are scored by bundle %s", info.applicants, serving.digest[:12])
