"""Credit cards: who holds one, and the run of its months."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.tables.synthetic.contracts import MONTH, WINDOW
from credit_scoring.tables.synthetic.normal import Floats
from credit_scoring.tables.synthetic.tables import Frame

OLDER = 0.036  # cards per client from before the window: their SK_ID_PREV is not in previous_application
INTEREST = 0.036
AGES = (2.0, 6.0, 10.0, 15.0, 21.0, 30.0, 48.0, 75.0, 96.0)  # months since the card; what follows is measured by them
NEVER_USED = (0.78, 0.44, 0.41, 0.41, 0.38, 0.34, 0.286, 0.084, 0.079)
MEAN_USE = (0.62, 0.77, 0.73, 0.68, 0.65, 0.66, 0.585, 0.54, 0.44)
CLOSED = (0.09, 0.075, 0.10, 0.105, 0.20, 0.19, 0.22, 0.47, 0.53)  # share whose limit is now 0 …
CLOSED_FOR = (1.0, 5.0, 8.0, 10.0, 13.0, 13.0, 15.0, 30.0, 60.0)  # … and for how many months, at the middle


@dataclass
class Cards:
    """One row per card; ``use`` is the share of its months with a balance, ``load`` the balance then, to the limit."""

    previous: NDArray[np.int64]
    client: NDArray[np.int64]
    start: NDArray[np.int64]  # month
    limit: Floats
    use: Floats
    load: Floats


def issued(
    frame: Frame,
    clients: Frame,
    used: Floats,
    client: NDArray[np.int64],
    ids: NDArray[np.int64],
    rng: np.random.Generator,
) -> Cards:
    """Return the cards of the approved earlier applications, and those from before the window (identifier 0).

    ``used`` ranks the clients by how much they use a card: the older it is, the fewer have never used it.
    """
    rows = np.flatnonzero(frame["approved"] & frame["card"] & (rng.random(len(client)) < 0.952))
    count = rng.poisson(OLDER * len(clients["age"]))
    owner = np.concatenate([client[rows], rng.integers(0, len(clients["age"]), count)])
    begin = np.floor(frame["previous.days_decision"][rows] / MONTH).astype(np.int64) + (rng.random(len(rows)) < 0.52)
    start = np.concatenate([np.minimum(begin, -1), np.full(count, -WINDOW)])
    limit = np.concatenate([frame["credit"][rows], clients["card_limit"][owner[len(rows) :]]])
    known = limit > 0
    limit = np.where(known, limit, clients["card_limit"][owner])
    age = -start.astype(np.float64)
    never = np.interp(age, AGES, NEVER_USED)
    place = (used[owner] - never) / (1.0 - never)
    mean = np.interp(age, AGES, MEAN_USE)
    use = np.where(place < 0, 0.0, np.maximum(place, 0.005) ** (1.0 / mean - 1.0))
    return Cards(
        np.concatenate([ids[rows], np.zeros(count, np.int64)]),
        owner,
        start,
        np.maximum(limit, 9000.0),
        use,
        np.clip(clients["card_load"][owner], 0.01, 1.1),
    )


@dataclass
class Run:
    """The simulated months, cards by months since the window's start."""

    balance: Floats
    principal: Floats
    atm: Floats
    shop: Floats
    payment: Floats
    least: Floats
    limit: Floats
    matured: Floats
    used: NDArray[np.bool_]
    missed: NDArray[np.int64]


