"""Ctrl-C ends the program, whatever it meets."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import signal, time
from credit_scoring.cli.interrupts import heed_every_interrupt

class Held:
    def __del__(self):
        print("in the finaliser", flush=True)
        time.sleep(60)

heed_every_interrupt()
held = Held()
try:
    del held
    time.sleep(60)
except KeyboardInterrupt:
    print("stopped")
"""


def test_ctrl_c_in_a_finaliser_is_raised_after_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in the finaliser\n"
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=30)
    assert (told, errors, process.returncode) == ("stopped\n", "", 0)
