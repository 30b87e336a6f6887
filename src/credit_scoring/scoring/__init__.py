"""The one path from features to PD, decision and reasons, and from what a caller supplies to features."""
