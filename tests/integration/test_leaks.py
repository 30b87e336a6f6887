"""Nothing of the outcome reaches a feature, and what cannot be learnt is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from credit_scoring.features.assemble import catalogue
from credit_scoring.tables.frames import tables_from_frames
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

APPLICATIONS, REPEATS = 1_000, 2


@pytest.mark.slow
def test_permuted_outcomes_change_no_feature_and_cannot_be_predicted(tmp_path: Path) -> None:
    synthesize(tmp_path / "tables", applications=APPLICATIONS, seed=11, file_format="parquet")
    with read_tables(tmp_path / "tables") as tables:
        frames = {name: frame.collect() for name, frame in tables.frames.items() if name != "application_test"}
    honest = home_credit_set(tables_from_frames(frames), {})
    aucs = []
    for seed in range(REPEATS):
        application = frames["application_train"]
        permuted = application.with_columns(application["TARGET"].shuffle(seed=seed))
        data = home_credit_set(tables_from_frames({**frames, "application_train": permuted}), {})
        assert data.matrix.drop("TARGET").equals(honest.matrix.drop("TARGET"))
        assert not data.matrix["TARGET"].equals(honest.matrix["TARGET"])
        guessed = train(data, TrainingOptions(folds=2, holdout_share=0.0, threads=1))
        aucs.append([candidate.evaluation.metrics["auc"].value for candidate in guessed.candidates])
        for candidate in guessed.candidates:
            auc = candidate.evaluation.metrics["auc"]
            assert auc.lower - 0.03 < 0.5 < auc.upper + 0.03, f"{candidate.candidate.name} knows what it cannot"
    # About 80 defaults: a standard error of 0.035 a run.
    assert np.mean(aucs, axis=0) == pytest.approx(0.5, abs=0.08)


def test_the_outcome_is_no_source_of_any_feature() -> None:
    assert all("TARGET" not in source for feature in catalogue().values() for source in feature.sources)
    expressions = [expression for feature in catalogue().values() for expression in feature.expressions()]
    assert all("TARGET" not in expression.meta.root_names() for expression in expressions)
