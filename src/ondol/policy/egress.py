"""Which host may be called: loopback, and the addresses that the settings name; no other."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from ondol.core.errors import AccessDeniedError, SettingsError

_PORTS = {"http": 80, "https": 443}


def check_host(url: str, allowed: Iterable[str]) -> None:
    """Return if ``url`` may be called.

    Args:
        url: an absolute http or https address.
        allowed: addresses of the settings; scheme, host and port must be those of one of them.

    Raises:
        AccessDeniedError: it is neither on loopback nor allowed.
        SettingsError: it is no such address.
    """
    target = _split(url)
    if is_loopback(target.hostname or "") or _origin(target) in {_origin(_split(a)) for a in allowed}:
        return
    raise AccessDeniedError(
        f"{_origin(target)} is not an address that the settings name, so it was not called.",
        remedy="If it should be, set it as a base URL, for example ONDOL_CHAT_BASE_URL.",
    )


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine by its very name, without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingsError(
            "The address of a server is not a whole http or https URL.",
            remedy="Write it like http://127.0.0.1:8000/v1.",
        )
    return urlsplit(url)


def _origin(parts: SplitResult) -> str:
    """Return scheme, host and port; never the user or password a URL may carry."""
    host = (parts.hostname or "").rstrip(".")
    return f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}"
