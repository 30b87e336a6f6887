"""Alerts: each opened once when its check first alarms, kept while that lasts, closed when it is steady again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from credit_scoring.monitoring.checks import Verdict
from credit_scoring.monitoring.drift import Finding

Key = tuple[str, str]


class Alert(BaseModel):
    """One episode of one check: of all features of a concept together, else of one ``subject``.

    A source that breaks moves dozens of features: nobody reads an alert of each. ``subjects`` are those that alarmed
    during the episode, ``worst`` the one that moved furthest of late, by ``value``. ``opened`` and, once it is over,
    ``closed`` are the ends of the windows of the passes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    subject: str
    model: str
    measures: str
    subjects: tuple[str, ...]
    worst: str
    value: float
    limit: float
    importance: float
    opened: datetime
    closed: datetime | None = None

    @property
    def key(self) -> Key:
        """Return what an episode is known by."""
        return self.code, self.subject


class Episodes(NamedTuple):
    """What a pass does to the alerts: those it opens, those that go on (with their newest value), those it closes."""

    opened: tuple[Alert, ...]
    going_on: tuple[Alert, ...]
    closed: tuple[Alert, ...]


def episodes(
    open_alerts: Sequence[Alert],
    findings: Sequence[Finding],
    verdicts: Mapping[Key, Verdict],
    *,
    model: str,
    at: datetime,
) -> Episodes:
    """Return what becomes of the alerts after a pass over the decisions of `model`; those opened weightiest first.

    Only alarms open an alert. It closes when all that alarmed is steady: while a check still gives a notice, has too
    few applications to tell or was not made at all, nothing says that it is over, so it goes on. Alerts of another
    model close, as nobody measures them any more.

    Parameters
    ----------
    findings, verdicts
        Of the pass; verdicts by code and subject of each check that was made, steady or not.
    """
    now = {alert.key: alert for alert in _grouped(findings, model, at)}
    known = {alert.key: alert for alert in open_alerts if alert.model == model}
    going_on, closed = [], []
    for alert in open_alerts:
        if alert.model == model and (newer := now.get(alert.key)):
            going_on.append(_continued(alert, newer))
        elif alert.model != model or all(verdicts.get((alert.code, one)) == "steady" for one in alert.subjects):
            closed.append(alert.model_copy(update={"closed": at}))
        else:
            going_on.append(alert)
    opened = sorted((now[key] for key in now.keys() - known.keys()), key=lambda one: (-one.importance, one.key))
    return Episodes(tuple(opened), tuple(going_on), tuple(closed))


def _grouped(findings: Sequence[Finding], model: str, at: datetime) -> list[Alert]:
    alarms = sorted((one for one in findings if one.severity == "alarm"), key=_group)
    return [_alert(key, list(together), model, at) for key, together in groupby(alarms, key=_group)]


def _group(one: Finding) -> Key:
    return one.code, one.concept or one.subject


def _alert(key: Key, together: list[Finding], model: str, at: datetime) -> Alert:
    worst = max(together, key=lambda one: abs(one.value))
    # A feature has one finding of each code, so none is counted twice.
    importance = sum(one.importance for one in together)
    return Alert(
        code=key[0],
        subject=key[1],
        model=model,
        measures=worst.measures,
        subjects=tuple(sorted(one.subject for one in together)),
        worst=worst.subject,
        value=worst.value,
        limit=worst.limit,
        importance=importance,
        opened=at,
    )


def _continued(alert: Alert, newer: Alert) -> Alert:
    subjects = tuple(sorted({*alert.subjects, *newer.subjects}))
    return newer.model_copy(update={"subjects": subjects, "opened": alert.opened})
