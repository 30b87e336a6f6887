"""Entries and payloads, to which rows are only added; the head of the chain; a row to try writing on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
KEPT = "'entries of the decision log are never changed or deleted'"
UNCHANGED = "'payloads of the decision log are never changed, only purged'"


def upgrade() -> None:
    """Make the tables of an empty log."""
    make_entries()
    make_payloads()
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": bytes(32)}])
    probe = op.create_table(
        "log_probe",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("written", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(probe, [{"id": 1, "written": b""}])
    statements = SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL
    for statement in statements:
        op.execute(sa.text(statement))


def make_entries() -> None:
    """Make the table of entries and its indexes."""
    op.create_table(
        "entries",
        sa.Column("sequence", ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
        sa.Column("facts", sa.Text, nullable=False, comment="canonical JSON, as it is hashed"),
        sa.Column("p_default", sa.Double, comment="copied out of facts, as the next three"),
        sa.Column("decision", sa.Text),
        sa.Column("bundle", sa.Text),
        sa.Column("caller", sa.Text),
        sa.Column("payload_digest", sa.LargeBinary),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    # One index answers every search from itself, newest first, and only ever grows at its end: an index of each column
    # would cost each append a page of each.
    op.create_index("entries_search", "entries", ["kind", "sequence", "decision", "p_default", "at"])
    known = sa.text("subject IS NOT NULL")
    op.create_index("entries_subject", "entries", ["subject", "kind"], sqlite_where=known, postgresql_where=known)


def make_payloads() -> None:
    """Make the table of payloads and its indexes."""
    op.create_table(
        "payloads",
        sa.Column("sequence", ROW_NUMBER, sa.ForeignKey("entries.sequence"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, comment="that of the entry: a purge finds what is due by it"),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("applicant", sa.BigInteger),
        sa.Column("inputs", sa.LargeBinary, nullable=False),
        sa.Column("feature_values", sa.LargeBinary, nullable=False),
        sa.Column("told", sa.LargeBinary, nullable=False),
    )
    op.create_index("payloads_at", "payloads", ["at"])
    known = sa.text("applicant IS NOT NULL")
    op.create_index("payloads_applicant", "payloads", ["applicant"], sqlite_where=known, postgresql_where=known)


# SQLite deletes without asking the triggers of a deletion when it is told to INSERT OR REPLACE: hence those before
# an insertion.
SQLITE = (
    f"CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, {KEPT}); END",
    f"CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, {KEPT}); END",
    """CREATE TRIGGER entries_insert BEFORE INSERT ON entries
        WHEN NEW.sequence <= (SELECT max(sequence) FROM entries) OR EXISTS (SELECT 1 FROM entries WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'an entry of this id or sequence is in the decision log already'); END""",
    f"CREATE TRIGGER payloads_update BEFORE UPDATE ON payloads BEGIN SELECT RAISE(ABORT, {UNCHANGED}); END",
    f"""CREATE TRIGGER payloads_insert BEFORE INSERT ON payloads
        WHEN EXISTS (SELECT 1 FROM payloads WHERE sequence = NEW.sequence)
        BEGIN SELECT RAISE(ABORT, {UNCHANGED}); END""",  # noqa: S608 - constants
)
POSTGRESQL = (
    """CREATE FUNCTION decision_log_refuses() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RAISE EXCEPTION ''%'', TG_ARGV[0]; END'""",
    f"""CREATE TRIGGER entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
        FOR EACH STATEMENT EXECUTE FUNCTION decision_log_refuses({KEPT})""",
    f"""CREATE TRIGGER payloads_unchanged BEFORE UPDATE OR TRUNCATE ON payloads
        FOR EACH STATEMENT EXECUTE FUNCTION decision_log_refuses({UNCHANGED})""",
)
