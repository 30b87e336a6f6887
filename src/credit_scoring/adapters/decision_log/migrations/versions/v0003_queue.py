"""An index of the decisions that a person should see, which are few among all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TO_SEE = """kind = 'decision' AND (decision = 'refer'
    OR facts LIKE '%"out_of_range":%' OR facts LIKE '%"unseen_category":%')"""


def upgrade() -> None:
    """Make the index; the kind, which is always the same, lets SQLite prefer it to the index of searches."""
    op.execute(sa.text(f"CREATE INDEX entries_queue ON entries (kind, sequence, id) WHERE {TO_SEE}"))
