"""The champion in service: loaded, proved, followed when another is promoted."""

from __future__ import annotations

import gc
import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.bundle.profile import seen_ranges
from credit_scoring.bundle.published import Pointer, Published, PublishedBundles
from credit_scoring.bundle.store import Bundle, load_bundle
from credit_scoring.decision.ranked import Ranked
from credit_scoring.domain.errors import BundleError, CreditScoringError
from credit_scoring.domain.record import Json
from credit_scoring.explain.reasons import Reasoner
from credit_scoring.scoring.golden import verify_golden_rows
from credit_scoring.scoring.intake import Intake

Floats = NDArray[np.float64]
logger = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
AGAIN_SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class Serving:
    """A verified bundle with all that scoring single applications needs, made once."""

    bundle: Bundle
    name: str
    version: int
    policy: dict[str, Json] = field(init=False)
    intake: Intake = field(init=False)
    reasoner: Reasoner = field(init=False)
    lowest: Floats = field(init=False)
    highest: Floats = field(init=False)

    def __post_init__(self) -> None:
        names = self.bundle.model.encoder.features
        seen = seen_ranges(self.bundle.profile)
        unlimited = (-np.inf, np.inf)
        made = {
            "policy": self.bundle.policy.model_dump(mode="json"),
            "intake": Intake(self.bundle),
            "reasoner": Reasoner(self.bundle.manifest.features, self.bundle.model.encoder),
            "lowest": np.array([seen.get(name, unlimited)[0] for name in names]),
            "highest": np.array([seen.get(name, unlimited)[1] for name in names]),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @property
    def digest(self) -> str:
        """Return the digest of the bundle."""
        return self.bundle.digest

    @cached_property
    def ranked(self) -> Ranked:
        """Return the out-of-fold predictions by ascending PD, sorted when first asked for."""
        rows = self.bundle.out_of_fold
        return Ranked(rows["p_default"].to_numpy(), rows["defaulted"].to_numpy())


class Champion:
    """Follows the published pointer. ``serving`` and ``challenger`` are replaced whole, so a request holds one.

    A bundle that fails verification or its golden rows is refused, and what was served stays; ``refused`` says why. It
    is tried again every ten seconds, as it may be restored where it lies.
    """

    def __init__(self, published: PublishedBundles) -> None:
        self.published = published
        self.serving: Serving | None = None
        self.challenger: Serving | None = None
        self.refused: str = ""
        self._seen: tuple[int, int, int] | None = None
        self._again = 0.0
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Load the champion, if there is one, and follow the pointer from a thread of its own."""
        self.follow()
        self._thread = threading.Thread(target=self._run, name="champion", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def follow(self) -> None:
        """Take up what the pointer names now, if that has changed."""
        with self._one_at_a_time:
            stamp, now = self._stamp(), time.monotonic()
            if stamp == self._seen and not (self.refused and now >= self._again):
                return
            try:
                self._take_up(self.published.pointer())
            except (CreditScoringError, OSError) as error:
                self._refuse(error)
                self._again = now + AGAIN_SECONDS
            self._seen = stamp

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.follow()
            except Exception:
                logger.exception("the champion could not be followed; it is tried again")

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self.published.pointer_file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _take_up(self, pointer: Pointer | None) -> None:
        if pointer is None:
            raise BundleError(
                f"no champion under {self.published.folder}: train a model with `credit-scoring train`, or set "
                "CREDIT_SCORING_HOME to the folder where it was trained"
            )
        self.serving = self._loaded(pointer.champion, self.serving, "champion") or self.serving
        self.refused = ""
        self.challenger = self._shadow(pointer.challenger)
        _settle()

    def _shadow(self, published: Published | None) -> Serving | None:
        if published is None:
            return None
        try:
            return self._loaded(published, self.challenger, "challenger") or self.challenger
        except (CreditScoringError, OSError) as error:
            logger.error("the challenger is not scored in shadow: %s", error)
            return None

    def _loaded(
        self, published: Published, present: Serving | None, role: Literal["champion", "challenger"]
    ) -> Serving | None:
        if present is not None and (present.digest, present.version) == (published.digest, published.version):
            return None
        bundle = load_bundle(self.published.path(published.digest), digest=published.digest)
        serving = Serving(bundle, published.model_name, published.version)
        verify_golden_rows(bundle, serving.intake)
        logger.info("version %d (bundle %s) is %s", published.version, published.digest[:12], role)
        return serving

    def _refuse(self, error: Exception) -> None:
        if str(error) == self.refused:  # told once, not at each attempt
            return
        self.refused = str(error)
        if self.serving is None:
            logger.error("there is no champion to serve: %s", error)
        else:
            logger.error(
                "the promoted champion is refused, version %d (bundle %s) stays in service: %s",
                self.serving.version,
                self.serving.digest[:12],
                error,
            )


def _settle() -> None:
    """Keep the garbage collector from going through all that stays, again and again; what was replaced it frees."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
