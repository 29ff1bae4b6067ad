"""Signing in: behind a proxy nobody is the local owner, so the web app asks for a key."""

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def keyed(tmp_path_factory, chromium: str):
    """A server with one key, and the key."""
    import json

    from e2e_server import Server

    server = Server(tmp_path_factory.mktemp("keyed"))
    made = json.loads(server.run("keys", "add", "minji", "--label", "sensitive+hr", "--json"))
    yield server.start(), next(value for value in made.values() if str(value).startswith("ondol_"))
    server.stop()


@pytest.fixture
def server_address(keyed) -> str:
    return keyed[0]


def test_a_key_opens_the_house(window, keyed) -> None:
    page = window.open(extra_http_headers={"X-Forwarded-For": "203.0.113.9"})
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    field = page.get_by_label("Key", exact=True)
    field.fill("ondol_wrong")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not known")
    field.fill(keyed[1])
    field.press("Enter")
    expect(page.get_by_role("heading", name="Ask your own documents.")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog")).to_contain_text("minji (sensitive+hr)")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
