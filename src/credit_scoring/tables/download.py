"""The data from Kaggle, by Kaggle's own client and the user's own account."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from credit_scoring.domain.errors import DataError, MissingExtraError

COMPETITION = "home-credit-default-risk"
SIGN_UP = (
    "create an API token in your Kaggle account's settings, set it as KAGGLE_API_TOKEN or save it as "
    f"~/.kaggle/access_token, and accept the rules of the competition {COMPETITION!r} on its page"
)


def download(out: Path) -> list[Path]:
    """Download and unpack the competition's files into `out` and return them; 0.7 GB packed, 2.7 GB unpacked.

    Raises
    ------
    MissingExtraError
        If Kaggle's client is not installed.
    DataError
        If there are no credentials, or Kaggle refuses.
    """
    client = _client()
    out.mkdir(parents=True, exist_ok=True)
    try:
        client.competition_download_files(COMPETITION, path=str(out), quiet=False)
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"Kaggle did not give the files ({reason}): {SIGN_UP}") from error
    archive = out / f"{COMPETITION}.zip"
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(out)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive} is not complete: delete it and download again ({error})") from error
    archive.unlink()
    return sorted(out.glob("*.csv"))


def _client() -> Any:
    """Return Kaggle's client, signed in."""
    try:
        from kaggle.api.kaggle_api_extended import KaggleApi  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError("kaggle", "downloading the data") from error
    client = KaggleApi()
    try:
        client.authenticate()
    except (OSError, ValueError, SystemExit) as error:  # the client exits where it finds no credentials
        raise DataError(f"Kaggle's client finds no credentials: {SIGN_UP}") from error
    return client
