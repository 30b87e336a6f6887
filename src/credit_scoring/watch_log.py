"""One pass of the watch over the decision log: what was decided compared with training, recorded, and alerted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.adapters.decision_log.log import DecisionLog
from credit_scoring.adapters.decision_log.values import unpack_values
from credit_scoring.adapters.decision_log.watching import DecidedPage
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.alerts import Episodes, Key, episodes
from credit_scoring.monitoring.checks import NO_DECISIONS, Verdict
from credit_scoring.monitoring.drift import Finding
from credit_scoring.monitoring.passes import Pass, told
from credit_scoring.monitoring.reference import DECISIONS, Reference
from credit_scoring.monitoring.tally import Tally, tally
from credit_scoring.monitoring.vintages import Vintage, vintages
from credit_scoring.monitoring.watch import WatchReport, Window, watch
from credit_scoring.scoring.sample import RowSample, shown_columns

Floats = NDArray[np.float64]
OnRows = Callable[[int], None]


@dataclass
class Watched:
    """What a walk through a period found: ``report`` is there if a decision of the bundle could be compared.

    ``decisions`` counts those by what was decided; ``others`` are decisions of other models, ``purged`` those whose
    feature values are gone: neither is compared.
    """

    since: datetime
    until: datetime
    decisions: Counter[str] = field(default_factory=Counter)
    others: int = 0
    purged: int = 0
    report: WatchReport | None = None


def watch_decisions(
    bundle: Bundle,
    log: DecisionLog,
    since: datetime,
    until: datetime,
    *,
    sample: RowSample | None = None,
    on_rows: OnRows = lambda _: None,
) -> Watched:
    """Return what became of the decisions that `bundle` made from `since` to `until`, both included, as known then.

    Recorded PDs, decisions and feature values are compared as they are: nothing is scored again. Outcomes count if they
    were recorded up to `until`. Of a decision of the period 16 bytes stay in memory, of each of the bundle's 32 for its
    outcome; `sample` is filled, if there is one.
    """
    reference, found = Reference.of(bundle), Watched(since, until)
    counts, p_default = Tally.empty(reference), [np.empty(0)]
    for page in log.decided(since, until):
        rows = _own(found, bundle, page)
        if rows:
            matrix, decisions = _matrix(bundle, page, rows)
            p_default.append(page.p_default[rows])
            counts += _with_unseen(reference, page, rows, tally(reference, matrix, p_default[-1], decisions))
            if sample is not None:
                sample.add(shown_columns(bundle, matrix, p_default[-1], decisions))
        on_rows(len(page.bundles))
    if counts.rows:
        known = np.concatenate(p_default)
        window = Window(counts, known, np.full(known.size, np.nan))  # what became of them is told by vintages
        found.report = watch(bundle, reference, window, _vintages(bundle, log, until, reference.spread))
    return found


def record_pass(book: WatchBook, bundle: Bundle, version: int, found: Watched, at: datetime) -> tuple[Pass, Episodes]:
    """Record a pass over the decisions of the registered `version`, and return it with what it does to the alerts.

    It does nothing to them if a pass over a later period is recorded already.
    """
    report = found.report
    made = Pass(
        at=at,
        since=found.since,
        until=found.until,
        model=bundle.digest,
        version=version,
        decisions={one: found.decisions[one] for one in DECISIONS},
        others=found.others,
        purged=found.purged,
        **({"findings": (_NOTHING,)} if report is None else told(report)),
    )
    verdicts: dict[Key, Verdict] = {} if report is None else report.verdicts()
    verdicts[_NOTHING.code, _NOTHING.subject] = "alarm" if report is None else "steady"
    happened = book.record(
        made, report, lambda known: episodes(known, made.findings, verdicts, model=bundle.digest, at=found.until)
    )
    return made, happened


_NOTHING = Finding(
    code=NO_DECISIONS.code,
    severity="alarm",
    subject="decisions",
    concept="",
    importance=1.0,
    measures=NO_DECISIONS.measures,
    value=0.0,
    limit=NO_DECISIONS.alarm,
    chance=0.0,
)


def _own(found: Watched, bundle: Bundle, page: DecidedPage) -> list[int]:
    """Return the rows of a page that can be compared, and count what cannot."""
    own = [row for row, digest in enumerate(page.bundles) if digest == bundle.digest]
    kept = [row for row in own if page.values[row]]
    found.others += len(page.bundles) - len(own)
    found.purged += len(own) - len(kept)
    found.decisions.update(page.decisions[row] for row in kept)
    return kept


def _matrix(bundle: Bundle, page: DecidedPage, rows: list[int]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the features that the model saw, categories as ranks, and what was decided."""
    names = bundle.model.encoder.features
    values = unpack_values([page.values[row] for row in rows], len(names))
    return pl.DataFrame(values, schema=list(names)), pl.Series([page.decisions[row] for row in rows])


def _with_unseen(reference: Reference, page: DecidedPage, rows: list[int], counts: Tally) -> Tally:
    """Return the counts with the categories that training never saw, which among the values are missing."""
    unseen = Counter(name for row in rows for name in page.unseen[row])
    known = [0 if axis.levels is None else unseen[axis.name] for axis in reference.axes]
    return replace(counts, unseen=np.array(known, dtype=np.int64))


def _vintages(bundle: Bundle, log: DecisionLog, until: datetime, spread: Floats) -> tuple[Vintage, ...]:
    pages = list(log.matured(bundle.digest, until))
    columns = ("at", "granted", "p_default", "defaulted", "days")
    return vintages(
        *(np.concatenate([getattr(page, name) for page in pages]) for name in columns),
        cutoff=bundle.policy.cutoff,
        costs=bundle.policy.costs,
        spread=spread,
    )
