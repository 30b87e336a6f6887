from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

import polars as pl
import pytest

from credit_scoring.domain.text import Language
from credit_scoring.features import aggregate, assemble, bureau
from credit_scoring.features.application import derived_features, raw_features
from credit_scoring.features.assemble import catalogue, definitions_digest, families
from credit_scoring.tables import schema as tables_schema
from credit_scoring.tables.schema import APPLICATION_ID, OUTCOME, schema

WORD = "[A-Z0-9]+(?:_[A-Z0-9]+)*"
FEATURES = list(catalogue().values())


def test_every_feature_has_a_meaning_a_concept_a_unit_and_sources() -> None:
    for feature in FEATURES:
        for words in feature.meaning:
            assert words, feature.name
            assert words == words.strip(), feature.name
            assert words[0] == words[0].upper(), feature.name
        assert feature.meaning.en != feature.meaning.fr, feature.name
        assert feature.concept, feature.name
        assert feature.unit, feature.name
        assert feature.kind in {"number", "category"}, feature.name
        assert feature.sources, feature.name
        for source in feature.sources:
            table, _, column = source.partition(".")
            assert column in {*schema()[table].columns, *schema()[table].flags()}, f"{feature.name}: {source}"


def test_no_feature_comes_from_the_outcome() -> None:
    for feature in FEATURES:
        assert feature.name != OUTCOME
        assert f"application.{OUTCOME}" not in feature.sources, feature.name
        for expression in feature.expressions():
            assert OUTCOME not in expression.meta.root_names(), feature.name


def test_names_are_unique_and_keys_are_no_features() -> None:
    made = [*raw_features(), *derived_features(), *(f for family in families() for f in family.features)]
    assert not [name for name, number in Counter(f.name for f in made).items() if number > 1]
    assert {f.name for f in made} <= set(catalogue())
    assert not {APPLICATION_ID, OUTCOME} & set(catalogue())


def test_raw_features_keep_the_names_of_their_columns() -> None:
    table = schema()["application"]
    assert {f.name for f in raw_features()} == {*table.columns, *table.flags()} - {APPLICATION_ID, OUTCOME}


def test_aggregates_are_named_by_family_measure_statistic_and_subset() -> None:
    pattern = re.compile(f"{WORD}__{WORD}__(MEAN|SUM|MAX|MIN|COUNT|NUNIQUE|RATIO)(__{WORD})?")
    for family in families():
        for feature in family.features:
            assert pattern.fullmatch(feature.name), feature.name
            assert feature.name.startswith(f"{family.name}__")
            assert feature.is_count == bool(re.search("__(COUNT|NUNIQUE)(__|$)", feature.name))


def test_what_follows_row_by_row_is_named_by_family_and_measure() -> None:
    families_made = {family.name for family in families()}
    rest = [name for name in catalogue() if "__" in name and name.split("__")[0] not in families_made]
    assert {name.split("__")[0] for name in rest} == {"APPLICATION", "RELATION"}
    for name in rest:
        assert re.fullmatch(f"{WORD}__{WORD}(__{WORD})?", name), name


def test_two_features_of_one_family_are_not_told_alike() -> None:
    for language in ("en", "fr"):
        told = Counter((f.concept, f.meaning.told(language)) for f in FEATURES)
        assert [words for words, number in told.items() if number > 1] == []


def test_an_average_of_flags_is_told_as_a_share_and_never_as_an_average() -> None:
    shares = [f for family in families() for f in family.features if f.unit == "flag"]
    assert shares
    for feature in shares:
        assert feature.meaning.en.startswith("Share of "), feature.name
        assert feature.meaning.fr.startswith("Part des "), feature.name
        assert not re.search("average|moyenne", f"{feature.meaning}"), feature.name


def test_what_is_counted_is_called_a_number_of_it() -> None:
    for feature in (f for f in FEATURES if f.is_count):
        assert feature.meaning.en.startswith("Number of "), feature.name
        assert feature.meaning.fr.startswith(("Nombre de ", "Nombre d'")), feature.name


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_meaning_is_one_phrase_that_a_colon_and_a_figure_can_follow(language: Language) -> None:
    for feature in FEATURES:
        words = feature.meaning.told(language)
        assert not re.search(r"[:;{}]|\s,|,,|\s\s|[,.]$", words), feature.name
        assert not re.search(r"\b(\w{5,}) \1\b", words), feature.name
        if language == "fr":
            # An article or preposition before a vowel is elided, and two of them contract.
            assert not re.search(r"\b(de|le|la|que) [aeéèêiou]|\b(de le|de les|à le|à les)\b", words), feature.name


# --- the digest


