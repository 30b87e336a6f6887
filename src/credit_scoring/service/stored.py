"""Applicants of the feature store as features to supply."""

from __future__ import annotations

from credit_scoring.scoring.inputs import Value
from credit_scoring.scoring.score import uncomputed_features
from credit_scoring.service.champion import Serving
from credit_scoring.service.context import Context
from credit_scoring.tables.schema import APPLICATION_ID


def stored_features(context: Context, serving: Serving, applicant: int) -> dict[str, Value]:
    """Return a stored applicant's features by name, but those that lacked their source when they were loaded.

    Raises
    ------
    DataError
        If there is no store, or no such applicant.
    """
    row: dict[str, Value] = context.store.get([applicant]).drop(APPLICATION_ID).row(0, named=True)
    for name in uncomputed_features(serving.bundle, context.store.info().columns):
        row.pop(name, None)
    return row
