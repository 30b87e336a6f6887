"""The hash chain: how an entry becomes bytes, and how each link seals all before it. Pure functions.

``link = SHA-256(previous link || sequence, 8 bytes || body)``; ``body`` is kind, id, subject, moment (microseconds
since 1970 in UTC, 8 bytes), facts (JSON) and the payload's digest. ``digest = SHA-256(salt || inputs, values, told,
applicant)``. Numbers are big-endian and signed; each part follows its length in 4 bytes, ``FF FF FF FF`` for none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from credit_scoring.domain.record import Json, Payload

GENESIS = bytes(32)  # what the first entry takes for its previous one
SALT_BYTES = 16

_ABSENT = b"\xff\xff\xff\xff"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(facts: Mapping[str, Json]) -> str:
    """Return the facts as JSON in ASCII: keys sorted, no spaces, numbers as Python writes them.

    Raises
    ------
    ValueError, TypeError
        If a number is not finite, or a value is not JSON's.

    Examples
    --------
    >>> canonical({"p_default": 0.25, "decision": "approve"})
    '{"decision":"approve","p_default":0.25}'
    """
    return _encode(facts if type(facts) is dict else dict(facts))


def microseconds(at: datetime) -> int:
    """Return a moment as microseconds since 1970 in UTC; a `TypeError` if it has no time zone."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return the moment, in UTC, of microseconds since 1970."""
    return _EPOCH + at * _MICROSECOND


def digest(salt: bytes, payload: Payload) -> bytes:
    """Return what stands for a payload in the chain; without the salt nobody can tell a guess from the truth."""
    applicant = None if payload.applicant is None else str(payload.applicant).encode()
    return sha256(salt + _joined(payload.inputs, payload.values, payload.told, applicant)).digest()


def body(kind: str, name: str, subject: str | None, at: int, facts: str, payload: bytes | None) -> bytes:
    """Return all of an entry but its place in the chain; `name` is its id, `payload` the digest of its payload."""
    about = None if subject is None else subject.encode()
    when = at.to_bytes(8, "big", signed=True)
    return _joined(kind.encode(), name.encode(), about, when, facts.encode(), payload)


def link(previous: bytes, sequence: int, sealed: bytes) -> bytes:
    """Return the hash of an entry whose body is `sealed`, after the entry whose hash is `previous`."""
    return sha256(previous + sequence.to_bytes(8, "big", signed=True) + sealed).digest()


def _joined(*parts: bytes | None) -> bytes:
    return b"".join(_ABSENT if part is None else len(part).to_bytes(4, "big") + part for part in parts)
