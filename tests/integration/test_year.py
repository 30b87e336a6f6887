"""A shortened year, end to end: applicants shift in month 4, outcomes come two months late."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.simulated import Simulated, simulated

from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.domain.record import Recorded
from credit_scoring.monitoring.performance import Realised, calibration_spread, realised_performance
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.synthetic import synthesize
from credit_scoring.tables.validate import validate
from credit_scoring.traffic.calendar import Plan
from credit_scoring.traffic.changes import parsed
from credit_scoring.traffic.year import Month
from credit_scoring.training import boosting
from credit_scoring.training.candidates import candidates_for
from credit_scoring.training.development import TrainingOptions
from credit_scoring.training.prepare import home_credit_set
from credit_scoring.training.run import train

pytestmark = pytest.mark.slow
SHIFT = 4
PLAN = Plan(
    months=6,
    applications=250,
    changes=(parsed(f"{SHIFT}:mix 0.9"),),
    labels_after=timedelta(days=60),
    seed=11,
)


@dataclass(frozen=True, eq=False)
class Year:
    """What a year left behind."""

    world: Simulated
    bundle: Bundle
    months: list[Month]
    outcomes: dict[str, Recorded]

    def realised(self, *months: Month, known_to: str) -> Realised:
        """Return what became of the applications of `months`, as the lender knows it, or all that is true of them."""
        p_default, defaulted = [], []
        for one in (one for month in months for one in month.answered):
            p_default.append(one.p_default)
            if known_to == "lender":
                outcome = self.outcomes.get(one.decision_id)
                defaulted.append(float(bool(outcome.entry.facts["defaulted"])) if outcome else np.nan)
            else:
                defaulted.append(float(one.defaulted))
        policy = self.bundle.policy
        spread = calibration_spread(self.bundle.out_of_fold["p_default"].to_numpy())
        return realised_performance(
            np.array(p_default), np.array(defaulted), policy.cutoff, policy.costs, spread=spread
        )


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose PDs can be believed: trained on 4,000 applications."""
    folder = tmp_path_factory.mktemp("year-champion")
    synthesize(folder / "tables", applications=4_000, seed=8, file_format="parquet")
    with read_tables(folder / "tables") as tables, pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 30)
        data = home_credit_set(tables, validate(tables))
        names = tuple(card.name for card in data.cards)
        blend = tuple(one for one in candidates_for(names) if one.name == "blend")
        save_bundle(train(data, TrainingOptions(folds=3, threads=1), candidates=blend).bundle, folder / "bundle")
    return folder / "bundle"


@pytest.fixture(scope="module")
def year(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    home = tmp_path_factory.mktemp("year") / "home"
    published = PublishedBundles(home / "models")
    bundle = published.publish(champion)
    version = Published(model_name="credit-scoring", version=1, digest=bundle.digest)
    published.point(Pointer(champion=version, announced=True))
    with simulated(home, PLAN) as world:
        months = list(world.months(PLAN, keep=home / "tables"))  # between two, the clock stands at a month's end
        yield Year(
            world=world,
            bundle=bundle,
            months=months,
            outcomes={str(one.entry.subject): one for one in world.entries("outcome")},
        )


def test_every_decision_of_the_year_replays(year: Year) -> None:
    made = [one.decision_id for month in year.months for one in month.answered]
    assert len(made) == len(year.world.entries("decision")) == PLAN.months * PLAN.applications

    def same(decision: str) -> bool:
        replay = year.world.server.client.get(f"/decisions/{decision}/replay").json()
        return all(replay[f"same_{what}"] is True for what in ("p_default", "decision", "features", "reasons"))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(same, made))


def test_the_outcomes_of_all_approved_are_in_the_log_as_soon_as_they_are_mature(year: Year) -> None:
    approved = [one for month in year.months for one in month.answered if one.decision == "approve"]
    for month in year.months:
        in_the_log = {subject for subject, one in year.outcomes.items() if one.entry.at <= month.ends}
        mature = {one.decision_id for one in approved if one.at + PLAN.labels_after <= month.ends}
        assert in_the_log == mature
    assert [month.outcomes > 0 for month in year.months] == [False, False, True, True, True, True]
    with read_tables(year.world.server.home / "tables") as tables:
        assert validate(tables)["application_train"] == len(year.outcomes)


def test_expected_cost_tracks_the_cost_that_is_realised(year: Year) -> None:
    by_month = [year.realised(month, known_to="nobody") for month in year.months]
    told = [
        f"month {number}: cost {one.realised['cost']:.3f}, expected {one.expected['cost'].value:.3f} "
        f"[{one.expected['cost'].lower:.3f}, {one.expected['cost'].upper:.3f}]"
        for number, one in enumerate(by_month, start=1)
    ]
    assert sum("cost" in one.beyond for one in by_month) <= 1, told  # of intervals that hold 95 times in 100
    for some in (year.months[: SHIFT - 1], year.months[SHIFT - 1 :], year.months):
        assert "cost" not in year.realised(*some, known_to="nobody").beyond, told


def test_what_the_lender_can_see_of_the_approved_is_what_their_pds_promised(year: Year) -> None:
    seen = year.realised(*year.months, known_to="lender")
    assert seen.population == "approved"
    assert seen.applications == len(year.outcomes)
    assert "bad_rate_approved" not in seen.beyond, seen
