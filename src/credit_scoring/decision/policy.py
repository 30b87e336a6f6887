"""The cost policy: versioned apart from the model, it alone turns a PD into a decision."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from credit_scoring.decision.cost import CostMatrix

DEFAULT_MINIMUM_COVERAGE = 0.5


class CostPolicy(BaseModel):
    """What errors cost, the cut-off that follows, and when a person decides.

    A PD from ``cutoff`` on declines. A PD inside ``cutoff_interval``, or data that carry less than
    ``minimum_coverage`` of the model's gain, refer to a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(1, ge=1)
    approve_bad: float = Field(10.0, gt=0)
    decline_good: float = Field(1.0, gt=0)
    cutoff: float = Field(ge=0)
    cutoff_interval: tuple[float, float]
    minimum_coverage: float = Field(DEFAULT_MINIMUM_COVERAGE, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> CostPolicy:
        if not self.cutoff_interval[0] <= self.cutoff <= self.cutoff_interval[1]:
            raise ValueError("the cut-off must lie in its interval")
        return self

    @property
    def costs(self) -> CostMatrix:
        """Return the cost matrix."""
        return CostMatrix(self.approve_bad, self.decline_good)

    def decide(self, p_default: NDArray[np.float64], *, coverage: float | NDArray[np.float64] = 1.0) -> pl.Series:
        """Return ``approve``, ``refer`` or ``decline`` for each PD.

        Parameters
        ----------
        p_default : shape (n_applications,), in [0, 1]
        coverage : in [0, 1], one for all or shape (n_applications,)
            Share of the model's gain carried by the features that could be computed.

        Examples
        --------
        >>> policy = CostPolicy(cutoff=0.1, cutoff_interval=(0.08, 0.12))
        >>> policy.decide(np.array([0.05, 0.11, 0.3])).to_list()
        ['approve', 'refer', 'decline']
        """
        lower, upper = self.cutoff_interval
        decision = np.where(p_default >= self.cutoff, "decline", "approve").astype(object)
        unsure = (p_default >= lower) & (p_default <= upper) & (lower < upper)
        decision[unsure | (coverage < self.minimum_coverage)] = "refer"
        return pl.Series("decision", decision.tolist(), dtype=pl.String)
