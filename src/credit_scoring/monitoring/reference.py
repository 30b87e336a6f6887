"""What training saw, as a watch needs it: the bins of every feature, of the PD and of the decision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.bundle.profile import P_DEFAULT
from credit_scoring.bundle.store import Bundle
from credit_scoring.monitoring.performance import calibration_spread

Floats = NDArray[np.float64]
DECISION = "decision"
DECISIONS = ("approve", "refer", "decline")
Kind = Literal["feature", "p_default", "decision"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing to watch, and its bins in training.

    ``shares`` add up to 1: missing first, then numbers by ``edges``, ``edge < x <= next edge``, or ``levels``, one bin
    each. ``ranks`` are the levels in the order in which the model's encoder numbers them. ``range`` is what training
    saw of a number that was ever known.
    """

    name: str
    kind: Kind
    concept: str
    importance: float
    shares: Floats
    edges: Floats
    levels: tuple[str, ...] | None = None
    ranks: tuple[str, ...] = ()
    range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Reference:
    """All that is watched of a model, in a fixed order: its features, the PD, the decision; ``rows`` of training.

    ``spread`` is how far the calibration of its PDs is left open, as `calibration_spread`.
    """

    axes: tuple[Axis, ...]
    rows: int
    spread: NDArray[np.float64]

    @classmethod
    def of(cls, bundle: Bundle) -> Reference:
        """Return the reference of a bundle: its profile, and what its policy in force says of the PDs out of fold.

        Those are taken as the served calibrator gives them, where the bundle has them: a fold's own has other steps.
        """
        manifest, rows = bundle.manifest, bundle.out_of_fold
        p_default = rows.get_column("p_served", default=rows["p_default"]).to_numpy()
        bins = {str(name): part for (name,), part in bundle.profile.sort("bin").group_by("feature")}
        axes = [
            _axis(
                bins[card.name],
                card.concept,
                manifest.importances.get(card.name, 0.0),
                manifest.encoder.categories.get(card.name),
            )
            for card in manifest.features
        ]
        decided = bundle.policy.decide(p_default)
        shares = np.array([0.0, *((decided == one).mean() for one in DECISIONS)], dtype=np.float64)
        axes += [
            _axis(bins[P_DEFAULT], "", 1.0, None, kind="p_default"),
            Axis(DECISION, "decision", "", 1.0, shares, np.empty(0), DECISIONS),
        ]
        return cls(tuple(axes), rows.height, calibration_spread(rows["p_default"].to_numpy()))

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Return where the bins of each axis begin among all bins, and their number last; shape (n_axes + 1,)."""
        return np.cumsum([0, *(axis.shares.size for axis in self.axes)])


def _axis(
    bins: pl.DataFrame, concept: str, importance: float, ranks: tuple[str, ...] | None, *, kind: Kind = "feature"
) -> Axis:
    name, shares = bins["feature"][0], bins["share"].to_numpy()
    known = bins.filter(pl.col("bin") >= 0)
    if ranks is not None:
        return Axis(name, kind, concept, importance, shares, np.empty(0), tuple(known["level"]), ranks)
    if not known.height:  # never known in training: a bin for what is known now
        return Axis(name, kind, concept, importance, np.array([1.0, 0.0]), np.empty(0))
    upper = known["upper"].to_numpy()
    return Axis(name, kind, concept, importance, shares, upper[:-1], range=(float(known["lower"][0]), float(upper[-1])))
