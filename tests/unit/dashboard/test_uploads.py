"""Files as people have them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_scoring.dashboard.uploads import MOST_ROWS, CsvFile, UnreadableError, json_in, text_in

numbers = st.floats(-1e12, 1e12).map(lambda value: round(value, 4))


def written(rows: list[dict[str, str]], delimiter: str) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@given(st.lists(st.tuples(numbers, numbers | st.none()), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_numbers_come_out_as_they_were_written(values: list[tuple[float, float | None]], delimiter: str) -> None:
    def told(value: float | None) -> str:
        return "" if value is None else f"{value:.4f}".replace(".", "," if delimiter == ";" else ".")

    file = CsvFile.read(written([{"A": told(a), "B": told(b), "TARGET": "1"} for a, b in values], delimiter))
    for place, (a, b) in enumerate(values):
        assert file.application(place, ()) == {"A": pytest.approx(a), "B": None if b is None else pytest.approx(b)}


def test_categories_stay_words_and_what_is_no_number_is_left_to_the_api() -> None:
    file = CsvFile.read("JOB,CODE,AMOUNT\n007,1_000,0x1F\n")
    assert file.application(0, {"JOB"}) == {"JOB": "007", "CODE": "1_000", "AMOUNT": "0x1F"}


@pytest.mark.parametrize("content", ["", "A,B\n", "A,B\n1\n1,2\n", "A,B\n1,2,3\n"])
def test_a_file_without_whole_rows_is_refused(content: str) -> None:
    with pytest.raises(UnreadableError) as told:
        CsvFile.read(content)
    assert told.value.why == "no_rows"


def test_one_column_is_a_table_and_too_many_rows_are_too_many() -> None:
    assert CsvFile.read("A\n1\n").application(0, ()) == {"A": 1.0}
    with pytest.raises(UnreadableError) as told:
        CsvFile.read("A\n" + "1\n" * (MOST_ROWS + 1))
    assert told.value.why == "too_many"


@pytest.mark.parametrize("content", ["", "[1]", "{", '"text"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(content: str) -> None:
    with pytest.raises(UnreadableError):
        json_in(content)


def test_a_row_alone_is_the_application() -> None:
    assert json_in('{"A": 1}') == {"application": {"A": 1}}
    for body in ({"features": {"A": 1}}, {"application": {"A": 1}, "bureau": []}):
        assert json_in(json.dumps(body)) == body


@given(st.text(st.characters(codec="utf-8")))
def test_text_is_read_in_the_encodings_of_spreadsheets(text: str) -> None:
    assert text_in(text.removeprefix("\ufeff").encode("utf-8-sig")) == text.removeprefix("\ufeff")
    assert text_in("société".encode("cp1252")) == "société"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UnreadableError):
        text_in(b"\x81\x8d\x8f\xff\x9d")
