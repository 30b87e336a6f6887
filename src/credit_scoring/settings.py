"""What may be set from outside, read once, at the edge."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment, prefix ``CREDIT_SCORING_``.

    Everything a run keeps lies under ``home``. ``tracking_uri`` is any MLflow tracking server; empty means
    SQLite under ``home``.
    """

    model_config = SettingsConfigDict(env_prefix="CREDIT_SCORING_", frozen=True)

    home: Path = Field(default_factory=Path.cwd)
    tracking_uri: str = ""
    model_name: str = "credit-scoring"

    @property
    def models(self) -> Path:
        """Return the folder of published bundles."""
        return self.home / "models"
