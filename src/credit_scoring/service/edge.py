"""The outermost layer: body and time limits, security headers, latency; whatever escapes becomes a plain problem."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from credit_scoring.service.context import Context
from credit_scoring.service.problems import RefusedError, refused

logger = logging.getLogger(__name__)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
# The page of the documentation loads scripts, from this service alone; everything else is data.
DATA_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_OWN = b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
PAGE_POLICY = (b"content-security-policy", _OWN + b"; frame-ancestors 'none'")
PAGES = frozenset({"/docs", "/docs/oauth2-redirect"})
PAGE_FILES = "/docs/files"


class Edge:
    """Wraps the application. ``limits`` are bytes by path, ``limit`` those of every other."""

    def __init__(self, app: ASGIApp, *, limit: int, limits: Mapping[str, int], seconds: float) -> None:
        self._app, self._limit, self._limits, self._seconds = app, limit, limits, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        limited = _Limited(receive, scope, self._limits.get(scope["path"], self._limit))
        answered = _Answered(send, policy=PAGE_POLICY if scope["path"] in PAGES else DATA_POLICY)
        try:
            await self._handled(scope, limited, answered)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            context: Context = scope["app"].state.context
            context.metrics.answered(route, answered.status or 500, time.perf_counter() - began)

    async def _handled(self, scope: Scope, receive: _Limited, send: _Answered) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                receive.check_announced()
                await self._app(scope, receive, send)
        except RefusedError as refusal:
            response = refused(refusal.status, refusal.detail, headers=refusal.headers)
        except TimeoutError:
            response = refused(
                504,
                f"no answer within {self._seconds:g} s; what was asked may still be recorded: look before asking again",
            )
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            response = refused(500, "the request could not be handled; the service's log says why")
        else:
            return
        if send.status is None:
            await response(scope, receive, send)


class _Answered:
    """Sends an answer with the security headers; ``status`` is its status, once it has begun."""

    def __init__(self, send: Send, *, policy: tuple[bytes, bytes]) -> None:
        self._send, self._policy = send, policy
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.setdefault("headers", [])
            headers.extend((*HEADERS, self._policy))
        await self._send(message)


class _Limited:
    """Receives a body up to a limit."""

    def __init__(self, receive: Receive, scope: Scope, limit: int) -> None:
        self._receive, self._headers, self._limit, self._got = receive, scope["headers"], limit, 0

    def check_announced(self) -> None:
        """Refuse a body that announces itself as too large, before reading it."""
        for name, value in self._headers:
            if name == b"content-length" and value.isdigit() and int(value) > self._limit:
                self._refuse()

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._got += len(message.get("body", b""))
            if self._got > self._limit:
                self._refuse()
        return message

    def _refuse(self) -> None:
        raise RefusedError(413, f"the body may hold {self._limit:,} bytes here", headers={"Connection": "close"})
