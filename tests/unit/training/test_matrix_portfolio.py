from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from credit_scoring.batch import score_matrix
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import DataError
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.prepare import matrix_set
from credit_scoring.training.run import Trained, train

ROWS = 1_500
LABELS = """
income: {en: yearly income, fr: revenu annuel, concept: means}
"dette : cartes, prêts": {en: debt, fr: dettes en cours, concept: means}
purpose: {en: purpose of the loan, fr: objet du prêt}
branch: {en: branch, fr: agence, kind: category}
officer: {kind: unused}
"""


def applications(rows: int = ROWS) -> pl.DataFrame:
    generator = np.random.default_rng(11)
    income = np.exp(generator.normal(8, 0.5, rows))
    debt = income * generator.uniform(0, 2, rows)
    purpose = generator.choice(["car", "home", "study"], rows)
    branch = generator.integers(1, 5, rows)
    margin = debt / income - 2.2 + 1.5 * (purpose == "car") + 1.0 * (branch == 3)
    late = generator.random(rows) < 1 / (1 + np.exp(-margin))
    known = generator.random(rows) > 0.1
    return pl.DataFrame(
        {
            "client": [f"{i:06d}" for i in range(1, rows + 1)],
            "income": [value if kept else None for value, kept in zip(income.tolist(), known, strict=True)],
            "dette : cartes, prêts": debt,
            "purpose": purpose,
            "branch": branch,
            "officer": generator.integers(1, 9, rows),
            "owner": generator.random(rows) > 0.5,
            "state": np.where(late, "bad", "good"),
        }
    )


def read(folder: Path, frame: pl.DataFrame, **options: str) -> tuple[TrainingSet, list[str]]:
    frame.write_csv(folder / "loans.csv")
    (folder / "labels.yaml").write_text(LABELS, encoding="utf-8")
    given = {"target": "state", "id_column": "client", "bad": "bad"} | options
    return matrix_set(folder / "loans.csv", labels=folder / "labels.yaml", **given)


def scored(bundle: Bundle, frame: pl.DataFrame, folder: Path, *, ending: str = ".csv") -> pl.DataFrame:
    path = folder / f"new{ending}"
    if ending == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    score_matrix(bundle, path, folder / "out.parquet", explained=True)
    return pl.read_parquet(folder / "out.parquet")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    data, notices = read(tmp_path_factory.mktemp("portfolio"), applications())
    assert notices == []
    return train(data, TrainingOptions(folds=3, threads=1))


def test_a_file_with_categories_gives_a_model_that_ranks(trained: Trained) -> None:
    manifest = trained.bundle.manifest
    kinds = {card.name: card.kind for card in manifest.features}
    assert kinds == {
        "income": "number",
        "dette : cartes, prêts": "number",
        "purpose": "category",
        "branch": "category",
        "owner": "number",
    }
    assert manifest.candidate in {candidate.name for candidate in manifest.candidates}
    assert manifest.out_of_fold.metrics["auc"].lower > 0.6


def test_scoring_needs_no_target_takes_any_row_order_and_ignores_other_columns(
    trained: Trained, tmp_path: Path
) -> None:
    frame = applications().head(200).drop("state", "officer")
    decisions = scored(trained.bundle, frame, tmp_path)
    assert decisions["client"].to_list() == frame["client"].to_list()
    other = frame.sample(fraction=1.0, shuffle=True, seed=3).with_columns(pl.lit([1]).alias("unused list"))
    assert_frame_equal(decisions, scored(trained.bundle, other, tmp_path, ending=".parquet"))


def test_reasons_use_the_labels_in_both_languages(trained: Trained, tmp_path: Path) -> None:
    decisions = scored(trained.bundle, applications().head(200), tmp_path)
    for language, meanings in (
        ("en", {"yearly income", "debt", "purpose of the loan", "branch", "owner"}),
        ("fr", {"revenu annuel", "dettes en cours", "objet du prêt", "agence", "owner"}),
    ):
        told = decisions[f"reasons_{language}"].explode().drop_nulls().to_list()
        named = {reason.rpartition(" (")[0] for reason in told}
        assert named <= meanings
        assert len(named) >= 3


def test_a_level_that_training_never_saw_counts_as_missing(trained: Trained, tmp_path: Path) -> None:
    frame = applications().head(200)
    unseen = frame.with_columns(pl.lit("boat").alias("purpose"), pl.lit(99).alias("branch"))
    missing = frame.with_columns(pl.lit(None).alias("purpose"), pl.lit(None).alias("branch"))
    assert_frame_equal(
        scored(trained.bundle, unseen, tmp_path).select("client", "p_default", "decision"),
        scored(trained.bundle, missing, tmp_path).select("client", "p_default", "decision"),
    )


@pytest.mark.parametrize("kind", [pl.Int8, pl.Float64, pl.String])
def test_a_coded_category_scores_the_same_however_its_codes_are_stored(
    kind: type[pl.DataType], trained: Trained, tmp_path: Path
) -> None:
    frame = applications().head(200)
    stored = frame.with_columns(pl.col("branch").cast(kind))
    expected = scored(trained.bundle, frame, tmp_path)
    assert_frame_equal(scored(trained.bundle, stored, tmp_path, ending=".parquet"), expected)


def test_every_misfit_at_scoring_is_told_at_once(trained: Trained, tmp_path: Path) -> None:
    frame = applications(5).drop("owner").with_columns(pl.lit("high").alias("income"))
    with pytest.raises(DataError, match="5 rows: not a number") as error:
        scored(trained.bundle, frame, tmp_path)
    assert "owner: the column is missing" in str(error.value)


