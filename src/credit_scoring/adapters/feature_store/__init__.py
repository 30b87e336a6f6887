"""The feature store: every feature of every applicant, found, read and scored without touching the raw tables.

``store`` is what is loaded and read, ``values`` the file of feature values, ``search`` finds applicants, ``standing``
compares them, ``publishing`` makes a version take the place of another in one step.
"""

from credit_scoring.adapters.feature_store.search import SEARCHABLE, ApplicantQuery, Page
from credit_scoring.adapters.feature_store.store import FeatureStore
from credit_scoring.adapters.feature_store.version import StoreInfo

__all__ = ["SEARCHABLE", "ApplicantQuery", "FeatureStore", "Page", "StoreInfo"]
