"""Which host may be called."""

import pytest

from ondol.core.errors import AccessDeniedError, SettingsError
from ondol.policy.egress import check_host

ALLOWED = ["https://models.internal/v1", "http://10.0.0.5:8000/v1"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/v1",
        "http://localhost:8000",
        "http://[::1]:8000/v1",
        "https://models.internal:443/v1/chat/completions",
        "https://MODELS.internal/other",
        "http://10.0.0.5:8000/v1/rerank",
    ],
)
def test_loopback_and_addresses_of_the_settings_may_be_called(url):
    check_host(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/v1",
        "http://models.internal/v1",
        "https://models.internal:8443/v1",
        "https://models.internal.example.org/v1",
        "https://models.internal@example.org/v1",
        "http://10.0.0.6:8000/v1",
        "http://localhost.example.org/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_nothing_else_may(url):
    with pytest.raises(AccessDeniedError, match="not an address that the settings name"):
        check_host(url, ALLOWED)


@pytest.mark.parametrize(
    "url", ["", "models.internal", "ftp://127.0.0.1/x", "http://", "http://[::1", "http://a:99999"]
)
def test_what_is_no_address_is_said(url):
    with pytest.raises(SettingsError, match="whole http or https URL"):
        check_host(url, ALLOWED)


def test_a_password_in_the_address_is_not_repeated():
    with pytest.raises(AccessDeniedError) as caught:
        check_host("https://user:hunter2@example.org/v1", [])
    assert "hunter2" not in str(caught.value)
