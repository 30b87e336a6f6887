"""Laws of simulated traffic, against a real server and its log."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread

import polars as pl
import pytest
from tests.running import running
from tests.served import Bundles
from tests.simulated import PLAN, Simulated, simulated

from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import TrafficError
from credit_scoring.features.shards import matrices
from credit_scoring.scoring.score import score
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.validate import validate
from credit_scoring.traffic.calendar import drawn_months
from credit_scoring.traffic.year import Month

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    home = tmp_path_factory.mktemp("traffic") / "home"
    shutil.copytree(stocked, home)
    with simulated(home) as world:
        yield world


@pytest.fixture(scope="module")
def months(world: Simulated) -> list[Month]:
    return world.lived(keep=world.server.home / "kept")


def decisions(months: list[Month]) -> list[tuple[int, str, float]]:
    return [(one.applicant, one.decision, one.p_default) for month in months for one in month.answered]


def test_each_application_is_recorded_once_in_its_month_and_marked(world: Simulated, months: list[Month]) -> None:
    recorded = {one.entry.payload.applicant: one.entry for one in world.entries("decision") if one.entry.payload}
    assert len(recorded) == len(world.entries("decision")) == PLAN.months * PLAN.applications
    for month in months:
        assert not any(one.found for one in month.answered)
        for one in month.answered:
            entry = recorded[one.applicant]
            assert month.begins <= entry.at < month.ends
            assert entry.at == one.at
            assert (entry.id, entry.facts["p_default"]) == (one.decision_id, one.p_default)
            assert (entry.facts["clock"], entry.facts["endpoint"]) == ("simulated", "application")


def test_every_decision_replays(world: Simulated, months: list[Month]) -> None:
    for month in months:
        for one in month.answered:
            replay = world.server.client.get(f"/decisions/{one.decision_id}/replay").json()
            same = replay["same_p_default"], replay["same_decision"], replay["same_features"], replay["same_reasons"]
            assert same == (True, True, True, True)


def test_only_approved_applications_have_an_outcome_their_own_and_not_before_it_is_mature(
    world: Simulated, months: list[Month]
) -> None:
    answered = {one.decision_id: one for month in months for one in month.answered}
    truth = {one.id: one.defaulted for drawn in drawn_months(PLAN) for one in drawn.applications}
    outcomes = world.entries("outcome")
    assert Counter(one.decision for one in answered.values()).keys() > {"approve"}
    for recorded in outcomes:
        entry, one = recorded.entry, answered[str(recorded.entry.subject)]
        observed = date.fromisoformat(str(entry.facts["observed_on"]))
        assert one.decision == "approve"
        assert entry.facts["defaulted"] == truth[one.applicant]
        assert entry.at >= one.at + PLAN.labels_after
        assert observed == (one.at + PLAN.labels_after).date() <= entry.at.date()
        assert entry.facts["clock"] == "simulated"
    last = months[-1].ends
    mature = {id_ for id_, one in answered.items() if one.decision == "approve" and one.at + PLAN.labels_after <= last}
    assert {one.entry.subject for one in outcomes} == mature
    assert 0 < len(mature) < len(answered) / 2


def test_what_is_kept_gives_the_decisions_again_and_knows_only_what_the_lender_knows(
    world: Simulated, months: list[Month], bundles: Bundles
) -> None:
    subjects = {one.entry.subject for one in world.entries("outcome")}
    known = {one.applicant for month in months for one in month.answered if one.decision_id in subjects}
    with read_tables(world.server.home / "kept") as tables:
        validate(tables)
        assert set(tables.frames["application_train"].select("SK_ID_CURR").collect().to_series()) == known
        found = {
            key: p
            for name in tables.frames
            if "application_" in name[:12]
            for key, p in _pds(bundles.first, tables.of(name))
        }
    assert found == pytest.approx({key: p for key, _, p in decisions(months)}, abs=1e-12)


def _pds(bundle: Bundle, tables: dict[str, pl.LazyFrame]) -> Iterator[tuple[int, float]]:
    with matrices(tables) as parts:
        for part in parts:
            yield from score(bundle, part).decisions.select("SK_ID_CURR", "p_default").iter_rows()


def test_the_same_command_again_records_nothing_and_tells_the_same(world: Simulated, months: list[Month]) -> None:
    before = world.entries("decision", "outcome", "shadow", "simulation")
    assert world.clock
    stood = world.clock.read_text()
    again = world.lived()
    assert world.entries("decision", "outcome", "shadow", "simulation") == before
    assert decisions(again) == decisions(months)
    assert all(one.found for month in again for one in month.answered)
    assert world.clock.read_text() == stood


def test_another_year_of_the_same_seed_is_refused_before_anything_is_sent(
    world: Simulated, months: list[Month]
) -> None:
    before = len(world.entries("decision"))
    with pytest.raises(TrafficError, match=r"another simulated year.*another --seed"):
        world.lived(replace(PLAN, applications=30))
    with pytest.raises(TrafficError, match=r"is past 2026-01-.*later --start"):
        world.lived(replace(PLAN, seed=4))
    assert len(world.entries("decision")) == before


def test_two_servers_decide_alike_though_one_is_killed_and_comes_back(
    new_home: Callable[[], Path], months: list[Month]
) -> None:
    with simulated(new_home()) as world:
        kills, unplugged = iter([20, 65]), list[Thread]()
        due = next(kills)

        def unplug(_: str, done: int, __: int) -> None:
            nonlocal due
            if done >= due:
                due = next(kills, 10**9)
                unplugged.append(Thread(target=killed_and_restarted, args=(world,)))
                unplugged[-1].start()

        lived = world.lived(on_progress=unplug, patience=300)
        for thread in unplugged:
            thread.join()
        assert due == 10**9
        assert decisions(lived) == decisions(months)
        recorded = Counter(one.entry.payload.applicant for one in world.entries("decision") if one.entry.payload)
        assert set(recorded.values()) == {1}
        assert len(recorded) == PLAN.months * PLAN.applications
        assert (
            len(world.entries("outcome")) == sum(month.outcomes for month in lived) == sum(m.outcomes for m in months)
        )


def killed_and_restarted(world: Simulated) -> None:
    time.sleep(0.05)  # in the middle of what is sent next
    world.server.kill()
    time.sleep(1)
    world.server.start()


def test_a_server_that_stays_away_ends_the_run_and_the_same_command_goes_on(new_home: Callable[[], Path]) -> None:
    with simulated(new_home()) as world:

        def unplug(_: str, done: int, __: int) -> None:
            if done >= 50 and world.server.process.poll() is None:
                world.server.kill()

        with pytest.raises(TrafficError, match=r"does not answer.*give the same command again"):
            world.lived(on_progress=unplug, patience=1)
        world.server.start()
        sent = len(world.entries("decision"))
        assert 50 <= sent < PLAN.applications * PLAN.months
        lived = world.lived()
        assert sum(one.found for month in lived for one in month.answered) == sent
        assert len(world.entries("decision")) == PLAN.applications * PLAN.months


def test_clocks_that_do_not_agree_are_refused_before_anything_is_sent(
    new_home: Callable[[], Path], world: Simulated, months: list[Month], tmp_path: Path
) -> None:
    before = len(world.entries("decision"))
    other = tmp_path / "clock"
    other.write_text("2026-01-01T00:00:00Z")
    with pytest.raises(TrafficError, match=r"does not follow the clock .* it is at 2026-04-01"):
        Simulated(world.server, other).lived(replace(PLAN, seed=5))
    with pytest.raises(TrafficError, match="name its file with --clock"):
        Simulated(world.server, None).lived(replace(PLAN, seed=5))
    assert len(world.entries("decision")) == before
    with running(new_home()) as real:
        with pytest.raises(TrafficError, match="it has the real one"):
            Simulated(real, other).lived()
        assert Simulated(real, other).entries("decision") == []
