"""Why: contributions of the served model, grouped into reasons a person can read."""
