"""Which of several candidates is taken, and what its decisions cost where nothing was chosen on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.evaluate import Figures, paired_difference
from credit_scoring.decision.cost import CostMatrix, choose_cutoff

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def decline_out_of_fold(p_default: Floats, defaulted: Booleans, fold: NDArray[np.int64], costs: CostMatrix) -> Booleans:
    """Return who is declined when each fold is judged by the cut-off that is cheapest on the others."""
    declined = np.empty(p_default.size, dtype=np.bool_)
    for number in np.unique(fold):
        held = fold == number
        declined[held] = p_default[held] >= choose_cutoff(p_default[~held], defaulted[~held], costs)
    return declined


def best_of(found: Mapping[str, Figures]) -> str:
    """Return the name of lowest Brier score among those whose cost the cheapest does not surely beat.

    Costs hang on few defaults at one cut-off: of models that their paired interval cannot tell apart, the one of
    sharper PDs is taken. All must be of the same applications and seed.
    """
    cheapest = min(found, key=lambda name: found[name].values["at_cutoff"]["cost"])
    as_cheap = [
        name for name in found if name == cheapest or paired_difference(found[name], found[cheapest])["cost"].lower <= 0
    ]
    return min(as_cheap, key=lambda name: found[name].values["metrics"]["brier"])
