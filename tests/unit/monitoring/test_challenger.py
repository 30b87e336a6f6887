"""Champion against challenger: laws of the comparison, by brute force where there is an oracle, and of the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_scoring.bundle.model import logistic
from credit_scoring.decision.cost import APPROVE_ALL, CostMatrix
from credit_scoring.domain.errors import DataError
from credit_scoring.monitoring.challenger import Comparison, Contender, Paired, compare, p_default_psi
from credit_scoring.monitoring.promotion import PromotionPolicy, judge
from credit_scoring.monitoring.slices import paired_auc

COSTS = CostMatrix(10, 1)
CUTOFF = COSTS.theoretical_cutoff
CHAMPION = Contender(version=1, digest="a", candidate="blend", cutoff=CUTOFF)
CHALLENGER = Contender(version=2, digest="b", candidate="blend", cutoff=CUTOFF)


def paired(
    champion: np.ndarray, challenger: np.ndarray, defaulted: Sequence[bool | None] | np.ndarray, **columns: object
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "champion": champion,
            "challenger": challenger,
            "champion_declined": champion >= CUTOFF,
            "challenger_declined": challenger >= CUTOFF,
            "defaulted": pl.Series(defaulted, dtype=pl.Boolean),
            **columns,
        }
    )


def drawn(size: int, seed: int, *, champion: float, challenger: float) -> pl.DataFrame:
    """Return applications whose log-odds each model knows but for noise of so much spread, its PDs calibrated."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=size)

    def known(noise: float) -> np.ndarray:
        seen = truth + noise * generator.normal(size=size)
        mean, rest = seen / (1 + noise**2), noise / np.sqrt(1 + noise**2)
        nodes, weights = np.polynomial.hermite_e.hermegauss(31)
        odds = -3 + 1.2 * (mean[:, None] + rest * nodes)
        return np.asarray(logistic(odds) @ weights / weights.sum())

    p = known(champion), known(challenger)
    bad = generator.random(size) < logistic(-3 + 1.2 * truth)
    gender = pl.Series(generator.choice(["F", "M", ""], size, p=[0.6, 0.39, 0.01]).tolist(), dtype=pl.String).replace(
        "", None
    )
    birth = -generator.uniform(21, 69, size) * 365.25
    return paired(*p, bad, CODE_GENDER=gender, DAYS_BIRTH=birth)


def compared(rows: pl.DataFrame, **changes: object) -> Comparison:
    developed = rows["champion"].to_numpy(), rows["challenger"].to_numpy()
    given = {"developed": developed, "compared_on": "drawn applications", "seed": 1} | changes
    return compare(rows, CHAMPION, CHALLENGER, COSTS, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return drawn(4_000, 3, champion=0.8, challenger=0.6)


@pytest.fixture(scope="module")
def found(rows: pl.DataFrame) -> Comparison:
    return compared(rows)


def test_to_exchange_the_models_turns_every_difference_round(rows: pl.DataFrame, found: Comparison) -> None:
    names = {"champion": "challenger", "challenger": "champion"}
    names |= {f"{one}_declined": f"{other}_declined" for one, other in names.items()}
    # The bootstrap follows the sorted rows, which exchanging sorts otherwise: values are exact, intervals nearly so.
    turned = compared(rows.rename(names))
    for name, one in found.figures.items():
        other = turned.figures[name]
        assert other.difference.value == pytest.approx(-one.difference.value, abs=1e-12)
        width = one.difference.upper - one.difference.lower
        assert other.difference.lower == pytest.approx(-one.difference.upper, abs=0.3 * width)
        assert (other.champion.value, other.challenger.value) == pytest.approx(
            (one.challenger.value, one.champion.value)
        )
    assert turned.swap.let_in == found.swap.turned_away
    assert turned.expected_cost[0].value == pytest.approx(-found.expected_cost[1].value)
    for one_slice, other_slice in zip(found.slices, turned.slices, strict=True):
        assert one_slice.champion == pytest.approx(other_slice.challenger)
        assert one_slice.challenger == pytest.approx(other_slice.champion)


def test_the_order_of_rows_changes_nothing(rows: pl.DataFrame, found: Comparison) -> None:
    assert compared(rows.sample(fraction=1, shuffle=True, seed=5).with_columns(ignored=1)) == found


def test_figures_are_what_counting_gives(rows: pl.DataFrame, found: Comparison) -> None:
    bad = rows["defaulted"].to_numpy()
    for side in ("champion", "challenger"):
        declined = rows[f"{side}_declined"].to_numpy()
        cost = np.mean(np.where(declined, ~bad * 1.0, bad * 10.0))
        assert getattr(found.figures["cost"], side).value == pytest.approx(cost)
        assert getattr(found.figures["bad_rate_approved"], side).value == pytest.approx(bad[~declined].mean())
        of_gender = {one.value: one for one in found.slices if one.attribute == "CODE_GENDER"}
        women = (rows["CODE_GENDER"] == "F").fill_null(False).to_numpy()
        assert getattr(of_gender["F"], side).approval_rate == pytest.approx((~declined[women]).mean())
        assert getattr(of_gender["F"], side).bad_rate_approved == pytest.approx(bad[women & ~declined].mean())
    assert {one.value for one in found.slices if one.attribute == "CODE_GENDER"} == {"F", "M", "not known"}
    for attribute in ("CODE_GENDER", "age"):
        assert sum(one.applications for one in found.slices if one.attribute == attribute) == rows.height
    assert found.cost == found.figures["cost"].difference
    assert found.swap.let_in.bad_rate is not None
    cells = found.swap.both_approve, found.swap.both_decline
    assert sum(cells) + found.swap.let_in.applications + found.swap.turned_away.applications == rows.height


few = st.lists(
    st.tuples(*[st.sampled_from([0.02, 0.05, 0.2, 0.4])] * 2, st.sampled_from([True, False, None])),
    min_size=1,
    max_size=30,
)


@settings(max_examples=30)
@given(few)
def test_swap_sets_and_expected_costs_are_what_counting_gives(drawn: list[tuple[float, float, bool | None]]) -> None:
    first, second = np.array([a for a, _, _ in drawn]), np.array([b for _, b, _ in drawn])
    rows = paired(first, second, [c for _, _, c in drawn])
    found = compared(rows)
    let_in = [c for a, b, c in drawn if a >= CUTOFF > b]
    turned_away = [c for a, b, c in drawn if a < CUTOFF <= b]
    for side, counted in ((found.swap.let_in, let_in), (found.swap.turned_away, turned_away)):
        known = [c for c in counted if c is not None]
        assert (side.applications, side.known, side.defaults) == (len(counted), len(known), sum(known))
        assert (side.bad_rate is None) == (not known)

    def cost(p: float, approves: bool) -> float:
        return 10 * p if approves else 1 - p

    for number, told in enumerate(found.expected_cost):
        differences = [
            cost(ps[number], ps[1] < CUTOFF) - cost(ps[number], ps[0] < CUTOFF) for ps in [d[:2] for d in drawn]
        ]
        assert told.value == pytest.approx(np.mean(differences))
    judged = [c for a, _, c in drawn if c is not None and (a < CUTOFF or None not in [d[2] for d in drawn])]
    assert (found.known, found.defaults) == (len(judged), sum(judged))
    assert bool(found.figures) == (len(set(judged)) == 2)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), min_size=4, max_size=25))
