from __future__ import annotations

import builtins
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from credit_scoring.domain.errors import DataError, MissingExtraError
from credit_scoring.tables import download as module
from credit_scoring.tables.download import COMPETITION, download


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without Kaggle's files, an environment without its variables."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "KAGGLE_CONFIG_DIR"):
        monkeypatch.setenv(name, str(home))
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "kaggle"]:
        monkeypatch.delitem(sys.modules, name)  # the client reads its folder at import
    return home


def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without_kaggle(
        name: str,
        globals_: Mapping[str, object] | None = None,
        locals_: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> object:
        if name.split(".", maxsplit=1)[0] == "kaggle":
            raise ImportError(name)
        return real(name, globals_, locals_, fromlist or (), level)

    monkeypatch.setattr(builtins, "__import__", without_kaggle)
    with pytest.raises(MissingExtraError, match=r"credit-scoring\[kaggle\]"):
        download(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_without_credentials_it_is_told_how_to_get_them(no_credentials: Path, tmp_path: Path) -> None:
    pytest.importorskip("kaggle", reason="needs the kaggle extra", exc_type=ImportError)
    with pytest.raises(DataError) as error:
        download(tmp_path / "data")
    assert "no credentials" in str(error.value)
    assert "KAGGLE_API_TOKEN" in str(error.value)
    assert COMPETITION in str(error.value)
    assert not (tmp_path / "data").exists()


class Client:
    """Kaggle's client, as far as it is used."""

    def __init__(self, content: Mapping[str, str] | None = None, *, refusal: str | None = None, cut: int = 0) -> None:
        self.content, self.refusal, self.cut = content or {}, refusal, cut

    def competition_download_files(self, competition: str, path: str, **_: object) -> None:
        if self.refusal is not None:
            raise RuntimeError(self.refusal)
        archive = Path(path) / f"{competition}.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for name, text in self.content.items():
                packed.writestr(name, text)
        archive.write_bytes(archive.read_bytes()[: -self.cut or None])


def test_the_files_are_unpacked_and_the_archive_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_client", lambda: Client({"bureau.csv": "a\n1\n", "application_train.csv": "b\n"}))
    files = download(tmp_path / "some" / "data")
    assert [file.name for file in files] == ["application_train.csv", "bureau.csv"]
    assert files[1].read_text() == "a\n1\n"
    assert sorted((tmp_path / "some" / "data").iterdir()) == files


@pytest.mark.parametrize(("refusal", "told"), [("403 - Forbidden\nlong page", "403"), ("", "RuntimeError")])
def test_a_refusal_of_kaggle_is_told_with_what_to_do(
    refusal: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "_client", lambda: Client(refusal=refusal))
    with pytest.raises(DataError, match="accept the rules") as error:
        download(tmp_path)
    assert told in str(error.value)
    assert "long page" not in str(error.value)


def test_an_archive_that_is_not_whole_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_client", lambda: Client({"bureau.csv": "a\n1\n"}, cut=30))
    with pytest.raises(DataError, match="download again"):
        download(tmp_path)
