"""A generated answer as it comes: sentence by sentence, stopped, withheld, or without a model."""

import re
import threading
from collections.abc import Iterator

import pytest
from chat_server import MODEL, ChatServer
from web_files import PUMP_PAGES, write_pdf

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = pytest.mark.browser

QUESTION = "How often are the impeller and the seal ring looked after?"
SENTENCES = (
    "The impeller of the pump must be replaced every 4000 operating hours",
    "The seal ring is checked once a month",
    "The seal ring is checked by a robot every 77 minutes",
)


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    server = ChatServer(SENTENCES, key="impeller")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def server_address(tmp_path, chat: ChatServer, chromium: str) -> Iterator[str]:
    from e2e_server import Server

    docs = tmp_path / "docs"
    docs.mkdir()
    write_pdf(docs / "coolant-pump.pdf", PUMP_PAGES)
    server = Server(tmp_path / "home", ONDOL_CHAT_BASE_URL=chat.base_url, ONDOL_CHAT_MODEL=MODEL)
    server.run("ingest", str(docs))
    yield server.start()
    server.stop()


def test_sentences_appear_as_they_are_written_and_are_checked(window, chat: ChatServer) -> None:
    page = window.open()
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    article = page.locator("article")
    expect(article).to_contain_text("every 4000 operating hours")
    expect(article).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(article.get_by_role("button", name=re.compile("^Source 1"))).to_be_visible()
    chat.go_on.set()
    expect(article).to_have_attribute("aria-busy", "false")
    expect(article).to_contain_text("The seal ring is checked once a month")
    expect(article).not_to_contain_text("robot")
    expect(article).to_contain_text("1 sentence withheld: no support found")
    expect(article).to_contain_text(f"Written by {MODEL}")


def test_stop_keeps_what_had_arrived(window, chat: ChatServer) -> None:
    page = window.open()
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    article = page.locator("article")
    expect(article).to_contain_text("every 4000 operating hours")
    page.get_by_role("button", name="Stop").click()
    expect(article).to_contain_text("Stopped. What had arrived is above.")
    expect(article).to_contain_text("every 4000 operating hours")
    chat.go_on.set()
    article.get_by_role("button", name="Ask again").click()
    expect(article).to_contain_text("The seal ring is checked once a month")
    expect(page.locator("article")).to_have_count(1)


def test_the_model_is_chosen_or_none(window, chat: ChatServer) -> None:
    chat.go_on.set()
    page = window.open()
    page.get_by_role("button", name="Think first").click()
    page.get_by_role("button", name=f"Model: {MODEL}").click()
    page.get_by_role("menuitemradio", name=re.compile("^Passages only")).click()
    expect(page.get_by_role("button", name="Think first")).to_have_count(0)
    page.locator("#question").fill("How often is the seal ring checked?")
    page.locator("#question").press("Enter")
    expect(page.locator("article")).to_contain_text("From your documents, word for word")
    assert not chat.requests
    page.reload()
    page.get_by_role("button", name="Model: Passages only").click()
    page.get_by_role("menuitemradio", name=re.compile(f"^{re.escape(MODEL)}")).click()
    expect(page.get_by_role("button", name="Think first")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="New question").click()
    page.locator("#question").fill(QUESTION)
    with page.expect_request(re.compile("/ask$")) as asked:
        page.locator("#question").press("Enter")
    assert asked.value.post_data_json["think"] is True
    expect(page.locator("article")).to_contain_text(f"Written by {MODEL}")
