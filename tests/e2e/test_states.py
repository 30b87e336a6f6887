"""What people meet when something is missing or broken: a sentence, and a way on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.conftest import Dashboard, drawn, looking_at, photograph
from tests.running import Running, free_port, running

from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language

pytestmark = pytest.mark.slow
EN = Words("en")


def require_told(page: Page, words: Words, kind: str) -> None:
    expect(page.get_by_text(words(f"error.{kind}.title"))).to_be_visible()
    photograph(page, f"state-{kind}-{words.language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_api_is_down_and_comes_back(browser: Browser, stocked: Path, language: Language) -> None:
    words, home = Words(language), stocked
    server = Running(home, free_port(), {"CREDIT_SCORING_DECISIONS_URI": f"sqlite:///{home / 'down.db'}"})
    with looking_at(server.url, browser) as dashboard, dashboard.open(f"?lang={language}") as page:
        require_told(page, words, "down")
        server.start()
        try:
            page.get_by_role("button", name=words("error.again")).click()
            expect(page.get_by_label(words("find.number"))).to_be_visible()
        finally:
            server.stop()


def test_no_model_and_no_applicants_yet(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as server, looking_at(server.url, browser) as dashboard:
        with dashboard.open("?lang=en") as page:
            require_told(page, EN, "no-applicants")
        with dashboard.open("model?lang=en") as page:
            require_told(page, EN, "no-model")


def test_an_unknown_applicant_is_said_to_be_unknown(dashboard: Dashboard) -> None:
    with dashboard.open("?applicant=999999999&lang=en") as page:
        require_told(page, EN, "not-found")


def test_an_empty_queue_says_so_and_leads_on(browser: Browser, stocked: Path) -> None:
    log = f"sqlite:///{stocked / 'empty.db'}"
    with (
        running(stocked, CREDIT_SCORING_DECISIONS_URI=log) as server,
        looking_at(server.url, browser) as dashboard,
        dashboard.open("queue?lang=en") as page,
    ):
        expect(page.get_by_text(EN("queue.empty"))).to_be_visible()
        page.get_by_text(EN("queue.go_on")).click()
        expect(page.get_by_role("heading", name=EN("page.applicant"), level=1)).to_be_visible()


def test_an_expired_key_is_asked_for_again(browser: Browser, stocked: Path) -> None:
    settings = {
        "CREDIT_SCORING_HOME": str(stocked),
        "CREDIT_SCORING_DECISIONS_URI": f"sqlite:///{stocked / 'keys.db'}",
    }

    def keys(*arguments: str) -> str:
        command = [sys.executable, "-m", "credit_scoring", "keys", *arguments]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True).stdout

    scopes = ("--scope", "score", "--scope", "review")
    expired, valid = (keys("create", name, *scopes).strip() for name in ("old", "new"))
    keys("revoke", next(line.split()[0] for line in keys("list").splitlines() if " old " in line))
    with (
        running(stocked, **settings) as server,
        looking_at(server.url, browser, CREDIT_SCORING_API_KEY=expired) as dashboard,
        dashboard.open("queue?lang=en") as page,
    ):
        require_told(page, EN, "no-key")
        page.get_by_label(EN("error.key"), exact=True).fill(valid)
        page.get_by_role("button", name=EN("error.use_key")).click()
        expect(page.get_by_text(EN("queue.empty"))).to_be_visible()


@contextmanager
def delayed(server: Running, seconds: float) -> Iterator[str]:
    """Stand between a caller and a server, and pass on what is said `seconds` late."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(caller,), daemon=True).start()

    def converse(caller: socket.socket) -> None:
        with caller, socket.create_connection(("127.0.0.1", server.port)) as called:
            back = threading.Thread(target=pass_on, args=(called, caller), daemon=True)
            back.start()
            while heard := caller.recv(65_536):
                time.sleep(seconds)
                called.sendall(heard)
            called.shutdown(socket.SHUT_WR)
            back.join()

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        while heard := source.recv(65_536):
            target.sendall(heard)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_a_slow_answer_says_what_is_waited_for(api: Running, browser: Browser) -> None:
    with delayed(api, 3.0) as url, looking_at(url, browser) as dashboard:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{dashboard.url}/model?lang=fr")
        expect(page.get_by_text(Words("fr")("model.waits"))).to_be_visible(timeout=20_000)
        drawn(page)
        expect(page.get_by_text(Words("fr")("model.version")).first).to_be_visible()
        context.close()
