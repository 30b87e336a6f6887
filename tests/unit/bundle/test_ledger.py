"""Who decided when: whatever was killed, whoever moved the pointer, every moment has its bundle."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.bundle.ledger import LedgerEntry, on_day, periods
from credit_scoring.bundle.published import LEDGER, Pointer, Published, PublishedBundles
from credit_scoring.domain.errors import BundleError, RegistryError

START = datetime(2026, 11, 24, 22, tzinfo=UTC)
A, B, C = (Published(model_name="m", version=n, digest=letter * 64) for n, letter in enumerate("abc", 1))


def change(hours: int, digest: str, replaced: str | None) -> LedgerEntry:
    return LedgerEntry(
        at=START + timedelta(hours=hours),
        action="promote",
        model_name="m",
        version=1,
        digest=digest,
        by="ada",
        reason="",
        replaced=replaced,
    )


@given(st.sampled_from(["a", ""]), st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=12))
def test_periods_are_what_the_pointer_was_after_any_kills(began: str, drawn: list[tuple[str, bool]]) -> None:
    pointer, entries = began, []
    truth: list[tuple[str, datetime | None]] = [(began, None)] if began else []
    for hour, (digest, killed) in enumerate(drawn, 1):
        if digest == pointer:
            continue
        entries.append(change(hour, digest, pointer))
        if not killed:
            pointer = digest
            truth.append((digest, START + timedelta(hours=hour)))
    found = periods(entries, pointer)
    assert [(one.digest, one.since) for one in found] == truth
    assert [one.until for one in found] == [since for _, since in truth[1:]] + [None] * bool(truth)
    assert [one.entry is None for one in found] == [since is None for _, since in truth]


def test_a_day_of_two_champions_names_both_and_another_day_one() -> None:
    found = periods([change(0, "a", ""), change(20, "b", "a")], "b")
    assert [one.digest for one in on_day(found, date(2026, 11, 23))] == []
    assert [one.digest for one in on_day(found, date(2026, 11, 24))] == ["a"]
    assert [one.digest for one in on_day(found, date(2026, 11, 25))] == ["a", "b"]
    assert [one.digest for one in on_day(found, date(2027, 1, 1))] == ["b"]
    midnight = periods([change(0, "a", ""), change(2, "b", "a")], "b")
    assert [one.digest for one in on_day(midnight, date(2026, 11, 25))] == ["b"]


def test_a_pointer_moved_by_other_hands_is_told_apart() -> None:
    found = periods([change(0, "a", ""), change(5, "b", "x")], "b")
    assert [(one.digest, one.entry is None) for one in found] == [("a", False), ("x", True), ("b", False)]
    assert periods([change(0, "a", "")], "y")[-1][:3] == ("y", START, None)
    assert periods([], "z") == [("z", None, None, None)]
    assert periods([], "") == []


def test_a_champion_is_made_challenged_replaced_and_rolled_back_by_name(tmp_path: Path) -> None:
    published = PublishedBundles(tmp_path)
    published.challenge(B)  # nobody to challenge: nothing happens
    published.promote(A, by="ada", reason="first")
    published.challenge(B, by="bob")
    published.promote(B, by="cy")
    published.promote(B, by="again")
    assert published.pointer() == Pointer(champion=B, former=(A,))
    told = [(e.action, e.digest[0], e.by, e.reason, e.replaced and e.replaced[0]) for e in published.ledger.entries()]
    assert told == [
        ("promote", "a", "ada", "first", ""),
        ("challenge", "b", "bob", "", ""),
        ("promote", "b", "cy", "", "a"),
    ]
    with pytest.raises(BundleError):
        published.roll_back()  # the former bundle is not there: nothing is written
    with pytest.raises(RegistryError, match="no former champion"):
        PublishedBundles(tmp_path / "new").roll_back()
    assert len(published.ledger.entries()) == 3


def test_a_damaged_pointer_is_replaced_and_the_champion_before_is_not_known(tmp_path: Path) -> None:
    published = PublishedBundles(tmp_path)
    published.promote(A)
    published.pointer_file.write_text("{", encoding="utf-8")
    published.promote(B)
    assert published.ledger.entries()[-1].replaced is None
    assert [one.digest for one in periods(published.ledger.entries(), B.digest)] == [A.digest, B.digest]


def test_a_torn_last_line_is_no_line_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    published = PublishedBundles(tmp_path)
    published.promote(A, by="ada")
    whole = (tmp_path / LEDGER).read_bytes()
    for torn in (whole[:-1], whole[:20], b"\0" * 300):
        (tmp_path / LEDGER).write_bytes(whole + torn)
        assert [entry.digest for entry in published.ledger.entries()] == [A.digest]
        published.promote(B, by="bob")
        assert [entry.digest for entry in published.ledger.entries()] == [A.digest, B.digest]
        published.point(Pointer(champion=A))
    (tmp_path / LEDGER).write_bytes(whole + b"{}\n" + whole)
    with pytest.raises(BundleError, match="line 2 of"):
        published.ledger.entries()


KILLED = """
import os, sys
from pathlib import Path
from credit_scoring.bundle.published import Published, PublishedBundles
PublishedBundles.point = lambda *_: os.kill(os.getpid(), 9)
PublishedBundles(Path(sys.argv[1])).promote(Published(model_name="m", version=2, digest="b" * 64), by="bob")
"""


def test_a_promotion_killed_before_the_pointer_moved_did_not_take_effect(tmp_path: Path) -> None:
    published = PublishedBundles(tmp_path)
    published.promote(A, by="ada")
    assert subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False).returncode == -9
    pointer = published.pointer()
    assert pointer is not None
    assert pointer.champion == A
    entries = published.ledger.entries()
    assert [entry.by for entry in entries] == ["ada", "bob"]
    assert [(one.digest, one.until) for one in periods(entries, A.digest)] == [(A.digest, None)]
    published.promote(C, by="cy")
    found = periods(published.ledger.entries(), C.digest)
    assert [one.digest for one in found] == [A.digest, C.digest]


def test_promotions_at_the_same_time_lose_none(tmp_path: Path) -> None:
    def promote_five(name: str) -> None:
        for n in range(5):  # each opens the files anew, as processes do
            PublishedBundles(tmp_path).promote(Published(model_name="m", version=n, digest=f"{name}{n}"))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(promote_five, "xyz"))
    entries, pointer = PublishedBundles(tmp_path).ledger.entries(), PublishedBundles(tmp_path).pointer()
    assert pointer is not None
    assert len(entries) == 15
    assert [one.digest for one in (*pointer.former, pointer.champion)] == [entry.digest for entry in entries]
    assert [entry.replaced for entry in entries[1:]] == [entry.digest for entry in entries[:-1]]
