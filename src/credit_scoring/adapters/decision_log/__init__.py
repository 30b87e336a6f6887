"""The decision log: one hash chain of entries in SQLite or PostgreSQL, and the API keys beside it.

Only this package imports SQLAlchemy's and Alembic's migrations of it. ``log`` is what is written and read, ``writer``
shares one commit among those who wait for it, ``verify`` finds what was changed behind the log's back.
"""

from __future__ import annotations

from importlib.util import find_spec

from credit_scoring.domain.errors import MissingExtraError

if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
    raise MissingExtraError("serve", "the decision log")
