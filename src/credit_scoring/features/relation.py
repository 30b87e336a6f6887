"""What is asked for now, next to the client's own history: row by row, after the families are joined."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from credit_scoring.domain.text import Text
from credit_scoring.features.spec import Feature

c = pl.col


def relation_features(known: Mapping[str, Feature]) -> tuple[Feature, ...]:
    """Return the features that compare columns of several families; `known` gives their sources."""

    def related(name: str, expression: pl.Expr, concept: str, en: str, fr: str) -> Feature:
        roots = sorted(set(expression.meta.root_names()))
        sources = tuple(dict.fromkeys(source for root in roots for source in known[root].sources))
        finite = pl.when(expression.is_finite()).then(expression)
        return Feature(f"RELATION__{name}", finite, sources, Text(en, fr), concept, "ratio")

    credit, annuity, income = c("AMT_CREDIT"), c("AMT_ANNUITY"), c("AMT_INCOME_TOTAL")
    return (
        related(
            "PREVIOUS_CREDIT_TO_CREDIT",
            c("PREVIOUS__AMT_CREDIT__MEAN__APPROVED") / credit,
            "loan_amount",
            "Average amount of earlier loans compared with that of this one",
            "Montant moyen des crédits antérieurs rapporté à celui de ce crédit",
        ),
        related(
            "PREVIOUS_MAX_CREDIT_TO_CREDIT",
            c("PREVIOUS__AMT_CREDIT__MAX__APPROVED") / credit,
            "loan_amount",
            "Largest amount of an earlier loan compared with that of this one",
            "Plus fort montant d'un crédit antérieur rapporté à celui de ce crédit",
        ),
        related(
            "PREVIOUS_ANNUITY_TO_ANNUITY",
            c("PREVIOUS__AMT_ANNUITY__MEAN__APPROVED") / annuity,
            "annuity_burden",
            "Average monthly repayment of earlier loans compared with that of this one",
            "Mensualité moyenne des crédits antérieurs rapportée à celle de ce crédit",
        ),
        related(
            "PREVIOUS_MAX_ANNUITY_TO_ANNUITY",
            c("PREVIOUS__AMT_ANNUITY__MAX__APPROVED") / annuity,
            "annuity_burden",
            "Largest monthly repayment of an earlier loan compared with that of this one",
            "Plus forte mensualité d'un crédit antérieur rapportée à celle de ce crédit",
        ),
        related(
            "PREVIOUS_LENGTH_TO_LENGTH",
            c("PREVIOUS__CNT_PAYMENT__MEAN__APPROVED") * annuity / credit,
            "loan_price",
            "Average length of earlier loans compared with that of this one",
            "Durée moyenne des crédits antérieurs rapportée à celle de ce crédit",
        ),
        related(
            "RUNNING_ANNUITY_TO_INCOME",
            c("PREVIOUS__AMT_ANNUITY__SUM__RUNNING") / income,
            "annuity_burden",
            "Monthly repayments of running loans compared with income",
            "Mensualités des crédits en cours rapportées au revenu",
        ),
        related(
            "BUREAU_DEBT_TO_INCOME",
            c("BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE") / income,
            "bureau_debt",
            "Amounts owed to other lenders compared with income",
            "Capital restant dû auprès d'autres prêteurs rapporté au revenu",
        ),
        related(
            "BUREAU_DEBT_TO_CREDIT",
            c("BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE") / credit,
            "bureau_debt",
            "Amounts owed to other lenders compared with the amount of this loan",
            "Capital restant dû auprès d'autres prêteurs rapporté au montant de ce crédit",
        ),
        related(
            "BUREAU_CREDIT_TO_CREDIT",
            c("BUREAU__AMT_CREDIT_SUM__MAX") / credit,
            "bureau_history",
            "Largest amount of a loan with another lender compared with that of this one",
            "Plus fort montant d'un crédit auprès d'un autre prêteur rapporté à celui de ce crédit",
        ),
        related(
            "BUREAU_ANNUITY_TO_INCOME",
            c("BUREAU__AMT_ANNUITY__SUM__ACTIVE") / income,
            "annuity_burden",
            "Regular repayments to other lenders compared with income",
            "Échéances auprès d'autres prêteurs rapportées au revenu",
        ),
        related(
            "PAYMENT_TO_ANNUITY",
            c("INSTALLMENTS__AMT_PAYMENT__MEAN__365D") / annuity,
            "annuity_burden",
            "Average of recent payments compared with the monthly repayment of this loan",
            "Moyenne des paiements récents rapportée à la mensualité de ce crédit",
        ),
        related(
            "INSTALMENT_TO_ANNUITY",
            c("INSTALLMENTS__AMT_INSTALMENT__MAX") / annuity,
            "annuity_burden",
            "Largest earlier instalment compared with the monthly repayment of this loan",
            "Plus forte échéance antérieure rapportée à la mensualité de ce crédit",
        ),
        related(
            "CARD_BALANCE_TO_INCOME",
            c("CARD__AMT_BALANCE__MEAN__3M") / income,
            "card_usage",
            "Average recent card balance compared with income",
            "Solde moyen récent de la carte rapporté au revenu",
        ),
    )
