"""Who may do what: API keys with scopes, open on loopback while there is no key, a rate for each caller."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections import OrderedDict
from functools import lru_cache
from typing import Literal

from starlette.requests import HTTPConnection

from credit_scoring.adapters.decision_log.keys import ApiKeys
from credit_scoring.service.problems import RefusedError

Scope = Literal["score", "review", "admin"]
ALL_SCOPES: frozenset[Scope] = frozenset({"score", "review", "admin"})
ANONYMOUS = "loopback"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
MOST_CALLERS = 10_000
logger = logging.getLogger(__name__)


class Doorkeeper:
    """Tells the caller of a request, or refuses it.

    While no key exists, requests from this machine to a loopback name are open, and the first one from elsewhere makes
    a key, which is printed once. `rate` is requests a second and caller, with bursts of two seconds; 0: no limit.
    """

    def __init__(self, keys: ApiKeys, *, rate: float) -> None:
        self._keys, self._rate = keys, rate
        self._making = threading.Lock()
        self._keyless_until = 0.0
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def caller(self, request: HTTPConnection, scope: Scope | None) -> str:
        """Return who calls, allowed to do what `scope` names (``None``: any key will do).

        Raises
        ------
        RefusedError
            401 without a valid key, 403 where its scopes do not allow this, 429 where it calls too often.
        """
        token = _token(request)
        if token is None:
            caller, scopes = self._without_key(request)
        else:
            key = self._keys.verify(token)
            if key is None:
                raise RefusedError(401, "this API key is not valid; ask the operator for another", headers=_CHALLENGE)
            caller, scopes = key.id, key.scopes
        if scope is not None and scope not in scopes and "admin" not in scopes:
            raise RefusedError(403, f"this API key lacks the scope {scope}: ask the operator for one that has it")
        if self._rate:
            self._count(caller)
        return caller

    def _without_key(self, request: HTTPConnection) -> tuple[str, frozenset[str]]:
        if self._keyless():
            if _from_here(request):
                return ANONYMOUS, frozenset(ALL_SCOPES)
            self._first_key()
            raise RefusedError(
                401,
                "there was no API key yet: one has been made and is printed in the service's log; "
                "send it as Authorization: Bearer KEY",
                headers=_CHALLENGE,
            )
        raise RefusedError(401, "send an API key as Authorization: Bearer KEY", headers=_CHALLENGE)

    def _keyless(self) -> bool:
        """Return whether there is no key; that there was none a second ago counts."""
        now = time.monotonic()
        if now < self._keyless_until:
            return True
        if self._keys.any():
            return False
        self._keyless_until = now + 1.0
        return True

    def _first_key(self) -> None:
        with self._making:
            ensure_key(self._keys)
        self._keyless_until = 0.0

    def _count(self, caller: str) -> None:
        """Take one request of the caller's allowance (a token bucket)."""
        now, burst = time.monotonic(), 2.0 * self._rate
        left, since = self._left.pop(caller, (burst, now))
        left = min(burst, left + (now - since) * self._rate)
        self._left[caller] = (max(0.0, left - 1.0), now)
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        if left < 1.0:
            wait = (1.0 - left) / self._rate
            raise RefusedError(
                429,
                f"more than {self._rate:g} requests a second: wait {wait:.1f} s",
                headers={"Retry-After": str(max(1, round(wait)))},
            )


def ensure_key(keys: ApiKeys) -> None:
    """Make a key with every scope and print it once, unless there is one already."""
    if keys.any():
        return
    token = keys.create("first", ALL_SCOPES)
    print(  # noqa: T201 - the one time that the key is shown
        f"\nAPI key, shown this once; keep it: {token}\n"
        "Make others with `credit-scoring keys create`, and revoke this one with `credit-scoring keys revoke`.\n",
        flush=True,
    )


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _token(request: HTTPConnection) -> str | None:
    sent = request.headers.get("authorization")
    if sent is None:
        return request.headers.get("x-api-key")
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise RefusedError(401, "the Authorization header must read Bearer KEY", headers=_CHALLENGE)
    return token.strip()


def _from_here(request: HTTPConnection) -> bool:
    """Return whether a request comes from this machine, to a loopback name, and through no proxy.

    The name guards against pages of other sites whose name was rebound to this machine.
    """
    client = request.client
    if client is None or "forwarded" in request.headers or "x-forwarded-for" in request.headers:
        return False
    return _are_local(client.host, request.headers.get("host", ""))


@lru_cache(maxsize=64)
def _are_local(address: str, host: str) -> bool:
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
    name = host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host
    return local and name.lower() in LOCAL_NAMES
