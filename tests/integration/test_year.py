"""A shortened year, end to end: applicants shift in month 4, outcomes come two months late, a challenger takes over.

At the end of each month the watch makes a pass. In the last month a challenger is promoted while applications come in.
So short a year has too few matured defaults to train it on: it is of the champion's applications, with another seed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.simulated import Simulated, simulated

from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, save_bundle
from credit_scoring.domain.record import Recorded
from credit_scoring.monitoring.passes import Pass
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
from credit_scoring.watch_log import record_pass, watch_decisions

pytestmark = pytest.mark.slow
SHIFT = 4
PLAN = Plan(
    months=7,
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
    passes: list[Pass]
    opened: list[set[str]]
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
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Champion and challenger, whose PDs can be believed: trained on 4,000 applications."""
    folder = tmp_path_factory.mktemp("year-models")
    synthesize(folder / "tables", applications=4_000, seed=8, file_format="parquet")
    first, second = (trained(folder / "tables", folder / f"bundle-{seed}", seed) for seed in (7, 9))
    return first, second


def trained(source: Path, bundle: Path, seed: int) -> Path:
    with read_tables(source) as tables, pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosting, "MOST_ROUNDS", 30)
        data = home_credit_set(tables, validate(tables))
        names = tuple(card.name for card in data.cards)
        blend = tuple(one for one in candidates_for(names) if one.name == "blend")
        options = TrainingOptions(folds=3, threads=1, seed=seed)
        save_bundle(train(data, options, candidates=blend).bundle, bundle)
    return bundle


@pytest.fixture(scope="module")
def year(models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    home = tmp_path_factory.mktemp("year") / "home"
    published = PublishedBundles(home / "models")
    bundle = published.publish(models[0])
    version = Published(model_name="credit-scoring", version=1, digest=bundle.digest)
    published.point(Pointer(champion=version, announced=True))
    lived = Lived(home, bundle, models[1])
    with simulated(home, PLAN) as world:
        for month in world.months(PLAN, keep=home / "tables"):
            lived.end_of(month)
        lived.taking_over.join()
        yield Year(
            world=world,
            bundle=bundle,
            months=lived.months,
            passes=lived.passes,
            opened=lived.opened,
            outcomes={str(one.entry.subject): one for one in world.entries("outcome")},
        )


class Lived:
    """What is done at the end of each month: a pass of the watch and, before the last month, a challenger."""

    def __init__(self, home: Path, bundle: Bundle, challenger: Path) -> None:
        self.home, self.bundle, self.challenger = home, bundle, challenger
        self.months: list[Month] = []
        self.passes: list[Pass] = []
        self.opened: list[set[str]] = []
        self.taking_over: threading.Thread

    def end_of(self, month: Month) -> None:
        self.months.append(month)
        with open_log(f"sqlite:///{self.home / 'decisions.db'}") as log:
            found = watch_decisions(self.bundle, log, month.begins, month.ends)
        with WatchBook(f"sqlite:///{self.home / 'watch.db'}") as book:
            made, happened = record_pass(book, self.bundle, 1, found, month.ends)
        self.passes.append(made)
        self.opened.append({alert.code for alert in happened.opened})
        if month.number == PLAN.months - 1:
            self.taking_over = threading.Thread(target=self._promote)
            self.taking_over.start()

    def _promote(self) -> None:
        """Promote once the last month has begun, under its requests."""
        published = PublishedBundles(self.home / "models")
        bundle = published.publish(self.challenger)
        so_far, patience = len(self.months) * PLAN.applications, time.monotonic() + 600
        with open_log(f"sqlite:///{self.home / 'decisions.db'}") as log:
            while log.count()["decision"] < so_far + 40:
                assert time.monotonic() < patience
                time.sleep(0.05)
        new = Published(model_name="credit-scoring", version=2, digest=bundle.digest)
        former = published.pointer()
        assert former is not None
        published.point(Pointer(champion=new, former=(former.champion,), announced=True))


def test_the_decisions_of_the_year_replay(year: Year) -> None:
    """Every fourth of each month, and of the month of two champions all."""
    made = [one.decision_id for month in year.months for one in month.answered]
    assert len(made) == len(year.world.entries("decision")) == PLAN.months * PLAN.applications
    replayed = made[: -PLAN.applications : 4] + made[-PLAN.applications :]

    def same(decision: str) -> bool:
        replay = year.world.server.client.get(f"/decisions/{decision}/replay").json()
        return all(replay[f"same_{what}"] is True for what in ("p_default", "decision", "features", "reasons"))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(same, replayed))


