"""What became of decisions, by the month in which they were made, beside what their PDs promised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from credit_scoring.decision.cost import CostMatrix
from credit_scoring.monitoring.performance import Realised, realised_performance

Floats = NDArray[np.float64]

MATURE = 0.8
DAYS_A_MONTH = 30
_MOST_MONTHS = 36


class Vintage(BaseModel):
    """The decisions of one month (UTC). ``approved`` were granted, by the model or, as an outcome shows, by a person.

    ``known`` of them have an outcome. ``realised`` is there where one below the cut-off has. ``defaults_by_month[k]``
    is the share of the known that had defaulted by ``k`` months of 30 days after the decision, up to the last outcome.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    month: str
    decisions: int
    approved: int
    known: int
    realised: Realised | None
    defaults_by_month: tuple[float, ...]

    @property
    def mature(self) -> bool:
        """Return whether so many outcomes are known that those still to come change little.

        Defaults and repayments do not become known at the same time, so of a vintage that is half known the rate means
        nothing.
        """
        return self.known >= MATURE * self.approved > 0


def vintages(
    at: NDArray[np.datetime64],
    granted: NDArray[np.bool_],
    p_default: Floats,
    defaulted: Floats,
    days: Floats,
    *,
    cutoff: float,
    costs: CostMatrix,
    spread: Floats | None = None,
) -> tuple[Vintage, ...]:
    """Return the vintages, oldest first.

    Parameters
    ----------
    at, granted, p_default, defaulted, days : shape (n_decisions,)
        When each was decided, whether the model approved it, its PD, its outcome (1 defaulted, 0 repaid, NaN not
        known), and how long after the decision that was observed.
    spread : shape (2, 2), optional
        As in `expected_performance`.
    """
    months = at.astype("datetime64[M]")
    observed = np.isfinite(defaulted)
    made = []
    for month in np.unique(months):
        own = months == month
        known = own & observed
        made.append(
            Vintage(
                month=str(month),
                decisions=int(own.sum()),
                approved=int((own & (granted | observed)).sum()),
                known=int(known.sum()),
                realised=realised_performance(p_default[own], defaulted[own], cutoff, costs, spread=spread)
                if (known & (p_default < cutoff)).any()
                else None,
                defaults_by_month=_curve(defaulted[known], days[known]),
            )
        )
    return tuple(made)


def newest_mature(listed: Sequence[Vintage]) -> Vintage | None:
    """Return the latest vintage that is mature, if any is."""
    return next((one for one in reversed(listed) if one.mature), None)


def _curve(defaulted: Floats, days: Floats) -> tuple[float, ...]:
    if not defaulted.size:
        return ()
    months = np.clip(np.ceil(days / DAYS_A_MONTH), 0, _MOST_MONTHS).astype(np.int64)
    counts = np.bincount(months, weights=defaulted, minlength=int(months.max()) + 1)
    return tuple((np.cumsum(counts) / defaulted.size).tolist())