@pytest.fixture
def definitions() -> Iterator[Callable[[], None]]:
    """Forget the definitions made so far, now and at the end."""

    def forget() -> None:
        for module in (assemble, tables_schema):
            for made in vars(module).values():
                if hasattr(made, "cache_clear"):
                    made.cache_clear()

    yield forget
    forget()


def test_the_digest_is_the_same_in_every_process() -> None:
    program = (
        "from credit_scoring.features.assemble import catalogue, definitions_digest\n"
        "print(definitions_digest(set(catalogue())))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == definitions_digest(catalogue())


def test_the_digest_knows_no_order_of_names_but_knows_the_names() -> None:
    names = ["AMT_CREDIT", "BUREAU__CREDITS__COUNT", "APPLICATION__CREDIT_TO_ANNUITY"]
    assert definitions_digest(names) == definitions_digest(reversed(names))
    assert definitions_digest(names) != definitions_digest(names[1:])


def changed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the feature `name` be its double."""
    known = dict(catalogue())
    known[name] = replace(known[name], expression=known[name].expression * 2)
    monkeypatch.setattr(assemble, "catalogue", lambda: MappingProxyType(known))


@pytest.mark.parametrize(
    "name",
    [
        "AMT_CREDIT",
        "APPLICATION__EXT_SOURCE__WEIGHTED",
        "BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE",
        "RELATION__BUREAU_DEBT_TO_INCOME",
    ],
)
def test_the_digest_changes_with_an_expression_of_its_own_features_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = ["EXT_SOURCE_2", "APPLICATION__EXT_SOURCE__MEAN"]
    before, before_others = definitions_digest([*others, name]), definitions_digest(others)
    changed(monkeypatch, name)
    assert definitions_digest([*others, name]) != before
    assert definitions_digest(others) == before_others


@pytest.mark.parametrize("name", ["APPLICATION__CREDIT_TO_GOODS", "APPLICATION__INTEREST_RATE__MIN"])
def test_the_digest_changes_with_what_is_made_before_a_feature(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, known = definitions_digest([name]), dict(catalogue())
    stage = known[name].before[0]
    known[name] = replace(known[name], before=((stage[0] * 2, *stage[1:]),))
    monkeypatch.setattr(assemble, "catalogue", lambda: MappingProxyType(known))
    assert definitions_digest([name]) != before


def test_what_is_made_before_features_has_one_meaning_and_takes_no_name() -> None:
    raw = {f.name for f in raw_features()}
    made: dict[str, pl.Expr] = {}
    for feature in derived_features():
        for expression in chain(*feature.before):
            name = expression.meta.output_name()
            assert made.setdefault(name, expression).meta.eq(expression), name
            assert name == feature.name or (name not in catalogue() and name not in raw), name


def test_the_digest_of_a_relation_changes_with_what_is_related(monkeypatch: pytest.MonkeyPatch) -> None:
    relation, root = ["RELATION__BUREAU_DEBT_TO_INCOME"], "BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE"
    before = definitions_digest(relation)
    changed(monkeypatch, root)
    assert definitions_digest(relation) != before


def digest_where(definitions: Callable[[], None], names: list[str]) -> str:
    definitions()
    return definitions_digest(names)


def test_the_digest_changes_with_the_last_digit_of_a_constant_of_the_rows(
    definitions: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["BUREAU__AMT_CREDIT_SUM_DEBT__SUM__ACTIVE"]
    before = definitions_digest(names)
    assert digest_where(definitions, names) == before
    monkeypatch.setattr(aggregate, "AMOUNT_STEP", aggregate.AMOUNT_STEP * (1 + 1e-12))
    assert digest_where(definitions, names) != before


def test_the_digest_changes_with_the_middle_of_a_mapping_of_the_rows(
    definitions: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["BUREAU_BALANCE__WORST_STATUS__MAX"]
    real = bureau._months_by_credit
    digests = []
    for middle in (3, 4):
        mapping = {0: 0, 1: 1, 2: 2, 3: middle, 4: 4, 5: 5}
        worst = pl.col("WORST_STATUS").replace_strict(mapping, default=None, return_dtype=pl.Int8)
        monkeypatch.setattr(bureau, "_months_by_credit", lambda frames, w=worst: real(frames).with_columns(w))
        digests.append(digest_where(definitions, names))
    assert digests[0] != digests[1]


def test_the_digest_changes_with_a_sentinel(definitions: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["DAYS_EMPLOYED"]
    before = definitions_digest(names)
    real = tables_schema._column

    def altered(row: dict[str, str]) -> tables_schema.Column:
        column = real(row)
        return replace(column, sentinels=("365242",)) if column.name == "DAYS_EMPLOYED" else column

    monkeypatch.setattr(tables_schema, "_column", altered)
    assert digest_where(definitions, names) != before