def test_the_row_order_of_the_file_does_not_matter_with_an_id(tmp_path: Path) -> None:
    frame = applications()
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=5)
    assert not shuffled.equals(frame)
    first, second = read(tmp_path, frame)[0], read(tmp_path, shuffled)[0]
    assert_frame_equal(first.matrix, second.matrix)
    assert first.cards == second.cards


def test_keys_come_out_as_they_went_in(tmp_path: Path) -> None:
    for keys in ([f"{i:08d}" for i in range(ROWS)], [str(10**17 + i) for i in range(ROWS)]):
        data, _ = read(tmp_path, applications().with_columns(pl.Series("client", keys)))
        assert data.matrix["client"].to_list() == keys


def test_semicolons_and_decimal_commas_read_as_commas_and_points_do(tmp_path: Path) -> None:
    frame = applications(200).with_columns(pl.col("income", "dette : cartes, prêts").round(2))
    plain, _ = read(tmp_path, frame)
    text = frame.with_columns(
        pl.col("income", "dette : cartes, prêts").cast(pl.String).str.replace(".", ",", literal=True)
    )
    text.write_csv(tmp_path / "french.csv", separator=";")
    french, _ = matrix_set(
        tmp_path / "french.csv", target="state", id_column="client", bad="bad", labels=tmp_path / "labels.yaml"
    )
    assert_frame_equal(french.matrix, plain.matrix)


def test_columns_that_cannot_help_are_kept_out_and_told(tmp_path: Path) -> None:
    frame = applications(200).with_columns(
        pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 1, 1) + pl.duration(days=199)).alias("opened"),
        pl.lit(1).alias("always"),
        pl.lit(None).alias("never"),
        pl.col("client").alias("name"),
        pl.lit(float("inf")).alias("ratio"),
        pl.int_range(200).alias(""),
    )
    data, notices = read(tmp_path, frame)
    plain, _ = read(tmp_path, applications(200))
    assert data.cards == plain.cards
    assert_frame_equal(data.matrix, plain.matrix)
    told = ["opened is kept out: it holds dates", "always is kept out", "never is kept out", "name is kept out: it has"]
    told += ["ratio is kept out", "it has no name"]
    assert len(notices) == len(told)
    for notice, start in zip(notices, told, strict=True):
        assert start in notice


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target": "State"}, "no column 'State'; did you mean 'state'"),
        ({"target": "outcome"}, "no column 'outcome'; the file has 'client', 'income'"),
        ({"id_column": "state"}, "both the target and the key"),
        ({"id_column": "nobody"}, "no column 'nobody'"),
        ({"id_column": "branch"}, "the key occurs more than once"),
        ({"bad": "Bad"}, "no row has the value 'Bad' given as --bad .*bad, good"),
        ({"target": "branch"}, "must take two values, it takes 4"),
    ],
)
def test_a_wrong_option_is_one_clear_error(options: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, applications(50), **options)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"- income\n", "must map column names to texts"),
        (b"", "must map column names to texts"),
        (b"income: [1\n", "is not YAML"),
        ("income: coût".encode("latin-1"), "not UTF-8"),
        (b"incme: yearly income\n", "loans.csv lacks: 'incme'"),
        (b"income: {de: Einkommen}\n", "income has de; known are en, fr, concept, unit, kind"),
        (b"income:\n", "income has None as en"),
        (b"income: {kind: integer}\n", "kind 'integer'; known are number, category, unused"),
        (b"no: text\n", "YAML reads as False in quotes"),
        (b"purpose: {kind: number}\n", "purpose: 50 rows: not a number"),
        (None, "No such file"),
    ],
)
def test_a_mistake_in_the_labels_is_one_clear_error(content: bytes | None, told: str, tmp_path: Path) -> None:
    applications(50).write_csv(tmp_path / "loans.csv")
    labels = tmp_path / "mine.yaml"
    if content is not None:
        labels.write_bytes(content)
    with pytest.raises(DataError, match=told):
        matrix_set(tmp_path / "loans.csv", target="state", id_column="client", bad="bad", labels=labels)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"state,row,x\n1,1,2\n0,2,3\n", "'row', as row numbers are called"),
        (b"state,p_default\n1,1\n0,2\n", "rename the column 'p_default'"),
        (b"state,^x$\n1,1\n0,2\n", "a pattern of names"),
        (b"state,x,x\n1,1,2\n0,2,3\n", "two columns named 'x'"),
        (b"state,x\n1,a\n0,a\n", "no column to learn from; x is kept out"),
        (b"state,x\n1,1\n,2\n0,3\n", "1 row: the outcome is missing"),
        (b"state,x\n1,1,5\n", "more fields than the header"),
        ("state,x\n1,é\n".encode("latin-1"), "save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_learnt_from_is_one_clear_error(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told.replace("^", r"\^").replace("$", r"\$")):
        matrix_set(path, target="state")


def test_truth_values_are_an_outcome_and_too_few_defaults_are_refused(tmp_path: Path) -> None:
    frame = applications(30).with_columns(pl.col("state") == "bad")
    for bad in ("true", "True", "1"):
        data, _ = read(tmp_path, frame, bad=bad)
        assert data.matrix["state"].to_list() == frame["state"].cast(pl.Float64).to_list()
    with pytest.raises(DataError, match="at least 20 are needed"):
        train(data, TrainingOptions(threads=1))
