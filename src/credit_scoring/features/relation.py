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
            "Average earlier loan compared with this one",
            "Crédit antérieur moyen rapporté à celui-ci",
        ),
        related(
            "PREVIOUS_MAX_CREDIT_TO_CREDIT",
            c("PREVIOUS__AMT_CREDIT__MAX__APPROVED") / credit,
            "loan_amount",
            "Largest earlier loan compared with this one",
            "Plus grand crédit antérieur rapporté à celui-ci",
        ),
        related(
            "PREVIOUS_ANNUITY_TO_ANNUITY",
            c("PREVIOUS__AMT_ANNUITY__MEAN__APPROVED") / annuity,
            "annuity_burden",
            "Average earlier repayment compared with this one",
            "Échéance antérieure moyenne rapportée à celle-ci",
        ),
        related(
            "PREVIOUS_MAX_ANNUITY_TO_ANNUITY",
            c("PREVIOUS__AMT_ANNUITY__MAX__APPROVED") / annuity,
            "annuity_burden",
            "Largest earlier repayment compared with this one",
            "Plus forte échéance antérieure rapportée à celle-ci",
        ),
        related(
            "PREVIOUS_LENGTH_TO_LENGTH",
            c("PREVIOUS__CNT_PAYMENT__MEAN__APPROVED") * annuity / credit,
            "loan_price",
            "Average length of earlier loans compared with this one",
            "Durée moyenne des crédits antérieurs rapportée à celui-ci",
        ),
        related(
            "RUNNING_ANNUITY_TO_INCOME",
            c("PREVIOUS__AMT_ANNUITY__SUM__RUNNING") / income,
            "annuity_burden",
            "Repayments of running loans compared with income",
            "Échéances des crédits en cours rapportées au revenu",
        ),
        related(
            "BUREAU_DEBT_TO_INCOME",
            c("BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE") / income,
            "bureau_debt",
            "Debt at other lenders compared with income",
            "Encours chez d'autres prêteurs rapporté au revenu",
        ),
        related(
            "BUREAU_DEBT_TO_CREDIT",
            c("BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE") / credit,
            "bureau_debt",
            "Debt at other lenders compared with this loan",
            "Encours chez d'autres prêteurs rapporté à ce crédit",
        ),
        related(
            "BUREAU_CREDIT_TO_CREDIT",
            c("BUREAU__AMT_CREDIT_SUM__MAX") / credit,
            "bureau_history",
            "Largest credit at another lender compared with this loan",
            "Plus grand crédit chez un autre prêteur rapporté à celui-ci",
        ),
        related(
            "BUREAU_ANNUITY_TO_INCOME",
            c("BUREAU__AMT_ANNUITY__SUM__ACTIVE") / income,
            "annuity_burden",
            "Repayments at other lenders compared with income",
            "Échéances chez d'autres prêteurs rapportées au revenu",
        ),
        related(
            "PAYMENT_TO_ANNUITY",
            c("INSTALLMENTS__AMT_PAYMENT__MEAN__365D") / annuity,
            "annuity_burden",
            "Recent payments compared with the repayment asked for",
            "Paiements récents rapportés à l'échéance demandée",
        ),
        related(
            "INSTALMENT_TO_ANNUITY",
            c("INSTALLMENTS__AMT_INSTALMENT__MAX") / annuity,
            "annuity_burden",
            "Largest earlier instalment compared with this repayment",
            "Plus forte échéance antérieure rapportée à celle demandée",
        ),
        related(
            "CARD_BALANCE_TO_INCOME",
            c("CARD__AMT_BALANCE__MEAN__3M") / income,
            "card_usage",
            "Recent card balance compared with income",
            "Solde récent de la carte rapporté au revenu",
        ),
    )
