"""The six history tables of a chunk of clients."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.tables.synthetic import bureau, card_tables, cards, contracts, previous
from credit_scoring.tables.synthetic.aggregates import Aggregates
from credit_scoring.tables.synthetic.application import draw
from credit_scoring.tables.synthetic.normal import Floats, probability
from credit_scoring.tables.synthetic.spec import CLIENT
from credit_scoring.tables.synthetic.tables import Frame

Ids = NDArray[np.int64]
PREVIOUS_IDS, BUREAU_IDS = (1_000_001, 1_845_382), (5_000_000, 1_843_458)


class History:
    """Draws histories, and numbers contracts and credits through the whole run."""

    def __init__(self, aggregates: Aggregates) -> None:
        self.aggregates = aggregates
        self._contracts, self._credits = 0, 0

    def tables(
        self, curr: Ids, z: Floats, clients: Frame, rng: np.random.Generator
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield each history table of the clients, its rows in no order."""
        aggregates = self.aggregates
        shares = {name: probability(z[:, i]) for i, name in enumerate(aggregates.scored)}
        draw(CLIENT, aggregates, shares, clients, rng)
        yield from self._bureau(curr, z, clients, rng)
        frame, client = previous.requests(aggregates, z, clients, rng)
        ids = self._number_contracts(len(client))
        yield (
            "previous_application",
            shuffled(previous.previous_application(aggregates, frame, curr[client], ids), rng),
        )
        loans = contracts.begun(frame, client, ids)
        old = contracts.older(loans, len(curr), rng)
        old.previous = self._number_contracts(len(old.previous))
        loans = loans.joined(old)
        paid = contracts.payments(aggregates, loans, z, rng)
        yield "POS_CASH_balance", shuffled(contracts.balances(loans, curr, paid, rng), rng)
        plastic = cards.issued(frame, clients, shares["card_used"], client, ids, rng)
        unseen = plastic.previous == 0
        plastic.previous[unseen] = self._number_contracts(int(unseen.sum()))
        run = cards.simulate(plastic, rng)
        yield "credit_card_balance", shuffled(card_tables.credit_card_balance(plastic, run, curr, rng), rng)
        rows = [
            contracts.installments(aggregates, loans, curr, z, paid, rng),
            card_tables.card_installments(aggregates, plastic, run, curr, rng),
        ]
        yield "installments_payments", shuffled(pl.concat(rows), rng)

    def _bureau(
        self, curr: Ids, z: Floats, clients: Frame, rng: np.random.Generator
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        frame, client = bureau.drawn_credits(self.aggregates, z, clients, rng)
        ids = scrambled(self._credits, len(client), *BUREAU_IDS)
        self._credits += len(client)
        yield "bureau", shuffled(bureau.bureau(self.aggregates, frame, curr[client], ids), rng)
        yield "bureau_balance", bureau.balance(self.aggregates, frame, clients, client, ids, rng)

    def _number_contracts(self, count: int) -> Ids:
        ids = scrambled(self._contracts, count, *PREVIOUS_IDS)
        self._contracts += count
        return ids


def scrambled(start: int, count: int, first: int, size: int) -> Ids:
    """Return ``count`` identifiers, never given before, spread over ``size`` from ``first`` on.

    Once these are used up, the next ``size`` follow. The multiplier is a prime that divides no ``size`` in use, so the
    map of each block of ``size`` onto itself is one to one.
    """
    at = np.arange(start, start + count, dtype=np.int64)
    block, inside = at // size, at % size
    return first + block * size + (inside * 1_000_003 + 7_919) % size


def shuffled(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return the rows in random order."""
    return rows[rng.permutation(rows.height)]
