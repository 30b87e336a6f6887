"""The feature store under its folder: loaded from feature matrices, read while it is loaded again."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from credit_scoring.adapters.feature_store.publishing import POINTER, drafting, publish, read_pointer, version_folder
from credit_scoring.adapters.feature_store.search import ApplicantQuery, Page, Scores
from credit_scoring.adapters.feature_store.standing import Comparison
from credit_scoring.adapters.feature_store.version import StoreInfo, Version
from credit_scoring.adapters.feature_store.writing import OnRows, Scorer, write_applicants, write_scores
from credit_scoring.bundle.store import Bundle
from credit_scoring.domain.errors import StoreUnavailableError
from credit_scoring.features.assemble import catalogue, definitions_digest
from credit_scoring.tables.schema import APPLICATION_ID


class FeatureStore:
    """Every feature of every applicant, as `assemble` gave them. Made without opening anything; threads may share it.

    What was opened stays until `reload_if_changed` finds another version, so one request sees one version if it asks
    once. Reading raises `StoreUnavailableError` where nothing is loaded, a file is altered, or this version of the code
    computes a feature otherwise.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._version: Version | None = None
        self._seen: tuple[int, int, int] | None = None
        self._one_at_a_time = threading.Lock()

    def is_loaded(self) -> bool:
        """Return whether applicants were ever loaded; whether they can be read is another matter."""
        return self._version is not None or self._stamp() is not None

    def info(self) -> StoreInfo:
        """Return what the store says of itself."""
        return self._opened().info

    def ids(self) -> pl.Series:
        """Return the ids of all applicants, ascending."""
        return pl.Series(APPLICATION_ID, self._opened().index.ids)

    def get(self, applicants: Sequence[int]) -> pl.DataFrame:
        """Return the key and every feature of `applicants`, a row each, in their order.

        Raises
        ------
        UnknownApplicantError
            Naming those that are not there.
        """
        version = self._opened()
        found = version.values.frame(version.index.rows_of(applicants))
        return found.insert_column(0, pl.Series(APPLICATION_ID, list(applicants), dtype=pl.Int64))

    def features_of(self, applicant: int) -> dict[str, float | str | None]:
        """Return every feature of one applicant by name: `get` without the cost of a frame.

        Raises
        ------
        UnknownApplicantError
            If there is no such applicant.
        """
        version = self._opened()
        return version.values.row(int(version.index.rows_of([applicant])[0]))

    def column(self, name: str) -> pl.Series:
        """Return one feature of all applicants, in the order of `ids`.

        Raises
        ------
        DataError
            If there is no such feature.
        """
        version = self._opened()
        return version.index.by_id(version.values.column(name))

    def scores(self) -> Scores:
        """Return the PDs and decisions of all applicants."""
        return self._opened().index.scores()

    def comparison(self) -> Comparison:
        """Return what compares all applicants by their features."""
        return self._opened().comparison

    def search(self, query: ApplicantQuery) -> Page:
        """Return the applicants that `query` finds.

        Raises
        ------
        DataError
            If the query makes no sense.
        """
        return self._opened().index.search(query)

    def verify(self) -> None:
        """Read every byte of the current version and compare it with what was written.

        Raises
        ------
        StoreUnavailableError
            If a file has been altered.
        """
        self._opened().verify()

    def reload_if_changed(self) -> bool:
        """Take up a newly published version and return whether there was one; without one, this costs microseconds.

        Raises
        ------
        StoreUnavailableError
            If it cannot be used, once; what was open then stays.
        """
        if self._version is not None and self._stamp() == self._seen:
            return False
        with self._one_at_a_time:
            stamp = self._stamp()
            if stamp is None or (self._version is not None and stamp == self._seen):
                return False
            self._seen = stamp
            former, self._version = self._version, self._open()
            return self._version is not former

    def load(
        self,
        parts: Iterable[pl.DataFrame],
        *,
        bundle: Bundle,
        applications: str,
        columns: Collection[str],
        tables: Mapping[str, int],
        on_rows: OnRows = lambda _: None,
    ) -> StoreInfo:
        """Publish a new version from feature matrices, and return what it says of itself.

        Memory is bounded by one of `parts`, which may come in any order. If anything goes wrong, the version before
        stays.

        Parameters
        ----------
        parts
            The key and every feature of the catalogue, as `assemble` gives them.
        bundle
            Gives the PDs and decisions to search by.
        applications, columns, tables
            The table of the applications, the columns (``table.COLUMN``) that were there, the rows of each table.

        Raises
        ------
        DataError
            If there is no applicant, or one occurs twice, or the bundle is of another portfolio.
        StoreUnavailableError
            If another process is writing.
        """
        scorer = Scorer(bundle, columns)
        with drafting(self.folder) as draft:
            written = write_applicants(draft, parts, scorer, on_rows=on_rows)
            ids, now = written.index[APPLICATION_ID], _now()
            info = StoreInfo(
                created_at=now,
                applications=applications,
                applicants=ids.len(),
                first=ids[0],
                last=ids[-1],
                tables=dict(tables),
                columns=tuple(sorted(columns)),
                features=tuple(catalogue()),
                levels=written.levels,
                definitions_digest=definitions_digest(catalogue()),
                scored_by=bundle.digest,
                scored_at=now,
                coverage=scorer.coverage,
                files=written.files,
            )
            publish(self.folder, draft, info)
        self.reload_if_changed()
        return info

    def rescored(self, bundle: Bundle, *, on_rows: OnRows = lambda _: None) -> StoreInfo:
        """Publish the same applicants with the PDs and decisions of `bundle`, unless they are its already.

        The feature values are not written again. Memory is bounded by 20,480 applicants.

        Raises
        ------
        DataError
            If the bundle is of another portfolio.
        StoreUnavailableError
            If another process is writing.
        """
        self.reload_if_changed()
        if self.info().scored_by == bundle.digest:
            return self.info()
        with drafting(self.folder) as draft:
            self.reload_if_changed()
            version = self._opened()
            scorer = Scorer(bundle, version.info.columns)
            files = write_scores(draft, version, scorer, on_rows=on_rows)
            info = version.info.model_copy(
                update={
                    "scored_by": bundle.digest,
                    "scored_at": _now(),
                    "coverage": scorer.coverage,
                    "files": files,
                }
            )
            publish(self.folder, draft, info)
        self.reload_if_changed()
        return info

    def _opened(self) -> Version:
        if self._version is None:
            self.reload_if_changed()
        if self._version is None:
            raise StoreUnavailableError(
                f"there are no applicants under {self.folder}", "load some: `credit-scoring applicants load DIR`"
            )
        return self._version

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = (self.folder / POINTER).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _open(self) -> Version | None:
        """Return the version that the pointer names; it may be replaced, and then removed, in the meantime."""
        pointer = read_pointer(self.folder)
        while pointer is not None and (self._version is None or self._version.digest != pointer.current):
            try:
                return Version(version_folder(self.folder, pointer.current), pointer.current)
            except StoreUnavailableError:
                later = read_pointer(self.folder)
                if later == pointer:
                    raise
                pointer = later
        return self._version


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
