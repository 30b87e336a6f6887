"""From a feature matrix to a bundle: every choice on out-of-fold predictions, the hold-out opened once."""
