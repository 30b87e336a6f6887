from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.adapters.test_decision_log_builders import alter

from credit_scoring.adapters.decision_log.database import open_database
from credit_scoring.adapters.decision_log.keys import SCOPES, ApiKeys
from credit_scoring.domain.errors import DataError, LogUnavailableError


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'decisions.db'}"


@pytest.fixture
def keys(url: str) -> Iterator[ApiKeys]:
    database = open_database(url)
    with ApiKeys(database, refresh_seconds=0.02) as keys:
        yield keys
    database.close()


def test_a_token_is_good_until_it_is_revoked(keys: ApiKeys) -> None:
    token, other = keys.create("desk", ["score"]), keys.create("audit", SCOPES)
    assert re.fullmatch(r"cs_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", token)
    found = keys.verify(token)
    assert found is not None
    assert (found.name, sorted(found.scopes)) == ("desk", ["score"])
    assert [key.name for key in keys.list()] == ["desk", "audit"]
    keys.revoke(found.id)
    assert keys.verify(token) is None
    assert keys.verify(other) is not None
    keys.revoke(found.id)
    assert [key.revoked_at is None for key in keys.list()] == [False, True]


def test_nothing_but_the_token_is_good(keys: ApiKeys) -> None:
    token = keys.create("desk", ["score"])
    prefix, name, secret = token.split("_", 2)
    other = keys.create("other", ["score"]).split("_", 2)
    wrong = [
        "",
        "_",
        "cs_",
        name,
        token[:-1],
        token + "A",
        token.upper(),
        f"xx_{name}_{secret}",
        f"{prefix}_{other[1]}_{secret}",
        f"{prefix}_nobody_{secret}",
        f"{prefix}_{name}_",
        f"{prefix}_{name}_é\ud800",
        f" {token}",
    ]
    assert [text for text in wrong if keys.verify(text) is not None] == []
    assert keys.verify(token) is not None


def test_a_secret_is_nowhere_in_the_files(keys: ApiKeys, tmp_path: Path) -> None:
    secret = keys.create("desk", ["score"]).split("_", 2)[2].encode()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(("name", "scopes"), [("desk", []), ("desk", ["score", "root"]), (" ", ["score"])])
def test_a_key_for_nothing_known_is_refused(keys: ApiKeys, name: str, scopes: Any) -> None:
    with pytest.raises(DataError, match="admin, review, score"):
        keys.create(name, scopes)
    assert not keys.any()


def test_a_key_that_is_not_there_cannot_be_revoked(keys: ApiKeys) -> None:
    with pytest.raises(DataError, match="nobody"):
        keys.revoke("nobody")


def test_keys_go_on_to_count_while_the_database_is_away(keys: ApiKeys, url: str) -> None:
    token = keys.create("desk", ["score"])
    assert keys.verify(token) is not None
    alter(url, "ALTER TABLE api_keys RENAME TO gone")
    with pytest.raises(LogUnavailableError):
        keys.list()
    assert keys.verify(token) is not None
    alter(url, "DELETE FROM gone", "ALTER TABLE gone RENAME TO api_keys")
    assert any(keys.verify(token) is None or keys._closed.wait(0.01) for _ in range(1_000))


def test_a_log_whose_only_key_is_revoked_is_not_one_without_keys(keys: ApiKeys) -> None:
    keys.create("desk", ["score"])
    keys.revoke(keys.list()[0].id)
    assert keys.any()
