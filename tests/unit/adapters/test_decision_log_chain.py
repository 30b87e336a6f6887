from __future__ import annotations

import json
import struct
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.adapters.decision_log import chain
from credit_scoring.adapters.decision_log.ids import new_id
from credit_scoring.domain.record import Json, Payload

PARTS = st.binary(max_size=6)
PAYLOADS = st.builds(Payload, PARTS, PARTS, PARTS, st.none() | st.integers(-3, 300))
TEXTS = st.text(max_size=3)
BODIES = st.tuples(TEXTS, TEXTS, st.none() | TEXTS, st.integers(-5, 5), TEXTS, st.none() | PARTS)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
FACTS = st.dictionaries(
    st.text(), st.recursive(st.none() | st.booleans() | NUMBERS | st.text(), st.lists, max_leaves=4), max_size=5
)
Body: TypeAlias = tuple[str, str, str | None, int, str, bytes | None]


def test_a_link_is_what_the_documentation_says() -> None:
    def part(raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + raw

    at, facts, salt = datetime(2026, 11, 25, 12, tzinfo=UTC), '{"a":1}', bytes(range(16))
    payload = sha256(salt + part(b"in") + part(b"values") + part(b"told") + part(b"100001")).digest()
    assert chain.digest(salt, Payload(b"in", b"values", b"told", 100001)) == payload
    when = struct.pack(">q", 1_795_608_000_000_000)
    body = part(b"decision") + part(b"id") + b"\xff\xff\xff\xff" + part(when) + part(facts.encode()) + part(payload)
    assert chain.microseconds(at) == 1_795_608_000_000_000
    assert chain.body("decision", "id", None, chain.microseconds(at), facts, payload) == body
    assert chain.link(chain.GENESIS, 1, body) == sha256(bytes(32) + struct.pack(">q", 1) + body).digest()


@given(BODIES, BODIES)
def test_different_entries_have_different_bytes(one: Body, other: Body) -> None:
    assert (chain.body(*one) == chain.body(*other)) == (one == other)


@given(PAYLOADS, PAYLOADS)
def test_different_payloads_have_different_digests(one: Payload, other: Payload) -> None:
    salt = bytes(16)
    assert (chain.digest(salt, one) == chain.digest(salt, other)) == (one == other)


@given(FACTS)
def test_facts_have_one_form_in_ascii_and_come_back(facts: dict[str, Json]) -> None:
    text = chain.canonical(facts)
    assert text.isascii()
    assert json.loads(text) == facts
    assert chain.canonical(json.loads(text)) == text
    assert chain.canonical(dict(reversed(facts.items()))) == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_facts_hold_no_number_that_json_lacks(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        chain.canonical({"p_default": number})


@given(st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-7)))))
def test_moments_come_back_to_the_microsecond(at: datetime) -> None:
    assert chain.moment(chain.microseconds(at)) == at


def test_ids_are_uuids_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    made = [uuid.UUID(one) for one in ids]
    assert {(one.version, one.variant, one.hex) for one in made} == {(7, uuid.RFC_4122, one) for one in ids}
    moments = [one[:12] for one in ids]
    assert moments == sorted(moments)
    assert abs(int(ids[-1][:12], 16) / 1000 - time.time()) < 10
