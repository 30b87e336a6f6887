"""The API as the reference project's users start it: ``uvicorn api.main:app``."""

from credit_scoring.service.app import create_app

app = create_app()
