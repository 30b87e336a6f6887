from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.monitoring.alerts import Alert, Key, episodes
from credit_scoring.monitoring.checks import Severity, Verdict
from credit_scoring.monitoring.drift import Finding

START = datetime(2026, 1, 1, tzinfo=UTC)
CONCEPT_OF = {"x": "income", "y": "income", "z": "debt", "expected": ""}
KEYS = [("D", "x"), ("D", "y"), ("D", "z"), ("M", "x"), ("P", "expected")]
verdicts: st.SearchStrategy[Verdict] = st.sampled_from(["steady", "notice", "alarm", "too_few"])
passes = st.lists(st.dictionaries(st.sampled_from(KEYS), verdicts), min_size=1, max_size=12)


def finding(key: Key, severity: Severity, value: float = 0.3) -> Finding:
    return Finding(
        code=key[0],
        severity=severity,
        subject=key[1],
        concept=CONCEPT_OF[key[1]],
        importance=0.1,
        measures="a shift",
        value=value,
        limit=0.2,
        chance=0.0,
    )


def found(said: dict[Key, Verdict]) -> list[Finding]:
    return [finding(key, verdict) for key, verdict in said.items() if verdict in {"alarm", "notice"}]


def group(key: Key) -> Key:
    return key[0], CONCEPT_OF[key[1]] or key[1]


@given(passes)
def test_an_alert_fires_once_an_episode_and_closes_when_all_that_alarmed_is_steady(
    listed: list[dict[Key, Verdict]],
) -> None:
    open_alerts: list[Alert] = []
    for number, said in enumerate(listed):
        at = START + timedelta(days=number)
        known = {alert.key: alert for alert in open_alerts}
        done = episodes(open_alerts, found(said), said, model="m", at=at)
        alarmed = {group(key) for key, verdict in said.items() if verdict == "alarm"}
        assert {alert.key for alert in done.opened} == alarmed - known.keys()
        assert {alert.key for alert in done.closed} == {
            key
            for key, alert in known.items()
            if key not in alarmed and all(said.get((alert.code, one)) == "steady" for one in alert.subjects)
        }
        assert {a.key for a in done.going_on} | {a.key for a in done.closed} == known.keys()
        for alert in done.going_on:
            assert alert.opened == known[alert.key].opened
            assert set(alert.subjects) >= set(known[alert.key].subjects)
        assert all(alert.closed == at for alert in done.closed)
        open_alerts = [*done.opened, *done.going_on]


def test_many_features_of_a_concept_are_one_alert_that_names_the_worst() -> None:
    said: list[Finding] = [finding(("D", "x"), "alarm", 0.3), finding(("D", "y"), "alarm", -0.9)]
    (alert,) = episodes([], said, {}, model="m", at=START).opened
    assert (alert.subject, alert.subjects, alert.worst, alert.value) == ("income", ("x", "y"), "y", -0.9)


def test_another_model_closes_the_alerts_of_the_former_and_opens_its_own() -> None:
    alarm = [finding(("D", "x"), "alarm")]
    (old,) = episodes([], alarm, {}, model="former", at=START).opened
    done = episodes([old], alarm, {("D", "x"): "alarm"}, model="new", at=START + timedelta(days=1))
    assert [alert.model for alert in done.closed] == ["former"]
    assert [alert.model for alert in done.opened] == ["new"]
