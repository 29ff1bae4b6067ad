"""A real browser for the tests of the web app."""

from collections.abc import Iterator

import pytest

PATIENCE_MS = 30_000
# No fetches of its own: what the tests see leaving the browser is the web app's doing.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator:
    """One Chromium for a module: while Playwright runs, nothing else can run an event loop in this thread."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


class Window:
    """Opens pages, and remembers what went wrong in them."""

    def __init__(self, browser, address: str) -> None:
        self.address = address
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list = []

    def open(self, path: str = "/", **options):
        """A page in a fresh profile: English, desktop, light, unless told otherwise."""
        options = {"locale": "en-US", "viewport": {"width": 1280, "height": 820}, **options}
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("request", self._on_request)
        page.goto(self.address + path)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _on_console(self, message) -> None:
        expected = "Failed to load resource" in message.text  # the answers that a test provokes
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(f"console: {message.text}")

    def _on_request(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"left the house: {request.url}")


@pytest.fixture
def window(browser, server_address: str) -> Iterator[Window]:
    """Opens pages; afterwards no page may have complained or asked anyone else for anything."""
    opened = Window(browser, server_address)
    yield opened
    opened.close()
    assert not opened.complaints
