"""The steps that make the log's tables and change them; Alembic runs what a database lacks."""
