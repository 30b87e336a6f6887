"""The price of a loan from its amount, its regular repayment and its length."""

from __future__ import annotations

import polars as pl


def yearly_rate(credit: pl.Expr, annuity: pl.Expr, term: pl.Expr | float) -> pl.Expr:
    """Return the yearly interest rate of a loan by the constant-ratio rule, 24 (nA - C) / (C (n + 1)).

    `credit` is C, the amount lent; `annuity` is A, one monthly instalment; `term` is n, their number.
    """
    return 24.0 * (term * annuity - credit) / (credit * (term + 1.0))
