"""The shift that can be asked for."""

from dataclasses import dataclass

from credit_scoring.domain.errors import DataError


@dataclass(frozen=True)
class Drift:
    """How far the drawn clients move from those of application_train towards those of application_test.

    The real files differ: revolving loans fall from 10 % to 1 %, annuities rise, enquiries thin out, bureau_balance
    covers 87 % of the clients in place of 30 %. A share of the clients is drawn from the second
    population, all of its distributions together, the others from the first.

    Parameters
    ----------
    test_shift
        Share of application_test drawn from the shifted population: 1 as in the real files, 0 no shift.
    monthly
        Share of application_train drawn from the shifted population in the last month; it
        rises evenly from 0 in the first.
    months
        Months over which the applications of application_train are spread when ``monthly`` is not 0. The real data
        has no calendar, and application_train no column for one: the month of each application, from 0, is written
        apart, to application_month (``SK_ID_CURR``, ``MONTH``).

    Raises
    ------
    DataError
        If a share is outside [0, 1], or there are fewer than 2 months to drift over.
    """

    test_shift: float = 1.0
    monthly: float = 0.0
    months: int = 12

    def __post_init__(self) -> None:
        for name in ("test_shift", "monthly"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                message = f"drift: {name} is {share}; it is a share of clients, from 0 (no shift) to 1"
                raise DataError(message)
        if self.months < 2:
            message = f"drift: months is {self.months}; a drift needs at least 2"
            raise DataError(message)
