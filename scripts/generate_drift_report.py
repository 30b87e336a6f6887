"""The drift report as the reference project's users make it: ``python scripts/generate_drift_report.py``."""

import os
import sys
from pathlib import Path

from credit_scoring.launch import main

page = Path(os.environ.get("CREDIT_SCORING_HOME", "")).expanduser() / "reports" / "data_drift_report.html"
sys.argv[1:1] = ["drift", "-o", str(page)]
main()
