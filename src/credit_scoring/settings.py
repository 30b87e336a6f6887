"""What may be set from outside, read once, at the edge."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment, prefix ``CREDIT_SCORING_``.

    Everything a run keeps lies under ``home``. ``tracking_uri`` is any MLflow tracking server, ``tuning_uri`` any
    database for tuning studies; empty means SQLite under ``home``.
    """

    model_config = SettingsConfigDict(env_prefix="CREDIT_SCORING_", frozen=True)

    home: Path = Field(default_factory=Path.cwd)
    tracking_uri: str = ""
    tuning_uri: str = ""
    model_name: str = Field("credit-scoring", min_length=1)

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @property
    def models(self) -> Path:
        """Return the folder of published bundles."""
        return self.home / "models"

    @property
    def studies(self) -> str:
        """Return the address of the tuning studies' database."""
        return self.tuning_uri or f"sqlite:///{self.home / 'tuning.db'}"
