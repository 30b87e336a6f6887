"""Files that grow chunk by chunk."""

from pathlib import Path
from typing import Literal

import polars as pl

Format = Literal["csv", "parquet"]


class Tables:
    """The tables of a folder, each appended to as chunks come."""

    def __init__(self, folder: Path, file_format: Format) -> None:
        self.folder, self.format = folder, file_format
        self.rows: dict[str, int] = {}
        self._parts: dict[str, list[Path]] = {}

    def append(self, name: str, chunk: pl.DataFrame) -> None:
        """Write the chunk behind what the table holds; all chunks have the same columns."""
        first = name not in self.rows
        self.rows[name] = self.rows.get(name, 0) + chunk.height
        if self.format == "csv":
            with (self.folder / f"{name}.csv").open("ab") as file:
                chunk.write_csv(file, include_header=first)
            return
        parts = self._parts.setdefault(name, [])
        parts.append(self.folder / f".{name}-{len(parts):06d}.parquet")
        chunk.write_parquet(parts[-1], compression="lz4")

    def close(self) -> None:
        """Join the parts of each Parquet table, in their order, without holding them in memory."""
        for name, parts in self._parts.items():
            pl.scan_parquet(parts).sink_parquet(self.folder / f"{name}.parquet", maintain_order=True)
            for part in parts:
                part.unlink()
