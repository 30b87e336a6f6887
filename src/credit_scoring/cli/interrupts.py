"""Ctrl-C that nothing swallows."""

from __future__ import annotations

import signal
import sys
import threading

AGAIN_SECONDS = 0.05


def heed_every_interrupt() -> None:
    """Let Ctrl-C end the program even where Python cannot raise it, as in a finaliser or a callback from C.

    Python only prints what is raised there and goes on: a training would run to its end as if nobody had asked. It is
    raised again a moment later, when the finaliser is left.
    """
    told = sys.unraisablehook

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            told(unraisable)
            return
        main = threading.main_thread().ident
        later = threading.Timer(AGAIN_SECONDS, signal.pthread_kill, (main, signal.SIGINT))
        later.daemon = True
        later.start()

    sys.unraisablehook = again
