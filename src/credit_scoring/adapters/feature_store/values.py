"""Feature values of many applicants in one file, where one applicant and one feature are both quick to read.

The file is a sequence of blocks of 256 applicants. A block holds one feature after another, each as 256 little-endian
Float64: reading an applicant is reading one block, reading a feature is reading 2 kB of each block. Categories are
numbered in the order in which they came; what is missing has bits of its own, so NaN stays NaN.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError, StoreUnavailableError

Floats = NDArray[np.float64]
Rows = NDArray[np.uint32]
BLOCK = 256
ROWS_AT_A_TIME = 80 * BLOCK
# A quiet NaN with the payload that R gives to its NA; arithmetic never makes it.
_MISSING = np.uint64(0x7FF8_0000_0000_07A2)
_MISSING_NUMBER = float(_MISSING.view(np.float64))


class ValuesWriter:
    """Writes feature values as they come; `finish` ends the file. ``levels`` are the categories met, by feature."""

    def __init__(self, file: BinaryIO, features: Mapping[str, str]) -> None:
        self.rows = 0
        self.levels: dict[str, list[str]] = {name: [] for name, kind in features.items() if kind == "category"}
        self._file, self._names = file, list(features)
        self._seal = hashlib.sha256()
        self._rest = np.empty((len(features), 0))

    def add(self, matrix: pl.DataFrame) -> None:
        """Append the rows of `matrix`.

        Raises
        ------
        DataError
            If a feature is absent or of another type.
        """
        self._require(matrix)
        columns = [self._number(matrix, name).alias(name) for name in self._names]
        numbers = matrix.select(columns).to_numpy(order="fortran").T
        values = np.concatenate([self._rest, numbers], axis=1)
        whole = values.shape[1] // BLOCK * BLOCK
        for start in range(0, whole, BLOCK):
            self._write(values[:, start : start + BLOCK])
        self._rest = values[:, whole:].copy()
        self.rows += matrix.height

    def finish(self) -> str:
        """Write what is left and return the SHA-256 of the file."""
        if left := self._rest.shape[1]:
            self._write(np.pad(self._rest, ((0, 0), (0, BLOCK - left))))
        return self._seal.hexdigest()

    def _require(self, matrix: pl.DataFrame) -> None:
        for name in self._names:
            expected = pl.String if name in self.levels else pl.Float64
            if matrix.schema.get(name) != expected:
                raise DataError(f"the feature {name} is {matrix.schema.get(name, 'absent')}, not {expected()}")

    def _number(self, matrix: pl.DataFrame, name: str) -> pl.Expr:
        if name not in self.levels:
            return pl.col(name).fill_null(_MISSING_NUMBER)
        levels = self.levels[name]
        levels += sorted(set(matrix[name].drop_nulls().unique()) - set(levels))
        numbers = pl.col(name).replace_strict(levels, range(len(levels)), default=None, return_dtype=pl.Float64)
        return numbers.fill_null(_MISSING_NUMBER)

    def _write(self, block: Floats) -> None:
        content = np.ascontiguousarray(block, dtype="<f8").data
        self._file.write(content)
        self._seal.update(content)


class Values:
    """Reads a file of feature values by row number. Safe to share by threads, and as good after the file is removed.

    Raises
    ------
    StoreUnavailableError
        If the file is not as long as its rows and features make it.
    """

    def __init__(self, path: Path, features: Sequence[str], levels: Mapping[str, Sequence[str]], rows: int) -> None:
        self.rows = rows
        self._path = path
        self._place = {name: place for place, name in enumerate(features)}
        self._levels = {name: pl.Series(known, dtype=pl.String) for name, known in levels.items()}
        self._block_bytes = len(features) * BLOCK * 8
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._file)
        if os.fstat(self._file).st_size != -(-rows // BLOCK) * self._block_bytes:
            raise self._cut_short()

    def frame(self, rows: Rows) -> pl.DataFrame:
        """Return all features of `rows`, in their order."""
        found = np.empty((len(self._place), rows.size))
        blocks, places = np.divmod(rows.astype(np.int64), BLOCK)
        for block in np.unique(blocks):
            here = np.flatnonzero(blocks == block)
            found[:, here] = self._block(block)[:, places[here]]
        return self._told(list(self._place), found)

    def row(self, row: int) -> dict[str, float | str | None]:
        """Return all features of one row by name."""
        block, place = divmod(row, BLOCK)
        values = self._block(block)[:, place].copy()
        told: list[float | str | None] = values.tolist()
        for missing in np.flatnonzero(values.view(np.uint64) == _MISSING):
            told[missing] = None
        for name, levels in self._levels.items():
            number = told[self._place[name]]
            told[self._place[name]] = None if number is None else levels[int(number)]
        return dict(zip(self._place, told, strict=True))

    def column(self, name: str) -> pl.Series:
        """Return the feature `name` of all rows.

        Raises
        ------
        DataError
            If there is no such feature.
        """
        if name not in self._place:
            close = difflib.get_close_matches(name, self._place, n=1)
            raise DataError(f"there is no feature {name}" + (f"; did you mean {close[0]}?" if close else ""))
        first = self._place[name] * BLOCK * 8
        found = np.empty((-(-self.rows // BLOCK), BLOCK), dtype="<f8")
        for block, values in enumerate(found):
            self._read_into(values, block * self._block_bytes + first)
        return self._told([name], found.reshape(1, -1)[:, : self.rows])[name]

    def parts(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield the features `names` of all rows in order, 20,480 rows at a time."""
        chosen = [self._place[name] for name in names]
        for start in range(0, self.rows, ROWS_AT_A_TIME):
            blocks = range(start // BLOCK, -(-min(start + ROWS_AT_A_TIME, self.rows) // BLOCK))
            read = [self._block(block)[chosen] for block in blocks]
            yield self._told(names, np.concatenate(read, axis=1)[:, : self.rows - start])

    def _block(self, number: int) -> Floats:
        """Return a block, a row a feature."""
        block = np.empty((len(self._place), BLOCK), dtype="<f8")
        self._read_into(block, number * self._block_bytes)
        return block

    def _read_into(self, values: Floats, start: int) -> None:
        if os.preadv(self._file, [values.data], start) != values.nbytes:
            raise self._cut_short()

    def _told(self, names: Sequence[str], values: Floats) -> pl.DataFrame:
        """Return `values`, shape (n_features, n_rows), as a frame."""
        number = values.shape[1]
        flat = np.ascontiguousarray(values).ravel()
        told = pl.Series(flat).set(pl.Series(flat.view(np.uint64) == _MISSING), None)
        columns = [told.slice(place * number, number).alias(name) for place, name in enumerate(names)]
        return pl.DataFrame(
            [
                self._levels[c.name].gather(c.cast(pl.UInt32)).alias(c.name) if c.name in self._levels else c
                for c in columns
            ]
        )

    def _cut_short(self) -> StoreUnavailableError:
        return StoreUnavailableError(f"{self._path} is not as long as it was written")
