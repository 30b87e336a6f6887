"""The tables brought to the state that this version of the package works with."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

NEWEST = "0003"
VERSION_TABLE = "decision_log_version"  # MLflow and Optuna keep an `alembic_version`, perhaps in the same database


class NewerTablesError(Exception):
    """The tables were made by a newer version of the package."""


def is_current(connection: Connection) -> bool:
    """Return whether no step is missing.

    Raises
    ------
    NewerTablesError
        If the tables are of a step that this version does not know.
    """
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    found = connection.execute(select(column("version_num")).select_from(table(VERSION_TABLE))).scalar()
    if found is not None and str(found) > NEWEST:
        raise NewerTablesError
    return found == NEWEST


def upgrade(connection: Connection) -> None:
    """Run the steps that are missing; the caller holds a transaction that shuts out others."""
    from alembic import command  # noqa: PLC0415 - slow to import, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    command.upgrade(config, "head")
