from __future__ import annotations

import numpy as np

from credit_scoring.decision.cost import CostMatrix
from credit_scoring.monitoring.performance import realised_performance
from credit_scoring.monitoring.vintages import newest_mature, vintages

COSTS, CUTOFF = CostMatrix(10, 1), 0.2


def test_each_vintage_is_its_month_alone_and_the_newest_mature_one_is_the_last_that_is_known_enough() -> None:
    generator, size = np.random.default_rng(5), 3_000
    at = np.datetime64("2026-01-01T00:00") + generator.integers(0, 150 * 24 * 60, size).astype("timedelta64[m]")
    p_default = generator.beta(1, 9, size)
    defaulted = (generator.random(size) < p_default).astype(float)
    months = at.astype("datetime64[M]").astype(str)
    share = {"2026-01": 1.0, "2026-02": 0.95, "2026-03": 0.9, "2026-04": 0.5, "2026-05": 0.0}
    granted = p_default < 0.8 * CUTOFF  # between, people decide: they grant most
    unknown = (p_default >= CUTOFF) | (generator.random(size) >= [share[month] for month in months])
    defaulted[unknown] = np.nan
    days = np.where(unknown, np.nan, generator.integers(1, 200, size))
    found = vintages(at.astype("datetime64[us]"), granted, p_default, defaulted, days, cutoff=CUTOFF, costs=COSTS)
    assert [one.month for one in found] == sorted(share)
    for one in found:
        own = months == one.month
        known = own & ~np.isnan(defaulted)
        approved = own & granted | known
        assert (one.decisions, one.approved, one.known) == (own.sum(), approved.sum(), known.sum())
        if not known.any():
            assert (one.realised, one.defaults_by_month) == (None, ())
            continue
        assert one.realised == realised_performance(p_default[own], defaulted[own], CUTOFF, COSTS)
        for month, rate in enumerate(one.defaults_by_month):
            late = known & (days <= 30 * month) & (defaulted == 1)
            assert rate == late.sum() / known.sum()
        assert one.defaults_by_month[-1] == defaulted[known].mean()
    newest = newest_mature(found)
    assert newest is not None
    assert newest.month == "2026-03"
    assert newest_mature(found[3:]) is None
