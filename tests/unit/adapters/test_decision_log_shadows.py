"""The challenger's shadow scores beside recorded decisions: every pair once, none of other models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.monitoring.conftest import drawn_bundle, fresh

from credit_scoring.adapters.decision_log import shadows
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.adapters.decision_log.log import DecisionLog, open_log
from credit_scoring.adapters.decision_log.values import pack_values
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.record import Entry, Outcome, Payload

START = datetime(2026, 1, 1, tzinfo=UTC)
DECISIONS = 60


@pytest.fixture(scope="module")
def champion() -> Bundle:
    return drawn_bundle(rows=300)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    with open_log(f"sqlite:///{tmp_path / 'decisions.db'}") as opened:
        yield opened


def facts(p: float, bundle: str, cutoff: float = 0.1) -> dict[str, str | float]:
    return {"p_default": p, "decision": "approve", "cutoff": cutoff, "coverage": 1.0, "bundle": bundle, "version": 1}


def filled(log: DecisionLog, champion: Bundle) -> pl.DataFrame:
    """Record decisions of two models, most with shadows of two others, some with outcomes; return what is expected."""
    generator = np.random.default_rng(1)
    matrix = fresh(DECISIONS, seed=5)
    packed = pack_values(champion.model.encoder.encode(matrix))
    expected: list[dict[str, object]] = []
    for number in range(DECISIONS):
        p, q = generator.random(2).tolist()
        decides = champion.digest if number % 5 else "another"
        at = START + timedelta(days=number)
        payload = Payload(values=packed[number], applicant=number // 2 if number % 3 else None)
        decision = Entry("decision", new_id(), at, facts(p, decides), payload)
        said = "challenger" if number % 7 else "other"
        shadow = Entry("shadow", new_id(), at, facts(q, said, 0.5), Payload(), subject=decision.id)
        log.append([decision] if number % 11 == 10 else [decision, shadow])
        outcome = bool(generator.random() < 0.4) if number % 4 else None
        if outcome is not None:
            log.outcomes([Outcome(decision=decision.id, defaulted=outcome, observed_on=date(2026, 6, 1))], at, "test")
        if decides != "another" and said == "challenger" and number % 11 != 10:
            applicant = payload.applicant
            expected = [one for one in expected if applicant is None or one["applicant"] != applicant]
            told = {
                "applicant": applicant,
                "champion": p,
                "challenger": q,
                "defaulted": outcome,
                "job": matrix["job"][number],
            }
            expected.append(told | {"champion_declined": p >= 0.1, "challenger_declined": q >= 0.5})
    return pl.DataFrame(expected).drop("applicant")


@pytest.mark.parametrize("page", [1, 7, 500])
def test_pairs_are_those_of_both_models_the_latest_of_each_applicant(
    log: DecisionLog, champion: Bundle, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadows, "ENTRIES_AT_A_TIME", page)
    expected = filled(log, champion)
    read: list[int] = []
    found = shadows.shadowed(log, champion, "challenger", about=("job", "nothing"), on_rows=read.append)
    assert max(read) <= page
    assert found.sort("champion").equals(expected.select(found.columns).sort("champion"))
    assert found["defaulted"].null_count() not in {0, found.height}


def test_what_was_purged_keeps_its_pds_and_loses_its_features(log: DecisionLog, champion: Bundle) -> None:
    filled(log, champion)
    log.purge(START + timedelta(days=400), "test")
    found = shadows.shadowed(log, champion, "challenger", about=("job", "x1"))
    assert found["job"].null_count() == found["x1"].null_count() == found.height > 20
    assert found["champion"].null_count() == 0


def test_an_empty_log_has_no_pairs(log: DecisionLog, champion: Bundle) -> None:
    assert shadows.shadowed(log, champion, "challenger").is_empty()
