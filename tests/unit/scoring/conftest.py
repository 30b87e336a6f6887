from __future__ import annotations

import pytest

from credit_scoring.bundle.store import Bundle
from credit_scoring.tables.frames import Tables
from credit_scoring.tables.validate import validate
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train


@pytest.fixture(scope="session")
def bundle(synthetic_tables: Tables) -> Bundle:
    """A quick model of the synthetic applications; there are too few of them to train on one twice as hard."""
    rows = validate(synthetic_tables)
    data = home_credit_set(synthetic_tables, rows)
    options = TrainingOptions(folds=2, threads=1, holdout_share=0.0)
    return train(data, options, candidates=(Boosting("boosting", start=EXTERNAL_SCORES),)).bundle
