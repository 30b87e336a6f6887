"""Champion and a new challenger on the same labelled applications, each by PDs of models that did not see them."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from credit_scoring.bundle.store import Bundle
from credit_scoring.decision.cost import CostMatrix
from credit_scoring.domain.errors import DataError
from credit_scoring.scoring.score import ROWS_AT_A_TIME, score
from credit_scoring.tables.roles import ROW_NUMBER
from credit_scoring.training.choose import decline_out_of_fold
from credit_scoring.training.development import TrainingSet

# Outcomes mature and are corrected; ids of other people disagree far more often.
MOST_OTHER_OUTCOMES = 0.01


def unknown_applications(champion: Bundle, data: TrainingSet, fingerprint: str, seen: pl.DataFrame | None) -> str:
    """Return why nobody can tell which of the applications the champion was trained on; empty if that is known.

    Parameters
    ----------
    fingerprint
        `data_fingerprint` of the data.
    """
    if seen is None:
        return "the registry does not hold the ids of its training (an older version, or another registry)"
    if data.id_column == ROW_NUMBER and fingerprint != champion.manifest.provenance.data_fingerprint:
        return "the rows have no key, and the champion was trained on another file: name the key with --id"
    return ""


def paired_rows(
    data: TrainingSet,
    champion: tuple[Bundle, pl.DataFrame],
    challenger: tuple[Bundle, pl.DataFrame],
    *,
    about: Collection[str] = (),
) -> pl.DataFrame:
    """Return the PDs and decisions of both models on all applications of `data`, as `monitoring.challenger` reads them.

    ``champion_trained`` tells those that the champion was trained on.

    Of an application that a model was trained on, its PD is the out-of-fold one and its decision that of the cut-off
    which is cheapest on the other folds; of any other, its score and the model's cut-off. The champion's costs count.

    Parameters
    ----------
    champion, challenger
        Each bundle with the applications that it was trained on, as `Trained.seen`.
    about
        Columns to keep beside, where they are there.

    Raises
    ------
    DataError
        If the ids mean other applications than those of the champion's training, or a feature is absent.
    """
    costs = champion[0].policy.costs
    sides = {"champion": champion, "challenger": challenger}
    rows = data.matrix.select(
        pl.col(data.id_column).cast(pl.String).alias("application"),
        *(pl.col(name).alias(name) for name in about if name in data.matrix.columns),
        defaulted=pl.Series(data.defaulted()),
    )
    for name, (bundle, seen) in sides.items():
        rows = rows.join(_honest(bundle, seen, data, costs, name), on="application", how="left", maintain_order="left")
    _require_same_people(rows)
    trained = pl.col("champion_outcome").is_not_null().alias("champion_trained")
    return rows.with_columns(trained).drop("application", "champion_outcome", "challenger_outcome")


def _honest(bundle: Bundle, seen: pl.DataFrame, data: TrainingSet, costs: CostMatrix, name: str) -> pl.DataFrame:
    """Return a PD, a decision and the outcome known in training of each application."""
    fold = seen["fold"].to_numpy()
    p_default, defaulted = seen["p_default"].to_numpy(), seen["defaulted"].to_numpy()
    trained = seen.select(
        pl.col("application").cast(pl.String),
        pl.col("p_default").alias(name),
        pl.Series(f"{name}_declined", decline_out_of_fold(p_default, defaulted, fold, costs)),
        pl.col("defaulted").alias(f"{name}_outcome"),
    )
    new = data.matrix.filter(~pl.col(data.id_column).cast(pl.String).is_in(trained["application"].implode()))
    if not new.height:
        return trained
    scored = pl.concat(score(bundle, part).decisions for part in new.iter_slices(ROWS_AT_A_TIME))
    told = scored.select(
        pl.Series("application", new[data.id_column].cast(pl.String)),
        pl.col("p_default").alias(name),
        (pl.col("p_default") >= bundle.policy.cutoff).alias(f"{name}_declined"),
        pl.lit(None, pl.Boolean).alias(f"{name}_outcome"),
    )
    return pl.concat([trained, told])


def _require_same_people(rows: pl.DataFrame) -> None:
    both = rows.filter(pl.col("champion_outcome").is_not_null())
    other = both.filter(pl.col("champion_outcome") != pl.col("defaulted")).height
    if other > MOST_OTHER_OUTCOMES * both.height:
        raise DataError(
            f"{other:,} of the {both.height:,} applications with ids of the champion's training ended otherwise there: "
            "the ids seem to be of other applications, so that the two cannot be compared on them"
        )
