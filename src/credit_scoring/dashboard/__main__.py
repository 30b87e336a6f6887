"""What Streamlit runs: ``streamlit run`` of this file, or ``credit-scoring dashboard``."""

from credit_scoring.dashboard.app import main

main()
