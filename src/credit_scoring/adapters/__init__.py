"""The outside world: MLflow's registry. Each adapter is the only importer of its library."""
