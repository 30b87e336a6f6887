"""The dashboard as the reference project's users start it: ``streamlit run streamlit_app/app.py``."""

from credit_scoring.dashboard.app import main

main()
