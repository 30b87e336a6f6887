"""Synthetic Home Credit tables: seeded, linked, drawn from aggregates of the real ones."""

from credit_scoring.tables.synthetic.arrivals import Arrivals
from credit_scoring.tables.synthetic.drift import Drift
from credit_scoring.tables.synthetic.generate import synthesize

__all__ = ["Arrivals", "Drift", "synthesize"]