class Holders:
    """The state of all cards, moved on month by month.

    A card is in use or at rest, and stays so for long; in use it tends to its load. A month draws cash or buys, pays
    5 % of the limit or a rounded amount above it, and rarely nothing.
    """

    def __init__(self, cards: Cards, rng: np.random.Generator) -> None:
        n = len(cards.start)
        self.cards, self.rng = cards, rng
        self.first = cards.start + np.where(rng.random(n) < 0.6, 0, rng.exponential(3.0, n)).astype(np.int64)
        self.stop = np.clip(0.04 * (1 - cards.use) / np.maximum(cards.use, 0.02), 0.004, 0.5)
        self.wake = np.clip(self.stop * cards.use / np.maximum(1 - cards.use, 0.02), 0.0, 0.9)
        self.active = (rng.random(n) < 0.5 + 0.5 * cards.use) & (cards.use > 0)
        self.balance, self.missed = np.zeros(n), np.zeros(n, np.int64)
        self.matured = np.where(cards.start == -WINDOW, rng.integers(0, 12, n), 0).astype(np.float64)
        self.raised = np.where(rng.random(n) < 0.25, rng.integers(6, 60, n), 10_000)
        self.limit = np.round(cards.limit * np.where(self.raised < 999, 0.55, 1.0) / 4500.0) * 4500.0
        self.used = np.zeros(n, np.bool_)
        age = -cards.start.astype(np.float64)
        closed = rng.random(n) < np.interp(age, AGES, CLOSED)
        ago = np.round(np.interp(age, AGES, CLOSED_FOR) * (0.3 + rng.random(n)))
        self.closing = np.where(closed, ago, 0).astype(np.int64)

    def month(self, month: int) -> dict[str, NDArray[Any]]:
        """Return what each card shows at the end of the month (counted from today, -1 the last)."""
        cards, rng, n = self.cards, self.rng, len(self.balance)
        self.limit = np.where(month - cards.start == self.raised, cards.limit, self.limit)
        inside = (month >= self.first) & (cards.use > 0)
        flip = rng.random(n)
        moved = np.where(self.active, flip > self.stop, flip < self.wake)
        self.active = np.where(inside & (month > self.first), moved, self.active)
        uses = self.active & inside
        limit = np.where((-month <= self.closing) & (self.balance <= 0), 0.0, self.limit)
        least = np.round(np.minimum(self.balance, self.limit * 0.05), 3).astype(np.float64)
        payment = _payment(self.balance, least, uses, rng)
        atm, shop = self._drawn(uses & (-month > self.closing), limit, payment)
        fee = _cents(self.balance * INTEREST * (0.8 + 0.4 * rng.random(n)))
        balance = np.maximum(_cents(self.balance + fee + atm + shop - payment), 0.0)
        self.balance = np.where((month >= cards.start) & (uses | (balance > 0.02 * self.limit)), balance, 0.0)
        self.missed = np.where((least > 0) & (payment < least * 0.99), self.missed + 1, 0)
        self.matured = self.matured + (least > 0)
        self.used = self.used | (atm + shop > 0)
        principal = self.balance - np.minimum(fee, self.balance)
        return {
            "balance": self.balance, "principal": principal, "atm": atm, "shop": shop, "payment": payment,
            "least": least, "limit": limit, "matured": self.matured, "used": self.used, "missed": self.missed,
        }  # fmt: skip

    def _drawn(self, spends: NDArray[np.bool_], limit: Floats, payment: Floats) -> tuple[Floats, Floats]:
        """Return the month's cash and purchases: what brings the balance towards its load, if anything."""
        rng, n = self.rng, len(limit)
        aim = limit * np.clip(1.25 * self.cards.load + 0.16 * rng.standard_normal(n), 0.0, 1.08)
        room = np.maximum(aim - (self.balance * (1 + INTEREST) - payment), 0.0)
        spends = spends & (limit > 0) & ((rng.random(n) < 0.30) | (self.balance <= 0.05 * limit))
        drawn = np.where(spends, np.maximum(room * (0.55 + 0.45 * rng.random(n)), 450.0), 0.0)
        cash, mixed = rng.random(n) < 0.6, rng.random(n) < 0.3
        atm = np.where(cash, np.round(drawn * np.where(mixed, 0.6, 1.0) / 2250.0) * 2250.0, 0.0)
        return atm, _cents(np.where(cash & ~mixed, 0.0, np.maximum(drawn - atm, 0.0)))


def simulate(cards: Cards, rng: np.random.Generator) -> Run:
    """Return the months of all cards over the window."""
    shape = (len(cards.start), WINDOW)
    holders = Holders(cards, rng)
    run = Run(
        np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape),
        np.zeros(shape), np.zeros(shape), np.zeros(shape, np.bool_), np.zeros(shape, np.int64),
    )  # fmt: skip
    for step in range(WINDOW):
        for name, value in holders.month(step - WINDOW).items():
            getattr(run, name)[:, step] = value
    return run


def _cents(amount: Floats) -> Floats:
    """Return the amounts on the grid that the scaled currency of the real files has."""
    return np.round(amount / 0.045) * 0.045


def _payment(balance: Floats, least: Floats, active: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return what was paid this month."""
    n = len(balance)
    kind = rng.random(n)
    rounded = np.maximum(np.ceil(least * (1.0 + rng.exponential(0.35, n)) / 1125.0) * 1125.0, 0.0)
    more = np.round(balance * rng.random(n) / 450.0) * 450.0
    bounds = [kind < 0.075, kind < 0.80, kind < 0.93, kind < 0.965]
    paid = np.select(bounds, [np.zeros(n), rounded, least, more], balance)
    paid = np.where(active, paid, np.where(kind < 0.5, balance, rounded))
    return np.where(balance > 0, np.minimum(np.round(paid, 3), balance * 1.05), 0.0)
