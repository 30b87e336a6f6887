"""Words of the field: errors and value objects. Imports nothing of the project."""
