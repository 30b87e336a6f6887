"""Applications in files: text, JSON, CSV as spreadsheets of several countries write it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal, Self

OUTCOME = "TARGET"
MOST_ROWS = 1_000
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?")


class UnreadableError(ValueError):
    """A file is none that an application can be read from; ``why`` is the last part of the text's key that says so."""

    def __init__(self, why: Literal["not_text", "not_json", "no_rows", "too_many"]) -> None:
        self.why = why
        super().__init__(why)


def text_in(content: bytes) -> str:
    """Return the text of a file: UTF-8, or what spreadsheets in Western Europe write.

    Raises
    ------
    UnreadableError
        If it is neither.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("not_text")


def json_in(content: str) -> dict[str, Any]:
    """Return the body that asks for a decision on the application in a JSON document, which may be the row alone.

    Raises
    ------
    UnreadableError
        If it is no JSON object.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("not_json") from error
    if not isinstance(body, dict):
        raise UnreadableError("not_json")
    return body if "features" in body or "application" in body else {"application": body}


@dataclass(frozen=True)
class CsvFile:
    """Applications, one a row, by the names in the header. Between semicolons a comma is the decimal one."""

    rows: list[dict[str, str]]
    delimiter: str

    @classmethod
    def read(cls, content: str) -> Self:
        """Return the rows of a file whose cells are between commas, semicolons or tabs.

        Raises
        ------
        UnreadableError
            If there are no rows, or too many, or one has not as many cells as the header.
        """
        header = content.partition("\n")[0]
        delimiter = max(",;\t", key=header.count)
        try:
            rows = list(csv.DictReader(io.StringIO(content), delimiter=delimiter))
        except csv.Error as error:
            raise UnreadableError("no_rows") from error
        if not rows or any(None in row or None in row.values() for row in rows):
            raise UnreadableError("no_rows")
        if len(rows) > MOST_ROWS:
            raise UnreadableError("too_many")
        return cls(rows, delimiter)

    def application(self, place: int, categories: Collection[str]) -> dict[str, float | str | None]:
        """Return a row by column, without the outcome: numbers where cells are numbers, but for `categories`.

        An empty cell is known to be missing.
        """
        told = {name: cell.strip() for name, cell in self.rows[place].items() if name != OUTCOME}
        return {name: (cell or None) if name in categories else self._number(cell) for name, cell in told.items()}

    def _number(self, cell: str) -> float | str | None:
        number = cell.replace(",", ".") if self.delimiter == ";" else cell
        return float(number) if _NUMBER.fullmatch(number) else cell or None