def test_the_paired_auc_counts_every_pair(drawn: list[tuple[int, int, bool]]) -> None:
    first, second = (np.array([row[k] for row in drawn], dtype=float) for k in (0, 1))
    bad = np.array([row[2] for row in drawn])
    if min(bad.sum(), (~bad).sum()) < 2:
        return
    one, two, difference = paired_auc(first, second, bad)
    for found, p in ((one, first), (two, second)):
        wins = [(x > y) + (x == y) / 2 for x, y in product(p[bad], p[~bad])]
        assert found == pytest.approx(np.mean(wins))
    assert difference.value == pytest.approx(two - one)
    assert paired_auc(second, first, bad)[2] == pytest.approx((-difference.value, difference.error))
    assert paired_auc(first, first, bad)[2] == (0, 0)


def test_the_error_of_the_paired_auc_is_the_spread_over_samples() -> None:
    found = []
    for seed in range(300):
        some = drawn(600, seed, champion=0.8, challenger=0.5)
        found.append(
            paired_auc(some["champion"].to_numpy(), some["challenger"].to_numpy(), some["defaulted"].to_numpy())[2]
        )
    spread = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.12)


def test_identical_models_are_never_promoted() -> None:
    for seed in range(5):
        rows = drawn(3_000, seed, champion=0.7, challenger=0.7)
        same = rows.with_columns(challenger="champion", challenger_declined="champion_declined")
        found = compared(same)
        assert all(
            one.difference.model_dump() == {"value": 0, "lower": 0, "upper": 0} for one in found.figures.values()
        )
        judged = judge(found)
        assert judged.verdict == "wait"
        assert [rule.code for rule in judged.rules if rule.state == "failed"] == ["CS-C03"]


def test_a_clearly_better_challenger_is_promoted_and_a_worse_one_refused() -> None:
    rows = drawn(8_000, 11, champion=1.5, challenger=0.3)
    better = judge(compared(rows))
    assert {rule.state for rule in better.rules} == {"passed"}
    assert better.verdict == "promote"
    assert judge(compared(rows), unsound="golden row 1").verdict == "refuse"
    assert judge(compared(rows), PromotionPolicy(least_defaults=100_000)).verdict == "wait"
    worse = judge(compared(drawn(8_000, 11, champion=0.3, challenger=1.5)))
    assert worse.verdict == "refuse"
    assert next(rule for rule in worse.rules if rule.code == "CS-C02").state == "failed"


