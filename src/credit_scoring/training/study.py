"""A tuning study in a database: made or gone on with, by one process or several."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from credit_scoring.domain.errors import MissingExtraError, StudyError
from credit_scoring.training.parameters import Origin

try:
    import optuna
    from optuna import Study, Trial, TrialPruned
    from optuna.exceptions import OptunaError
    from optuna.pruners import NopPruner
    from optuna.samplers import TPESampler
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial, TrialState
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError
except ImportError as error:  # pragma: no cover - exercised by the minimal-install check
    raise MissingExtraError("train", "tuning") from error

__all__ = [
    "Study",
    "Trial",
    "TrialPruned",
    "best_trial",
    "falls_behind",
    "finished_trials",
    "is_defaults",
    "opened_study",
]

DEFAULTS = "defaults"
MADE_ON = "made_on"
LOCK_SECONDS = 60
OPENING_ATTEMPTS = 5
FEWEST_FULL_TRIALS, FEWEST_FOLDS = 5, 2


class _SeededByTrial(TPESampler):
    """Draws each trial from the seed and the trial's number.

    So a study that was interrupted goes on as if it had not been, and processes never draw alike.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self._study_seed = seed

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        drawn = np.random.SeedSequence([self._study_seed, trial.number]).generate_state(1)
        super().__init__(seed=int(drawn[0]))
        super().before_trial(study, trial)


@contextmanager
def opened_study(url: str, name: str, made_on: Origin, defaults: Mapping[str, float]) -> Iterator[Study]:
    """Open the study `name`, made now if there is none; its first trial is the defaults.

    Raises
    ------
    StudyError
        If the study was made on other data or with other options, or its database fails, now or later.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with _told(url):
        storage = _storage(url)
        try:
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                load_if_exists=True,
                direction="minimize",
                sampler=_SeededByTrial(made_on.seed),
                pruner=NopPruner(),
            )
            _require_origin(study, made_on)
            _begin_with(study, defaults)
            yield study
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _begin_with(study: Study, defaults: Mapping[str, float]) -> None:
    """Let the defaults be the next trial, unless they are measured, or are being measured."""
    alive = (TrialState.WAITING, TrialState.RUNNING, TrialState.COMPLETE)
    if not any(is_defaults(trial) for trial in study.get_trials(deepcopy=False, states=alive)):
        study.enqueue_trial(dict(defaults), user_attrs={DEFAULTS: True})


def is_defaults(trial: FrozenTrial | Trial) -> bool:
    """Return whether the trial is that of the defaults."""
    return bool(trial.user_attrs.get(DEFAULTS))


def best_trial(study: Study) -> tuple[float, FrozenTrial] | None:
    """Return the lowest loss and its trial; ``None`` while no trial is finished."""
    full = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    losses = ((trial.value, trial) for trial in full if trial.value is not None)
    return min(losses, key=lambda pair: pair[0], default=None)


def finished_trials(study: Study) -> int:
    """Return how many trials are measured or were given up."""
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))


def falls_behind(trial: Trial, folds: int, loss: float) -> bool:
    """Return whether `loss` over the first `folds` is above the median of the full trials over the same folds.

    Optuna's own pruner takes a trial's lowest loss over any number of folds, which an easy first fold decides.
    """
    full = trial.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    known = [other.intermediate_values[folds] for other in full if folds in other.intermediate_values]
    return len(known) >= FEWEST_FULL_TRIALS and folds >= FEWEST_FOLDS and loss > float(np.median(known))


def _storage(url: str) -> RDBStorage:
    """Return the storage; two processes that make its tables at once get in each other's way, so try again."""
    arguments: dict[str, Any] = {"pool_pre_ping": True}
    if make_url(url).get_backend_name() == "sqlite":
        arguments["connect_args"] = {"timeout": LOCK_SECONDS}
    for attempt in range(1, OPENING_ATTEMPTS + 1):
        try:
            # No heartbeat: its thread outlives a Ctrl-C that meets it starting, and the program with it.
            return RDBStorage(url, arguments)
        except ImportError as error:
            raise StudyError(
                f"the study's database {_shown(url)} needs a driver that is not installed; for PostgreSQL install "
                "`credit-scoring[database]` and write postgresql+psycopg://…"
            ) from error
        except RuntimeError as error:  # tables of another version of Optuna
            raise StudyError(f"the study's database {_shown(url)} cannot be used: {error}") from error
        except (OptunaError, SQLAlchemyError):
            if attempt == OPENING_ATTEMPTS:
                raise
            time.sleep(0.2 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _require_origin(study: Study, made_on: Origin) -> None:
    """Let a new study remember what it is made on; refuse one that was made on anything else."""
    new = not study.get_trials(deepcopy=False)  # asked first: another process may be making the study now
    wanted, known = made_on.model_dump(), study.user_attrs.get(MADE_ON)
    if known is None and new:
        study.set_user_attr(MADE_ON, wanted)
    elif known != wanted:
        other = [key.replace("_", " ") for key in wanted if (known or {}).get(key) != wanted[key]]
        raise StudyError(
            f"the study {study.study_name!r} was made on something else: not the same {', '.join(other)}. "
            "Give the data and options it was made with, or another --study NAME"
        )


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn what Optuna and its database raise into one sentence without the password of the address."""
    try:
        yield
    except (OptunaError, SQLAlchemyError) as error:
        cause = error.__cause__ or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        raise StudyError(f"the study's database {_shown(url)} cannot be used: {reason}") from error


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "(not an address)"
