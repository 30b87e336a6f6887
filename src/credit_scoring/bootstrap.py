"""Settings in, wired objects out: what serving needs. Training and MLflow are wired by the command line only."""

from __future__ import annotations

from credit_scoring.bundle.published import PublishedBundles
from credit_scoring.settings import Settings


def published_bundles(settings: Settings) -> PublishedBundles:
    """Return the published bundles under the home folder."""
    return PublishedBundles(settings.models)
