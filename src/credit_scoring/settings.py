"""What may be set from outside, read once, at the edge."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment, prefix ``CREDIT_SCORING_``.

    Everything a run keeps lies under ``home``. ``tracking_uri`` is any MLflow tracking server, ``tuning_uri`` any
    database for tuning studies, ``decisions_uri`` any for the decision log, ``watch_uri`` any for the passes and alerts
    of the watch; empty means SQLite under ``home``. ``alert_webhook`` is an address that takes alerts as JSON.

    The service: ``rate_limit`` is requests a second and caller (0: none), ``body_limit`` and ``batch_limit`` bytes of
    one request and of a batch, ``timeout`` seconds; ``unknown_features`` says whether a name that no feature has is
    refused or only warned about; ``cors_origins`` are the sites whose pages may call; ``log_features`` puts feature
    values into the service's own log. ``retention_days`` is how long inputs and feature values are kept, by default
    until they are purged by hand. ``simulated_clock`` is a file whose moment dates all that is recorded, in place of
    now: for a year in minutes, never for real applicants. What it dates is marked so for good.
    """

    model_config = SettingsConfigDict(env_prefix="CREDIT_SCORING_", frozen=True)

    home: Path = Field(default_factory=Path.cwd)
    tracking_uri: str = ""
    tuning_uri: str = ""
    decisions_uri: str = ""
    watch_uri: str = ""
    alert_webhook: str = ""
    model_name: str = Field("credit-scoring", min_length=1)
    retention_days: int | None = Field(None, ge=0)
    rate_limit: float = Field(0.0, ge=0)
    body_limit: int = Field(1_000_000, ge=1_000)
    batch_limit: int = Field(64_000_000, ge=1_000)
    timeout: float = Field(30.0, gt=0)
    unknown_features: Literal["refuse", "warn"] = "refuse"
    cors_origins: tuple[str, ...] = ()
    log_features: bool = False
    simulated_clock: Path | None = None

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @property
    def data(self) -> Path:
        """Return the folder of tables that is read where none is named."""
        return self.home / "data"

    @property
    def models(self) -> Path:
        """Return the folder of published bundles."""
        return self.home / "models"

    @property
    def studies(self) -> str:
        """Return the address of the tuning studies' database."""
        return self.tuning_uri or f"sqlite:///{self.home / 'tuning.db'}"

    @property
    def decisions(self) -> str:
        """Return the address of the decision log's database."""
        return self.decisions_uri or f"sqlite:///{self.home / 'decisions.db'}"

    @property
    def watch(self) -> str:
        """Return the address of the database of the watch's book."""
        return self.watch_uri or f"sqlite:///{self.home / 'watch.db'}"

    @property
    def reports(self) -> Path:
        """Return the folder of reports."""
        return self.home / "reports"

    @property
    def applicants(self) -> Path:
        """Return the folder of the feature store."""
        return self.home / "applicants"
