"""Features: Polars expressions over one client's rows, each with its meaning. One definition, everywhere."""
