"""The tables of the log and the keys, as queries see them; `migrations` makes them, and their indexes and triggers.

An index with a condition of a dialect's own would load both dialects here: a fifth of a second at each start.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata = MetaData()

# SQLite's own row number, so that the newest entry and a page of entries are found without an index.
_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")

entries = Table(
    "entries",
    metadata,
    Column("sequence", _ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("facts", Text, nullable=False, comment="canonical JSON, as it is hashed"),
    Column("p_default", Double, comment="copied out of facts, as the next three"),
    Column("decision", Text),
    Column("bundle", Text),
    Column("caller", Text),
    Column("payload_digest", LargeBinary),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

payloads = Table(
    "payloads",
    metadata,
    Column("sequence", _ROW_NUMBER, ForeignKey(entries.c.sequence), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, comment="that of the entry: a purge finds what is due by it"),
    Column("salt", LargeBinary, nullable=False),
    Column("applicant", BigInteger),
    Column("inputs", LargeBinary, nullable=False),
    Column("feature_values", LargeBinary, nullable=False),
    Column("told", LargeBinary, nullable=False),
)

# One row, which is locked to write: it holds the newest entry, so that a log cut short does not go unnoticed.
head = Table(
    "log_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# One row, which `writable` writes to.
probe = Table(
    "log_probe",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("written", LargeBinary, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False, comment="names, sorted, between spaces"),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False, comment="microseconds since 1970, UTC"),
    Column("revoked_at", BigInteger),
)
