"""API keys: shown once, kept as a hash, known to the service without a query."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Executable, Row, insert, select, update

from credit_scoring.adapters.closing import Closing
from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.database import Database
from credit_scoring.adapters.decision_log.tables import api_keys
from credit_scoring.adapters.decision_log.transaction import transact
from credit_scoring.domain.errors import DataError, LogUnavailableError

Scope = Literal["score", "review", "admin"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
REFRESH_SECONDS = 3.0
_PREFIX = "cs"
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may do what. ``revoked_at`` is ``None`` while the key is good."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None


class ApiKeys(Closing):
    """The keys in a database, which is the log's.

    The first `verify` reads them and starts a thread that reads them again every `refresh_seconds`: so `verify` asks
    no database, and a key that another process made or revoked counts that much later. While the database is away,
    the keys last read go on to count.
    """

    def __init__(self, database: Database, *, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._database, self._refresh_seconds = database, refresh_seconds
        self._known: dict[str, tuple[bytes, ApiKey]] | None = None
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def create(self, name: str, scopes: Collection[Scope]) -> str:
        """Return a new key's token, ``cs_<id>_<secret>``, which nobody can find out again.

        Raises
        ------
        DataError
            If there is no scope, an unknown one, or no name.
        """
        if not name.strip() or not scopes or not SCOPES.issuperset(scopes):
            raise DataError(
                f"an API key needs a name and scopes among {', '.join(sorted(SCOPES))}; "
                f"given are the name {name!r} and {', '.join(sorted(scopes)) or 'no scope'}"
            )
        key, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        row = {
            "id": key,
            "name": name,
            "scopes": " ".join(sorted(scopes)),
            "secret_sha256": _hashed(secret),
            "created_at": chain.microseconds(datetime.now(UTC)),
        }
        self._write(insert(api_keys).values(row))
        return f"{_PREFIX}_{key}_{secret}"

    def verify(self, token: str) -> ApiKey | None:
        """Return the key of a token, or ``None`` if it is none that is good. Takes as long for a near miss."""
        known = self._known
        if known is None:
            known = self._follow()
        prefix, _, rest = token.partition("_")
        key, _, secret = rest.partition("_")
        stored, found = known.get(key, (_NOBODY, None))
        return found if compare_digest(_hashed(secret), stored) and prefix == _PREFIX else None

    def revoke(self, key: str) -> None:
        """Let a key, named by its id, count no more; once revoked it stays so.

        Raises
        ------
        DataError
            If there is no such key.
        """
        now = chain.microseconds(datetime.now(UTC))
        good = update(api_keys).where(api_keys.c.id == key, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
        self._write(good)
        if all(other.id != key for other in self.list()):
            raise DataError(f"there is no API key {key!r}; list them to see their ids")

    def any(self) -> bool:
        """Return whether there is or ever was a key: a service whose last key is revoked must not open by that."""
        one = select(api_keys.c.id).limit(1)
        return self._database.read(lambda connection: connection.execute(one).first()) is not None

    def list(self) -> tuple[ApiKey, ...]:
        """Return every key, revoked ones too, oldest first."""
        return tuple(key for _, key in self._database.read(_read))

    def close(self) -> None:
        """Stop reading the keys; the database stays open."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _write(self, statement: Executable) -> None:
        transact(self._database, lambda transaction: transaction.connection.execute(statement))
        if self._known is not None:
            self._known = self._good()

    def _follow(self) -> dict[str, tuple[bytes, ApiKey]]:
        """Return the good keys by id, and see to it that they are read again."""
        with self._starting:
            if self._known is None:
                self._known = self._good()
                self._thread = threading.Thread(target=self._run, name="api-keys", daemon=True)
                self._thread.start()
            return self._known

    def _run(self) -> None:
        while not self._closed.wait(self._refresh_seconds):
            with suppress(LogUnavailableError):
                self._known = self._good()

    def _good(self) -> dict[str, tuple[bytes, ApiKey]]:
        return {key.id: (stored, key) for stored, key in self._database.read(_read) if key.revoked_at is None}


def _read(connection: Connection) -> Sequence[tuple[bytes, ApiKey]]:
    rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
    return [(row.secret_sha256, _key(row)) for row in rows]


def _key(row: Row[Any]) -> ApiKey:
    scopes = frozenset(scope for scope in SCOPES if scope in row.scopes.split())
    revoked_at = None if row.revoked_at is None else chain.moment(row.revoked_at)
    return ApiKey(row.id, row.name, scopes, chain.moment(row.created_at), revoked_at)


def _hashed(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