def broken(found: Comparison, **changes: object) -> set[str]:
    rules = judge(found.model_copy(update=changes)).rules
    return {rule.code for rule in rules if rule.state == "failed"}


def test_each_rule_fails_alone() -> None:
    rows = drawn(8_000, 11, champion=1.5, challenger=0.3)
    found = compared(rows)
    assert broken(found) == set()
    assert broken(found, stability=(0.0, 0.2)) == {"CS-C08"}
    off = rows.with_columns(challenger=pl.col("challenger") * 0.6)
    assert {"CS-C05"} <= broken(compared(off))
    odds = (pl.col("challenger") / (1 - pl.col("challenger"))).log()
    steep = rows.with_columns(challenger=1 / (1 + (-(1.4 * odds + 0.9)).exp()))
    assert "CS-C04" in broken(compared(steep))
    women = pl.col("CODE_GENDER").eq_missing(pl.lit("F"))
    unfair = rows.with_columns(
        challenger_declined=pl.col("challenger_declined") | (women & (pl.col("challenger") > 0.03))
    )
    assert "CS-C06" in broken(compared(unfair))
    shuffled = rows.filter(women)["challenger"].sample(fraction=1, shuffle=True, seed=1)
    blind = rows.filter(women).with_columns(shuffled)
    rule = next(r for r in judge(compared(pl.concat([blind, rows.filter(~women)]))).rules if r.code == "CS-C07")
    assert rule.state == "failed"
    assert "CODE_GENDER F" in rule.about


def test_of_the_approved_alone_only_what_they_can_tell_is_judged() -> None:
    rows = drawn(8_000, 11, champion=1.5, challenger=0.3)
    waiting = rows.with_columns(defaulted=pl.when(~pl.col("champion_declined")).then("defaulted"))
    some = waiting.with_columns(
        defaulted=pl.when(pl.int_range(pl.len()) % 50 == 0).then(rows["defaulted"]).otherwise("defaulted")
    )
    for given_rows in (waiting, some):  # the few declined with an outcome are not like the others
        found = compared(given_rows)
        assert found.population == "approved"
        assert found.known == (~rows["champion_declined"]).sum()
        states = {rule.code: rule.state for rule in judge(found).rules}
        assert {states[code] for code in ("CS-C04", "CS-C05", "CS-C07")} == {"not_judged"}
    known = rows.filter(~pl.col("champion_declined"))
    turned_away = known.filter("challenger_declined")
    gain = np.where(turned_away["defaulted"].to_numpy(), 10, -1).sum()
    let_in = rows.filter(pl.col("champion_declined") & ~pl.col("challenger_declined"))["champion"].to_numpy()
    assert found.cost is not None
    assert found.cost.value == pytest.approx((-gain + (11 * let_in - 1).sum()) / rows.height)


def test_of_those_alone_whom_the_champion_approved_no_challenger_is_promoted() -> None:
    rows = drawn(8_000, 11, champion=1.5, challenger=0.3)
    found = compared(rows.filter(~pl.col("champion_declined")))
    judged = judge(found)
    assert found.population == "approved"
    states = {rule.code: rule.state for rule in judged.rules}
    assert {states[code] for code in ("CS-C04", "CS-C05", "CS-C07")} == {"not_judged"}
    # It costs less; whom it would let in, none tells.
    assert (states["CS-C03"], states["CS-C06"]) == ("passed", "too_few")
    assert judged.verdict == "wait"
    nobody_declined = rows.with_columns(champion_declined=False)
    champion = CHAMPION.model_copy(update={"cutoff": APPROVE_ALL})
    developed = rows["champion"].to_numpy(), rows["challenger"].to_numpy()
    all_of_them = compare(nobody_declined, champion, CHALLENGER, COSTS, developed=developed, compared_on="")
    assert all_of_them.population == "all"


def test_psi_of_the_pd_is_nothing_without_a_shift_and_grows_with_it() -> None:
    generator = np.random.default_rng(0)
    then, now = generator.beta(1, 11, (2, 5_000))
    moved = [p_default_psi(np.clip(now * factor, 0, 1), then) for factor in (1, 1.5, 3)]
    assert moved[0] < 0.02 < moved[1] < 0.2 < moved[2]
    assert p_default_psi(then, then) == pytest.approx(0, abs=1e-9)


def test_nothing_to_compare_is_told() -> None:
    rows = drawn(10, 1, champion=1, challenger=1)
    with pytest.raises(DataError, match="no applications"):
        compare(rows.clear(), CHAMPION, CHALLENGER, COSTS, developed=(np.ones(1), np.ones(1)), compared_on="")
    alike = compared(rows.with_columns(defaulted=False))
    assert alike.figures == {}
    assert judge(alike).verdict == "wait"
    assert isinstance(compared(drawn(50, 2, champion=1, challenger=1)).figures["auc"], Paired)
