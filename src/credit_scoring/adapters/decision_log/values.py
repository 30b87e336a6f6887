"""The feature values that a model saw, as bytes: equal to the last bit when they come back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.domain.errors import DataError

_STORED = np.dtype("<f8")


def pack_values(values: NDArray[np.float64]) -> list[bytes]:
    """Return each row as a bitmap of what is known, its first bit the first feature, and the known values.

    Parameters
    ----------
    values : shape (n_rows, n_features)
        NaN is missing, whatever its bits.

    Examples
    --------
    >>> [len(packed) for packed in pack_values(np.array([[0.5, np.nan, 1.0], [np.nan, np.nan, np.nan]]))]
    [17, 1]
    """
    known = ~np.isnan(values)
    width = (values.shape[1] + 7) // 8
    bitmaps = np.packbits(known, axis=1).tobytes()
    stored = values[known].astype(_STORED, copy=False).tobytes()
    ends = (_STORED.itemsize * np.cumsum(known.sum(axis=1))).tolist()
    return [
        bitmaps[row * width : (row + 1) * width] + stored[begin:end]
        for row, (begin, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]


def unpack_values(packed: Sequence[bytes], features: int) -> NDArray[np.float64]:
    """Return the rows that were packed, of shape (n_rows, `features`).

    Raises
    ------
    DataError
        If a row is not one of so many features.

    Examples
    --------
    >>> unpack_values(pack_values(np.array([[0.5, np.nan, -0.0]])), 3)
    array([[ 0.5,  nan, -0. ]])
    """
    width = (features + 7) // 8
    bitmaps = np.frombuffer(b"".join(row[:width].ljust(width, b"\0") for row in packed), np.uint8)
    bits = np.unpackbits(bitmaps.reshape(len(packed), width), axis=1).astype(bool)
    known = bits[:, :features]
    sizes = width + _STORED.itemsize * known.sum(axis=1)
    if bits[:, features:].any() or [len(row) for row in packed] != sizes.tolist():
        raise DataError(f"the stored feature values are not of {features} features; take the bundle they were made by")
    values = np.full((len(packed), features), np.nan)
    values[known] = np.frombuffer(b"".join(row[width:] for row in packed), _STORED)
    return values
