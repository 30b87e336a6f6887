"""Run by Alembic, and by nothing else: the steps, on the connection and in the transaction that `migrate` gives."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
