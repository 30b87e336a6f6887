"""One page a file: each draws itself from what it asks the API."""
