"""No application is judged by a model that learnt from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from credit_scoring.domain.errors import DataError
from credit_scoring.scoring.score import score
from credit_scoring.tables.roles import ROW_NUMBER
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.logistic import Logistic
from credit_scoring.training.paired import paired_rows, unknown_applications
from credit_scoring.training.run import Trained, train

OPTIONS = TrainingOptions(folds=2, threads=1)


def trained(data: TrainingSet, seed: int = 7) -> Trained:
    return train(data, replace(OPTIONS, seed=seed), candidates=(Logistic("logistic"),))


@pytest.fixture(scope="module")
def old(portfolio: TrainingSet) -> Trained:
    return trained(replace(portfolio, matrix=portfolio.matrix.head(700)), seed=8)


@pytest.fixture(scope="module")
def new(portfolio: TrainingSet) -> Trained:
    return trained(portfolio)


def test_who_was_trained_on_is_judged_out_of_fold_and_who_was_not_by_the_score(
    portfolio: TrainingSet, old: Trained, new: Trained
) -> None:
    rows = paired_rows(portfolio, (old.bundle, old.seen), (new.bundle, new.seen), about=("job", "absent"))
    assert rows["job"].to_list() == portfolio.matrix["job"].to_list()
    assert rows["defaulted"].to_list() == (portfolio.matrix["bad"] == 1).to_list()
    for name, model in (("champion", old), ("challenger", new)):
        out_of_fold = dict(model.seen.select("application", "p_default").iter_rows())
        scored = score(model.bundle, portfolio.matrix).decisions
        expected = [out_of_fold.get(one, p) for one, p in scored.select("id", "p_default").iter_rows()]
        assert np.array_equal(rows[name].to_numpy(), expected)
        for one, p, declined in zip(portfolio.matrix["id"], rows[name], rows[f"{name}_declined"], strict=True):
            assert one in out_of_fold or declined == (p >= model.bundle.policy.cutoff)
    assert rows["champion_trained"].sum() == old.seen.height == old.bundle.out_of_fold.height
    assert not rows.tail(500)["champion_trained"].any()


def test_what_was_learnt_from_is_all_that_is_kept(portfolio: TrainingSet, new: Trained) -> None:
    assert new.seen.drop("application").equals(new.bundle.out_of_fold)
    outcome = dict(portfolio.matrix.select("id", pl.col("bad") == 1).iter_rows())
    assert all(outcome[one] == bad for one, bad in new.seen.select("application", "defaulted").iter_rows())


def test_ids_of_other_people_are_refused(portfolio: TrainingSet, old: Trained, new: Trained) -> None:
    others = replace(portfolio, matrix=portfolio.matrix.with_columns(pl.col("id").reverse()).sort("id"))
    with pytest.raises(DataError, match="ids seem to be of other applications"):
        paired_rows(others, (old.bundle, old.seen), (new.bundle, new.seen))


def test_where_nobody_can_tell_who_was_seen_it_is_said(portfolio: TrainingSet, old: Trained) -> None:
    mine = old.bundle.manifest.provenance.data_fingerprint
    assert unknown_applications(old.bundle, portfolio, "other", old.seen) == ""
    assert "does not hold the ids" in unknown_applications(old.bundle, portfolio, mine, None)
    unkeyed = replace(portfolio, id_column=ROW_NUMBER)
    assert "no key" in unknown_applications(old.bundle, unkeyed, "other", old.seen)
    assert unknown_applications(old.bundle, unkeyed, mine, old.seen) == ""
