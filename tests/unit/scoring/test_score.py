from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from credit_scoring.batch import score_matrix, score_tables
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.features.assemble import assemble
from credit_scoring.scoring.score import score
from credit_scoring.tables.frames import Tables
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.run import train


def test_one_application_at_a_time_gives_the_pd_and_decision_of_the_batch(
    bundle: Bundle, synthetic_tables: Tables
) -> None:
    frames = synthetic_tables.of("application_test")
    batch = score(bundle, assemble(frames), explained=True)
    for row, key in enumerate(batch.decisions["SK_ID_CURR"]):
        own = {
            name: frame if name == "bureau_balance" else frame.filter(pl.col("SK_ID_CURR") == key)
            for name, frame in frames.items()
        }
        alone = score(bundle, assemble(own), explained=True)
        assert alone.decisions.equals(batch.decisions[row : row + 1])
        assert batch.reasons is not None
        assert alone.reasons == [batch.reasons[row]]


def test_absent_tables_lower_coverage_and_refer(bundle: Bundle, synthetic_tables: Tables) -> None:
    matrix = assemble(synthetic_tables.of("application_test"))
    assert score(bundle, matrix).coverage == 1.0
    blind = score(bundle, matrix, uncomputed=bundle.model.encoder.features)
    assert blind.coverage == pytest.approx(0.0)
    assert set(blind.decisions["decision"]) == {"refer"}


def test_a_batch_file_is_whole_or_not_there(bundle: Bundle, synthetic_tables: Tables, tmp_path: Path) -> None:
    out = tmp_path / "new" / "decisions.csv"

    def unplug(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_tables(bundle, synthetic_tables, out, on_rows=unplug)
    assert not out.exists()
    summary = score_tables(bundle, synthetic_tables, out, explained=True)
    written = pl.read_csv(out)
    assert written.height == summary.applications == sum(summary.decisions.values())
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    with pytest.raises(DataError, match="must end in"):
        score_tables(bundle, synthetic_tables, tmp_path / "decisions.xlsx")


def test_a_model_scores_only_the_kind_of_data_it_was_trained_on(
    bundle: Bundle, synthetic_tables: Tables, portfolio: TrainingSet, tmp_path: Path
) -> None:
    options = TrainingOptions(folds=2, threads=1, holdout_share=0.0)
    other = train(portfolio, options, candidates=(Logistic("logistic"),)).bundle
    file = tmp_path / "portfolio.parquet"
    portfolio.matrix.write_parquet(file)
    with pytest.raises(DataError, match="single-table"):
        score_tables(other, synthetic_tables, tmp_path / "d.parquet")
    with pytest.raises(DataError, match="eight tables"):
        score_matrix(bundle, file, tmp_path / "d.parquet")
    score_matrix(other, file, tmp_path / "d.parquet")
    expected = other.model.p_default(other.model.encoder.encode(portfolio.matrix))
    assert np.array_equal(pl.read_parquet(tmp_path / "d.parquet")["p_default"].to_numpy(), expected)
