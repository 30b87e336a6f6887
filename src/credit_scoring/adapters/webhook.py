"""Alerts sent to whoever listens: a POST of JSON that chat tools take too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from credit_scoring.domain.errors import DataError, WebhookError
from credit_scoring.monitoring.alerts import Alert

SECONDS = 10


def send(url: str, alerts: Sequence[Alert], lines: Sequence[str]) -> None:
    """Send alerts: ``{"text": …, "alerts": […]}``, the text one line each, as Slack, Mattermost and Teams show it.

    Raises
    ------
    DataError
        If the address is not one of HTTP.
    WebhookError
        If it does not take them within ten seconds.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DataError("CREDIT_SCORING_ALERT_WEBHOOK must be an address that begins with http:// or https://")
    content = {"text": "\n".join(lines), "alerts": [alert.model_dump(mode="json") for alert in alerts]}
    request = Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=SECONDS):  # noqa: S310 - the scheme is checked
            pass
    except (URLError, HTTPException, OSError) as error:
        raise WebhookError(urlsplit(url).hostname or "", str(error)) from error
