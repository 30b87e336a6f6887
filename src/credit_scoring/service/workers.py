"""One of several processes that serve: it does not outlive the one above it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading


def end_with_parent() -> None:
    """Let this process end once the one that started it as a worker has died, however it died.

    A worker that is left alone would keep the port, with nobody to start it again. A process that is no worker goes on.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
