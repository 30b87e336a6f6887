"""The program as Streamlit runs it, asking a real API; without a browser, so quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.running import THREE_SCORES, Running, free_port, running
from tests.served import Bundles
from tests.unit.monitoring.conftest import challenged

from credit_scoring import dashboard
from credit_scoring.adapters.decision_log.log import open_log
from credit_scoring.adapters.watch_book import WatchBook
from credit_scoring.dashboard.charts import plain
from credit_scoring.dashboard.words import Words
from credit_scoring.domain.text import LANGUAGES, Language
from credit_scoring.watch_log import record_pass, watch_decisions

SCRIPT = Path(dashboard.__path__[0]) / "__main__.py"
Opened = Callable[..., AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Run the program at an address."""

    def run(url: str, **address: str) -> AppTest:
        monkeypatch.setenv("CREDIT_SCORING_API_URL", url)
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return run


def texts_of(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(str(one.value) for one in (*app.title, *app.header, *app.markdown, *app.error, *app.warning))


def an_applicant(server: Running) -> int:
    return int(server.client.get("/applicants", params={"limit": 1}).json()["applicants"][0]["applicant"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_applicant_is_shown_as_recorded(server: Running, opened: Opened, language: Language) -> None:
    words, applicant = Words(language), an_applicant(server)
    app = opened(server.url, lang=language, applicant=str(applicant))
    told = texts_of(app)
    assert words("page.applicant") in told
    assert words("file.applicant", applicant=applicant) in told
    decision = app.query_params["decision"]
    explained = server.client.get(f"/decisions/{decision}/explanation", headers={"Accept-Language": language}).json()
    shown = "".join(one.proto.body for one in app.get("html"))
    assert words.percent(explained["p_default"]) in shown
    for reason in explained["reasons"]:
        assert words(f"concept.{reason['concept']}") in shown.replace("&#x27;", "'")


def test_to_look_again_or_in_another_language_decides_nothing(server: Running, opened: Opened) -> None:
    applicant = an_applicant(server)
    first = opened(server.url, lang="en", applicant=str(applicant)).query_params["decision"]
    count = len(server.client.get("/decisions", params={"applicant": applicant}).json()["decisions"])
    for language in LANGUAGES:
        assert opened(server.url, lang=language, applicant=str(applicant)).query_params["decision"] == first
    assert len(server.client.get("/decisions", params={"applicant": applicant}).json()["decisions"]) == count


def test_the_reference_project_s_file_is_the_same_program(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_SCORING_API_URL", server.url)
    file = Path(__file__).parents[3] / "streamlit_app" / "app.py"
    assert Words("en")("page.applicant") in texts_of(AppTest.from_file(file, default_timeout=60).run())
    assert (file.parent / ".streamlit" / "config.toml").read_bytes() == (
        SCRIPT.parent / ".streamlit" / "config.toml"
    ).read_bytes()


def test_the_language_is_switched_and_stays_in_the_address(server: Running, opened: Opened) -> None:
    app = opened(server.url, lang="en")
    assert Words("en")("page.applicant") in texts_of(app)
    app.sidebar.radio[0].set_value("fr").run()
    assert Words("fr")("page.applicant") in texts_of(app)
    assert app.query_params["lang"] == "fr"


def test_what_was_chosen_in_one_language_is_chosen_in_the_other(server: Running, opened: Opened) -> None:
    app = opened(server.url, lang="en")
    app.selectbox(key="find_decision-en").set_value("decline").run()
    for language in ("fr", "en"):
        app.sidebar.radio[0].set_value(language).run()
        assert app.selectbox(key=f"find_decision-{language}").value == "decline"
    assert not app.exception


def test_what_is_no_number_is_not_looked_for(server: Running, opened: Opened) -> None:
    app = opened(server.url, lang="en")
    app.text_input(key="number").set_value("12a")
    app.button[0].click().run()
    assert Words("en")("find.not_a_number") in texts_of(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_applicant_and_a_silent_api_are_told_with_a_way_on(
    server: Running, opened: Opened, language: Language
) -> None:
    words = Words(language)
    assert words("error.not-found.title") in texts_of(opened(server.url, lang=language, applicant="999999999"))
    silent = f"http://127.0.0.1:{free_port()}"
    app = opened(silent, lang=language)
    told = texts_of(app)
    assert words("error.down.title") in told
    assert silent in told
    assert [one.label for one in app.button][-1] == words("error.again")


@pytest.mark.parametrize(
    "address",
    [{"decision": "garbage"}, {"decision": "\x00"}, {"decision": "../../model/info?"}, {"applicant": "../simulate?"}],
)
def test_an_address_that_names_nothing_is_told_so(server: Running, opened: Opened, address: dict[str, str]) -> None:
    assert Words("en")("error.not-found.title") in texts_of(opened(server.url, lang="en", **address))


def test_a_filter_begins_again_at_the_first_page(server: Running, opened: Opened) -> None:
    app = opened(server.url, lang="en")
    app.number_input(key="find_page").set_value(3).run()
    app.selectbox(key="find_decision-en").set_value("decline").run()
    assert not app.exception
    assert len(app.dataframe) == 1


def test_an_application_in_a_file_does_not_stand_in_for_the_stored_applicant(server: Running, opened: Opened) -> None:
    applicant = an_applicant(server)
    row = {"application": {"SK_ID_CURR": applicant, "AMT_CREDIT": 450_000.0}}
    uploaded = server.client.post("/applications/score", json=row).json()["decision_id"]
    decision = opened(server.url, lang="en", applicant=str(applicant)).query_params["decision"]
    assert decision != uploaded
    assert server.client.get(f"/decisions/{decision}").json()["facts"]["endpoint"] == "applicant"


def test_a_purged_decision_still_shows_its_record(server: Running, opened: Opened) -> None:
    decision = server.client.post("/predict", json={"features": {"EXT_SOURCE_2": 0.5}, "applicant": 77}).json()
    with open_log(f"sqlite:///{server.home / 'decisions.db'}") as log:
        log.purge_applicant(77, "data protection")
    words, app = Words("en"), opened(server.url, lang="en", decision=decision["decision_id"])
    assert not app.exception
    assert [one.value for one in app.info] == [words("file.nothing_left")]
    assert words("record.reviews") in texts_of(app)


def test_what_a_reviewer_wrote_is_shown_as_written(server: Running, opened: Opened) -> None:
    decision = server.client.post("/predict", json={"features": {"EXT_SOURCE_2": 0.5}}).json()["decision_id"]
    comment = "**bold** ![i](http://host/i.png) $x$ :material/star:"
    review = {"action": "confirm", "decision": "decline", "reason_code": "other", "comment": comment, "reviewer": "E"}
    server.client.post(f"/decisions/{decision}/review", json=review).raise_for_status()
    app = opened(server.url, lang="en", decision=decision)
    app.session_state["file-section-en"] = Words("en")("file.record")
    app.run()
    assert not app.exception
    shown = [str(cell) for table in app.table for cell in table.value.to_numpy().ravel()]
    assert plain(comment) in shown


def simulation_page(url: str, language: str) -> None:
    """Stand for the program at that page, which a test cannot open by its address."""
    from credit_scoring.dashboard.desk import Desk  # noqa: PLC0415 - runs as a script of its own
    from credit_scoring.dashboard.views import simulation  # noqa: PLC0415
    from credit_scoring.dashboard.words import Words  # noqa: PLC0415

    simulation.page(Desk(Words("fr" if language == "fr" else "en"), url=url, key="", reviewer="", pages={}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_wrong_with_a_simulation_is_told_in_the_officer_s_language(server: Running, language: Language) -> None:
    features = {"AMT_CREDIT": 450_000.0, "EXT_SOURCE_2": 0.5}  # no annuity, so another term has no price
    decision = server.client.post("/predict", json={"features": features}).json()["decision_id"]
    words = Words(language)
    app = AppTest.from_function(simulation_page, args=(server.url, language), default_timeout=60)
    app.query_params["decision"] = decision
    app.run().number_input(key=f"simulate-{decision}-TERM").set_value(48)
    app.button[0].click().run()
    assert words("simulation.refused") in texts_of(app)
    headers, asked = {"Accept-Language": language}, {"decision": decision, "changes": {"TERM": 48}}
    (fault,) = server.client.post("/simulate", json=asked, headers=headers).json()["faults"]
    (table,) = [one.value for one in app.table]
    assert list(table.columns) == [words("error.field"), words("error.said")]
    assert table.to_numpy().tolist() == [
        [plain(f"{words('field.TERM')} (changes.TERM)"), plain(fault["problem"])],
    ]
    assert ("AMT_ANNUITY" in fault["problem"], "indiquez" in fault["problem"]) == (True, language == "fr")


@pytest.fixture
def watching(stocked: Path, tmp_path: Path) -> Iterator[Running]:
    """A server whose book of the watch is a test's own."""
    settings = {name: f"sqlite:///{tmp_path / name}.db" for name in ("decisions", "watch")}
    environment = {f"CREDIT_SCORING_{name.upper()}_URI": url for name, url in settings.items()}
    with running(stocked, **environment) as server:
        yield server


def monitoring(url: str, section: str, words: Words) -> AppTest:
    app = AppTest.from_function(monitoring_page, args=(url, words.language), default_timeout=60)
    app.session_state[f"monitoring-section-{words.language}"] = words(f"monitoring.{section}")
    app.run()
    assert not app.exception
    return app


def monitoring_page(url: str, language: str) -> None:
    """Stand for the program at that page, which a test cannot open by its address."""
    from credit_scoring.dashboard.desk import Desk  # noqa: PLC0415 - runs as a script of its own
    from credit_scoring.dashboard.views import monitoring  # noqa: PLC0415
    from credit_scoring.dashboard.words import Words  # noqa: PLC0415

    monitoring.page(Desk(Words("fr" if language == "fr" else "en"), url=url, key="", reviewer="", pages={}))


def test_the_watch_tells_its_passes_that_there_are_none_and_that_its_book_is_broken(
    watching: Running, bundles: Bundles, tmp_path: Path
) -> None:
    file, both = tmp_path / "watch.db", [Words(language) for language in LANGUAGES]
    for words, section in zip(both, ("drift", "volumes"), strict=True):
        app = monitoring(watching.url, section, words)
        assert [one.value for one in app.info] == [words("monitoring.no_pass")]
    for _ in range(30):
        watching.client.post("/predict", json=THREE_SCORES).raise_for_status()
    until = datetime.now(UTC)
    with open_log(f"sqlite:///{tmp_path / 'decisions.db'}") as log, WatchBook(f"sqlite:///{file}") as book:
        found = watch_decisions(bundles.first, log, until - timedelta(days=30), until)
        made, happened = record_pass(book, bundles.first, 1, found, until)
    for words in both:
        told = {one: monitoring(watching.url, one, words) for one in ("performance", "alerts", "volumes")}
        cards = "".join(one.proto.body for one in told["performance"].get("html"))
        assert words("monitoring.open", count=words.number(len(happened.opened))) in cards
        assert plain(words("chart.realised.nothing")) in texts_of(told["performance"])
        assert plain(words.day(made.until)) in texts_of(told["volumes"])
        codes = {str(cell).split()[0] for table in told["alerts"].table for cell in table.value.iloc[:, 0]}
        assert codes == {plain(one.code) for one in happened.opened}
    app = monitoring(watching.url, "challenger", both[0])
    assert [one.value for one in app.info] == [both[0]("challenge.none")]
    for known in (True, False):
        made_of = challenged(3, known=known)
        with WatchBook(f"sqlite:///{file}") as book:
            book.record_challenge(made_of)
        for words in both:
            app = monitoring(watching.url, "challenger", words)
            assert words(f"challenge.verdict.{made_of.judgement.verdict}") in texts_of(app)
            assert [one.value for one in app.info] == [words("challenge.past")]
            tables = [table.value for table in app.table]
            rules = [str(cell).split()[0] for cell in tables[0].iloc[:, 0]]
            assert rules == [plain(rule.code) for rule in made_of.judgement.rules]
            states = [words(f"challenge.state.{rule.state}") for rule in made_of.judgement.rules]
            assert list(tables[0].iloc[:, 3]) == [plain(state) for state in states]
            assert len(tables) == (3 if known else 2)  # rules, figures where there are any, both versions
    file.write_bytes(b"no book " * 512)
    for words, section in zip((*both, both[0]), ("alerts", "volumes", "challenger"), strict=True):
        app = monitoring(watching.url, section, words)
        assert any(words("monitoring.broken") in one.value for one in app.error)
        assert any(str(file) in one.value for one in app.code)
        assert any(words("queue.rate") in one.proto.body for one in app.get("html")) == (section == "volumes")
