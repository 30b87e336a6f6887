"""Watching a model at work: what has moved since training, and what it is worth before the outcomes are known."""
