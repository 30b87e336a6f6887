"""Tuned LightGBM parameters as a file: found by tuning or written by hand, checked before they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit_scoring.bundle.manifest import Metric
from credit_scoring.domain.errors import DataError
from credit_scoring.training.development import TrainingOptions, TrainingSet
from credit_scoring.training.provenance import data_fingerprint

Share = Annotated[float, Field(gt=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BoostingParameters(_Record):
    """The LightGBM parameters that may be set; one that is not there keeps its default.

    Examples
    --------
    >>> BoostingParameters(num_leaves=12).given()
    {'num_leaves': 12}
    """

    num_leaves: Annotated[int, Field(ge=2, le=1024)] | None = None
    min_child_samples: Annotated[int, Field(ge=1)] | None = None
    feature_fraction: Share | None = None
    bagging_fraction: Share | None = None
    lambda_l2: Annotated[float, Field(ge=0)] | None = None

    def given(self) -> dict[str, float]:
        """Return those that are set."""
        return self.model_dump(exclude_none=True)


class Origin(_Record):
    """What a study is made on: trials are comparable only where all of it is equal."""

    data_fingerprint: str
    definitions_digest: str
    folds: int
    seed: int
    holdout_share: float


class TunedParameters(_Record):
    """The best parameters of a study, and how much better than the defaults they were out of fold.

    ``log_loss`` holds those of ``best`` and ``defaults``; ``difference`` is best less defaults, paired, empty where
    the defaults are best. A file written by hand needs ``parameters`` only.
    """

    parameters: BoostingParameters = BoostingParameters()
    study: str = ""
    trials: int = 0
    log_loss: dict[str, float] = {}
    difference: dict[str, Metric] = {}
    made_on: Origin | None = None

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    def holdout_notice(self, data: TrainingSet, options: TrainingOptions) -> str:
        """Return what the user should know of the hold-out these parameters will meet; mostly nothing.

        Raises
        ------
        DataError
            If rows that the parameters were tuned on would be in the hold-out.
        """
        made = self.made_on
        if made is None or not options.holdout_share:
            return ""
        if made.data_fingerprint != data_fingerprint(data.matrix):
            return "the parameters were tuned on other data: the hold-out flatters them where it shares rows"
        if options.seed != made.seed or options.holdout_share > made.holdout_share:
            raise DataError(
                "these parameters were tuned on rows that would be in the hold-out: "
                f"train with --seed {made.seed} --holdout {made.holdout_share:g} as they were tuned, or tune again"
            )
        return ""


def read_parameters(path: Path) -> TunedParameters:
    """Return the parameters in a file.

    Raises
    ------
    DataError
        If it cannot be read or is not JSON, or a name is unknown, or a value has the wrong type or lies out of range.
    """
    try:
        return TunedParameters.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors())
        known = ", ".join(BoostingParameters.model_fields)
        raise DataError(f"{path} holds no parameters to train with: {faults}. What may be set: {known}") from error
