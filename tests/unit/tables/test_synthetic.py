"""Laws of the synthetic tables: reproducible, linked, shaped like the aggregates they are drawn from."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from credit_scoring.domain.errors import DataError
from credit_scoring.tables.read import read_tables
from credit_scoring.tables.schema import schema
from credit_scoring.tables.synthetic import Drift, synthesize
from credit_scoring.tables.synthetic.aggregates import load
from credit_scoring.tables.synthetic.files import Format
from credit_scoring.tables.synthetic.history import BUREAU_IDS, PREVIOUS_IDS, scrambled
from credit_scoring.tables.synthetic.normal import probability, score
from credit_scoring.tables.validate import validate

STEMS = (
    "application_train", "application_test", "bureau", "bureau_balance", "previous_application", "POS_CASH_balance",
    "installments_payments", "credit_card_balance",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synthetic") / "data"
    synthesize(out, applications=11_000, test_applications=3_000, seed=3, file_format="parquet")
    return out


@pytest.fixture(scope="module")
def data(folder: Path) -> dict[str, pl.DataFrame]:
    return {stem: pl.read_parquet(folder / f"{stem}.parquet") for stem in STEMS}


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_rows(tmp_path: Path, file_format: Format) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        synthesize(tmp_path / name, applications=150, seed=seed, file_format=file_format)
    one, same, other = (digests(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert set(one) == {f"{stem}.{file_format}" for stem in STEMS}
    assert all(one[name] != other[name] for name in one)


def test_the_bytes_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    code = "import sys, pathlib, credit_scoring.tables.synthetic as s; "
    code += "s.synthesize(pathlib.Path(sys.argv[1]), applications=2_500, seed=3)"
    for threads in ("1", "2"):
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        subprocess.run([sys.executable, "-c", code, str(tmp_path / threads)], env=environment, check=True)
    assert digests(tmp_path / "1") == digests(tmp_path / "2")


def test_the_rows_do_not_depend_on_the_format(tmp_path: Path) -> None:
    formats: tuple[Format, ...] = ("csv", "parquet")
    counts = [synthesize(tmp_path / name, applications=200, seed=1, file_format=name) for name in formats]
    assert counts[0] == counts[1]
    for stem in STEMS:
        csv = pl.read_csv(tmp_path / "csv" / f"{stem}.csv", infer_schema_length=None)
        assert csv.equals(pl.read_parquet(tmp_path / "parquet" / f"{stem}.parquet").cast(dict(csv.schema)))  # type: ignore[arg-type]


def test_the_tables_pass_the_validation_of_real_ones(folder: Path) -> None:
    with read_tables(folder) as tables:
        assert validate(tables)["application_train"] == 11_000
        assert not tables.notices


def test_columns_are_kaggles_in_kaggles_order(data: dict[str, pl.DataFrame]) -> None:
    for name, table in schema().items():
        stem = "application_train" if name == "application" else name
        assert data[stem].columns == list(table.columns)
    assert data["application_test"].columns == [c for c in data["application_train"].columns if c != "TARGET"]


def test_keys_are_unique_and_linked(data: dict[str, pl.DataFrame]) -> None:
    clients = pl.concat([data[f"application_{part}"]["SK_ID_CURR"] for part in ("train", "test")])
    assert clients.n_unique() == len(clients) == 14_000
    for stem in STEMS[2:]:
        if stem != "bureau_balance":
            assert data[stem]["SK_ID_CURR"].is_in(clients.implode()).all()
    assert data["bureau"]["SK_ID_BUREAU"].is_unique().all()
    assert data["previous_application"]["SK_ID_PREV"].is_unique().all()
    assert data["bureau_balance"]["SK_ID_BUREAU"].is_in(data["bureau"]["SK_ID_BUREAU"].implode()).all()
    owner = data["previous_application"].select("SK_ID_PREV", real="SK_ID_CURR")
    for stem, low, high in (
        ("POS_CASH_balance", 0.01, 0.05), ("installments_payments", 0.04, 0.13), ("credit_card_balance", 0.2, 0.4)
    ):  # fmt: skip
        linked = data[stem].join(owner, on="SK_ID_PREV")
        assert (linked["SK_ID_CURR"] == linked["real"]).all()
        assert low < 1 - len(linked) / len(data[stem]) < high  # older than the window, as in the real files
    for stem in ("POS_CASH_balance", "credit_card_balance"):
        assert data[stem].select("SK_ID_PREV", "MONTHS_BALANCE").is_unique().all()
        assert data[stem]["MONTHS_BALANCE"].is_between(-96, -1).all()


def test_identifiers_never_repeat() -> None:
    for first, size in (PREVIOUS_IDS, BUREAU_IDS):
        for block in range(2):
            ids = scrambled(block * size, size, first, size) - first - block * size
            assert np.all(np.bincount(ids, minlength=size) == 1)


def test_rows_per_client_are_those_of_the_full_data(data: dict[str, pl.DataFrame]) -> None:
    full = {"bureau": 1.72e6, "bureau_balance": 27.3e6, "previous_application": 1.67e6, "POS_CASH_balance": 10.0e6,
            "installments_payments": 13.6e6, "credit_card_balance": 3.84e6}  # fmt: skip
    shifted = 3_000 / 14_000 - 48_744 / 356_255  # of whom bureau_balance covers more
    for stem, rows in full.items():
        expected = rows / 356_255 * (1 + (1.7 if stem == "bureau_balance" else 0.2) * shifted)
        assert len(data[stem]) / 14_000 == pytest.approx(expected, rel=0.1), stem


def test_structural_relations_hold(data: dict[str, pl.DataFrame]) -> None:
    train = data["application_train"]
    idle = pl.col("DAYS_EMPLOYED") == 365243
    laws = {
        "idle have no employer": (idle == (pl.col("ORGANIZATION_TYPE") == "XNA"))
        & (idle == (pl.col("FLAG_EMP_PHONE") == 0)),
        "employed since less than they live": idle | (pl.col("DAYS_EMPLOYED") > pl.col("DAYS_BIRTH")),
        "family": pl.col("CNT_FAM_MEMBERS") - pl.col("CNT_CHILDREN") - 1
        == pl.col("NAME_FAMILY_STATUS").is_in(["Married", "Civil marriage"]).cast(pl.Float64),
        "car": pl.col("OWN_CAR_AGE").is_null() == (pl.col("FLAG_OWN_CAR") == "N"),
        "social circle": (pl.col("OBS_30_CNT_SOCIAL_CIRCLE") >= pl.col("OBS_60_CNT_SOCIAL_CIRCLE"))
        & (pl.col("DEF_30_CNT_SOCIAL_CIRCLE") >= pl.col("DEF_60_CNT_SOCIAL_CIRCLE"))
        & (pl.col("OBS_30_CNT_SOCIAL_CIRCLE") >= pl.col("DEF_30_CNT_SOCIAL_CIRCLE")),
        "building": pl.col("APARTMENTS_AVG").is_null() == pl.col("APARTMENTS_MEDI").is_null(),
        "enquiries": pl.col("AMT_REQ_CREDIT_BUREAU_HOUR").is_null() == pl.col("AMT_REQ_CREDIT_BUREAU_YEAR").is_null(),
        "credit covers the goods": pl.col("AMT_CREDIT") >= pl.col("AMT_GOODS_PRICE") * 0.5,
    }
    for name, law in laws.items():
        assert train.select(law.fill_null(True).all()).item(), name
    previous = data["previous_application"]
    refused = previous.filter(pl.col("NAME_CONTRACT_STATUS") != "Approved")
    assert refused["DAYS_FIRST_DUE"].null_count() == len(refused)
    bureau = data["bureau"]
    assert bureau.filter(pl.col("CREDIT_ACTIVE") == "Closed")["DAYS_ENDDATE_FACT"].null_count() == 0
    assert bureau.filter(pl.col("CREDIT_ACTIVE") == "Active")["DAYS_ENDDATE_FACT"].is_null().all()
    assert data["installments_payments"].filter(pl.col("DAYS_ENTRY_PAYMENT") >= 0).is_empty()
    months = data["bureau_balance"].sort("SK_ID_BUREAU", "MONTHS_BALANCE")
    reopened = (months["STATUS"] != "C") & (months["STATUS"].shift(1) == "C")
    assert not (reopened & (months["SK_ID_BUREAU"] == months["SK_ID_BUREAU"].shift(1))).any()


def test_marginals_are_those_of_the_aggregates(data: dict[str, pl.DataFrame]) -> None:
    tables, train = load().tables, data["application_train"]
    for name, column in (("ext_2", "EXT_SOURCE_2"), ("age", "DAYS_BIRTH"), ("goods", "AMT_GOODS_PRICE")):
        key = "0" if "shifted" in tables[name].variable.parents else ""
        at, value = tables[name].cells[key]
        x = train[column].drop_nulls().to_numpy()
        for share in (0.1, 0.25, 0.5, 0.75, 0.9):
            assert np.mean(x <= np.interp(share, at, value)) == pytest.approx(share, abs=0.07), (name, share)
    assert train["TARGET"].mean() == pytest.approx(0.0807, abs=0.011)
    assert train["EXT_SOURCE_1"].is_null().mean() == pytest.approx(0.565, abs=0.025)
    assert (train["CODE_GENDER"] == "F").mean() == pytest.approx(0.66, abs=0.02)
    assert (train["DAYS_EMPLOYED"] == 365243).mean() == pytest.approx(0.186, abs=0.02)
    assert data["previous_application"]["NAME_CONTRACT_STATUS"].eq("Approved").mean() == pytest.approx(0.61, abs=0.03)


def test_default_hangs_on_the_scores_and_the_history_as_strongly_as_in_the_real_rows(
    data: dict[str, pl.DataFrame],
) -> None:
    train = data["application_train"]
    rates = (
        data["bureau"].group_by("SK_ID_CURR").agg(days=pl.col("DAYS_CREDIT").mean()).join(train, on="SK_ID_CURR")
    )  # fmt: skip
    for frame, column, expected in (
        (train, "EXT_SOURCE_2", 0.345), (train, "EXT_SOURCE_3", 0.335), (rates, "days", 0.608)
    ):  # fmt: skip
        known = frame.select("TARGET", pl.col(column)).drop_nulls()
        rank = known[column].rank().to_numpy()
        bad = known["TARGET"].to_numpy() == 1
        auc = (rank[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())
        assert auc == pytest.approx(expected, abs=0.04), column


def test_some_clients_are_one_person(data: dict[str, pl.DataFrame]) -> None:
    train = pl.concat([data["application_train"].drop("TARGET"), data["application_test"]])
    since = [(pl.col("DAYS_BIRTH") - pl.col(f"DAYS_{name}")).alias(name) for name in ("REGISTRATION", "ID_PUBLISH")]
    repeated = train.select(pl.struct("CODE_GENDER", *since).is_duplicated())
    assert repeated.to_series().mean() == pytest.approx(0.034, abs=0.006)


def test_drift_moves_the_shares_it_is_asked_to(tmp_path: Path) -> None:
    def revolving(name: str, part: str, drift: Drift) -> pl.DataFrame:
        out = tmp_path / name
        if not out.exists():
            synthesize(out, applications=3_000, test_applications=3_000, seed=5, file_format="parquet", drift=drift)
        return pl.read_parquet(out / f"application_{part}.parquet").select(
            "SK_ID_CURR", revolving=pl.col("NAME_CONTRACT_TYPE") == "Revolving loans"
        )

    assert revolving("real", "train", Drift())["revolving"].mean() == pytest.approx(0.097, abs=0.02)
    assert revolving("real", "test", Drift())["revolving"].mean() == pytest.approx(0.009, abs=0.008)
    assert revolving("none", "test", Drift(test_shift=0.0))["revolving"].mean() == pytest.approx(0.097, abs=0.02)
    drifting = Drift(monthly=1.0, months=6)
    by_month = (
        revolving("monthly", "train", drifting)
        .join(pl.read_parquet(tmp_path / "monthly" / "application_month.parquet"), on="SK_ID_CURR", validate="1:1")
        .group_by("MONTH").agg(pl.col("revolving").mean()).sort("MONTH")["revolving"]
    )  # fmt: skip
    assert len(by_month) == 6
    assert by_month[0] > 0.06
    assert by_month[5] < 0.03


def test_a_run_that_fails_or_is_killed_leaves_no_folder(tmp_path: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "failed", applications=20, seed=1, on_progress=fail)
    assert not list(tmp_path.iterdir())
    code = (
        "from pathlib import Path; from credit_scoring.tables.synthetic import synthesize\n"
        f"synthesize(Path({str(tmp_path / 'killed')!r}), applications=200_000, seed=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".killed*/*.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed").exists()
    synthesize(tmp_path / "killed", applications=20, seed=1)  # what the killed run left is no obstacle
    assert not list(tmp_path.glob(".*"))


def test_an_existing_folder_is_refused_unless_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    synthesize(tmp_path / "empty", applications=5, seed=1)
    with pytest.raises(DataError, match="not an empty folder"):
        synthesize(tmp_path / "empty", applications=5, seed=1)


def test_arguments_out_of_range_are_refused_with_a_sentence(tmp_path: Path) -> None:
    for arguments in ({"applications": 0}, {"seed": -1}, {"test_applications": 0}, {"file_format": "xlsx"}):
        with pytest.raises(DataError, match=r"must be|it is"):
            synthesize(tmp_path / "out", **({"applications": 1, "seed": 1} | arguments))
    for drift in ({"test_shift": 1.5}, {"monthly": -0.1}, {"months": 1}):
        with pytest.raises(DataError, match="drift"):
            Drift(**drift)


def test_one_application_is_enough(tmp_path: Path) -> None:
    counts = synthesize(tmp_path / "out", applications=1, seed=0)
    assert counts["application_train"] == counts["application_test"] == 1
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(STEMS)


def test_the_normal_table_inverts_itself() -> None:
    z = np.linspace(-4, 4, 81)
    assert np.allclose(score(probability(z)), z, atol=1e-4)
    assert probability(np.array([0.0]))[0] == pytest.approx(0.5)


def test_no_share_of_the_aggregates_stands_for_fewer_than_twenty_clients() -> None:
    clients = 69_491  # of application_train and application_test among the development rows
    for name, table in load().tables.items():
        for key, (at, value) in table.cells.items():
            assert np.all(np.diff(at) >= 0), (name, key)
            assert len(at) == len(value), (name, key)
            if not table.values and not key and "." not in name:
                atoms = np.diff(at)[np.diff(value) == 0]
                assert np.all(atoms >= 20 / clients - 1e-4), name
