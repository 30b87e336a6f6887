"""Raw tables: one schema, read from files or a database, validated, sentinels ended."""
