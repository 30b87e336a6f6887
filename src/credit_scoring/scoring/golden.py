"""Invented applications whose PDs travel with a bundle: proof that a service scores as training did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from credit_scoring.bundle.manifest import GoldenRow
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import BundleError
from credit_scoring.scoring.intake import Intake

ROWS = 8
KNOWN_SHARE = 0.8
TOLERANCE = 1e-9


def with_golden_rows(bundle: Bundle, *, seed: int) -> Bundle:
    """Return `bundle` with invented applications and the PDs it gives them.

    Each value is a bin's edge or a level of the reference profile, drawn on its own, one in five missing: no row is
    anybody's.
    """
    intake = Intake(bundle)
    asked = set(intake.asked)
    choices = {
        name: [value for value in (*bins["upper"], *bins["level"]) if value is not None]
        for (name,), bins in bundle.profile.group_by("feature", maintain_order=True)
    }
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(ROWS):
        features = {
            str(name): values[int(generator.integers(len(values)))]
            for name, values in choices.items()
            if name in asked and values and generator.random() < KNOWN_SHARE
        }
        rows.append(GoldenRow(features=features, p_default=_p_default(bundle, intake, features)))
    return replace(bundle, golden=tuple(rows))


def verify_golden_rows(bundle: Bundle, intake: Intake) -> None:
    """Raise `BundleError` unless the golden rows have the PDs that they had where the bundle was made, within 1e-9."""
    for number, row in enumerate(bundle.golden, 1):
        found = _p_default(bundle, intake, row.features)
        if not abs(found - row.p_default) <= TOLERANCE:
            raise BundleError(
                f"the bundle {bundle.digest[:12]} does not score here as where it was made: its golden row {number} "
                f"has PD {row.p_default:.12g}, found {found:.12g}; install the libraries that its manifest names"
            )


def _p_default(bundle: Bundle, intake: Intake, features: dict[str, float | str]) -> float:
    values = intake.values([intake.accept(features)])
    return float(bundle.model.p_default(values)[0])
