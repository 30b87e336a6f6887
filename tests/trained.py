"""A small model, trained for real and quickly."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate
from credit_scoring.training import boosting
from credit_scoring.training.boosting import Boosting
from credit_scoring.training.candidates import EXTERNAL_SCORES
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import Trained, train


def quick_boosting(folder: Path) -> Trained:
    """Return boosting of at most 30 rounds, trained on the tables of `folder`."""
    with read_tables(folder) as tables:
        data = home_credit_set(tables, validate(tables))
    options = TrainingOptions(folds=2, threads=1, holdout_share=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 30)
        return train(data, options, candidates=(Boosting("boosting", start=EXTERNAL_SCORES),))