def test_the_outcomes_of_all_approved_are_in_the_log_as_soon_as_they_are_mature(year: Year) -> None:
    approved = [one for month in year.months for one in month.answered if one.decision == "approve"]
    for month in year.months:
        in_the_log = {subject for subject, one in year.outcomes.items() if one.entry.at <= month.ends}
        mature = {one.decision_id for one in approved if one.at + PLAN.labels_after <= month.ends}
        assert in_the_log == mature
    assert [month.outcomes > 0 for month in year.months] == [False, False, *[True] * (PLAN.months - 2)]
    with read_tables(year.world.server.home / "tables") as tables:
        assert validate(tables)["application_train"] == len(year.outcomes)


def test_expected_cost_tracks_the_cost_that_is_realised(year: Year) -> None:
    decided = year.months[:-1]  # in the last month two models decided
    by_month = [year.realised(month, known_to="nobody") for month in decided]
    told = [
        f"month {number}: cost {one.realised['cost']:.3f}, expected {one.expected['cost'].value:.3f} "
        f"[{one.expected['cost'].lower:.3f}, {one.expected['cost'].upper:.3f}]"
        for number, one in enumerate(by_month, start=1)
    ]
    assert sum("cost" in one.beyond for one in by_month) <= 1, told  # of intervals that hold 95 times in 100
    for some in (decided[: SHIFT - 1], decided[SHIFT - 1 :], decided):
        assert "cost" not in year.realised(*some, known_to="nobody").beyond, told


def test_the_watch_alarms_in_the_month_of_the_shift_and_not_before(year: Year) -> None:
    assert year.opened[: SHIFT - 1] == [set()] * (SHIFT - 1)
    assert "CS-D01" in year.opened[SHIFT - 1]
    assert [made.total for made in year.passes[:-1]] == [PLAN.applications] * (PLAN.months - 1)
    mature = [made.vintage for made in year.passes]
    assert mature == ["", "", *(f"2026-{month:02d}" for month in range(1, PLAN.months - 1))]


def test_the_challenger_takes_over_under_traffic_and_no_request_is_dropped(year: Year) -> None:
    last = year.months[-1]
    of_last = {str(one.entry.id): one.entry.facts["version"] for one in year.world.entries("decision")}
    versions = [of_last[one.decision_id] for one in last.answered]
    assert set(versions) == {1, 2}
    assert len(versions) == PLAN.applications
    assert year.passes[-1].others == versions.count(2)
    metrics = year.world.server.client.get("/metrics").text
    assert 'route="/applications/score",status="200"' in metrics
    assert not re.search(r'route="/applications/score",status="[45]', metrics)


def test_what_the_lender_sees_is_the_truth_about_the_approved_who_had_the_time_and_of_nobody_else(year: Year) -> None:
    seen = year.realised(*year.months, known_to="lender")
    last = year.months[-1].ends
    true = [
        one.defaulted
        for month in year.months
        for one in month.answered
        if one.decision == "approve" and one.at + PLAN.labels_after <= last
    ]
    assert (seen.population, seen.applications, seen.defaults) == ("approved", len(true), sum(true))
    assert seen.realised["bad_rate_approved"] == pytest.approx(sum(true) / len(true))
    assert {"auc", "bad_rate_approved"} <= seen.expected.keys()
