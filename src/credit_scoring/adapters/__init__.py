"""The outside world: MLflow's registry, Spark. Each adapter is the only importer of its library."""
