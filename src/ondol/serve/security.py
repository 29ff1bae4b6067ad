"""The door: who is asking, and whether a web page elsewhere is asking through somebody's browser.

The rules, in order (``docs/reference/access.md`` tells them to operators):

1. ``Authorization: Bearer ondol_…`` is looked up; a wrong one is refused. Any other bearer token counts as
   none, because OpenAI clients insist on sending one.
2. A session cookie, got for a key by ``POST /api/v1/session``, is its key for as long as the key is valid.
3. *Plain loopback*: the peer is a loopback address, nothing says that a proxy stands in front (``Forwarded``,
   ``X-Forwarded-*``, ``X-Real-IP``, ``Via``, HTTP/1.0), the server is not bound elsewhere, keys are not
   required by the settings and nobody has one. Then the asker is the local principal, if
   ``Host`` is a loopback name with our port (against DNS rebinding) and ``Origin`` and ``Sec-Fetch-Site``
   do not name another site (against forged requests).
4. Otherwise nobody: only the health, the sign-in and the web app's own files are served.

A request that changes something and comes with a principal that the browser adds by itself (2, 3) must in
addition show that a page of ours or a program sent it: JSON (another site's page cannot send it without
asking first), our own ``Origin``, ``Sec-Fetch-Site: same-origin``, the header ``X-Ondol``, or a user agent
that is no browser.
"""

import hashlib
import ipaddress
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError, AuthenticationError, OndolError, SettingsError

log = logging.getLogger(__name__)

SESSION_COOKIE = "ondol_session"
SESSION_S = 12 * 3600
MAX_SESSIONS = 10_000
KEYS_SEEN_S = 1.0
KEY_PREFIX = "ondol_"
PROOF_HEADER = "x-ondol"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_PROXY_HEADERS = frozenset({
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-envoy-external-address",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
})
_PROXY_PREFIX = "x-forwarded-"
_KEY_REMEDY = (
    "Send the header `Authorization: Bearer ondol_…`; the operator makes keys with `ondol keys add`."
)

UNEXPECTED = OndolError(
    "The server met an error that it did not expect.", remedy="The server's log says more; try again."
)

UNREAD = frozenset({408, 413})
"""Responses to bodies that were not read to their end: the connection is of no further use."""

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


@dataclass(frozen=True)
class Access:
    """Who asks, and how that was established.

    Attributes:
        principal: ``None``: nobody.
        local: the machine's owner, without a key.
        session: by cookie.
    """

    principal: Principal | None = None
    local: bool = False
    session: bool = False

    @property
    def is_ambient(self) -> bool:
        """Whether a browser would show this identity without its user's doing."""
        return self.local or self.session


NOBODY = Access()
FindPrincipal = Callable[[str], Principal | None]


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine's own loopback."""
    name = host.strip("[]").partition("%")[0]
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


class Guard:
    """Decides who asks.

    Args:
        find_principal: from a key's secret to its principal; ``None`` for a wrong or revoked one.
        has_keys: whether anybody has a valid key; asked at most once a second.
        bind_host: address that the server listens on.
        require_keys: no local principal, even on plain loopback.
        allowed_hosts: host names, besides the loopback's, under which the server is reached.
        clock: seconds, monotonic.
    """

    session_s = SESSION_S

    def __init__(
        self,
        find_principal: FindPrincipal,
        *,
        has_keys: Callable[[], bool],
        bind_host: str,
        require_keys: bool,
        allowed_hosts: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_principal = find_principal
        self._has_keys = has_keys
        self._keys_seen, self._keys_seen_at = False, float("-inf")
        self._local_allowed = is_loopback(bind_host) and not require_keys
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._sessions: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._clock = clock

    # -- sessions ------------------------------------------------------------------------------------

    def open_session(self, key: str) -> tuple[str, Principal]:
        """Return a fresh session token for a valid key; raises ``AuthenticationError``."""
        principal = self._principal_of(key)
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(token)] = (key, self._clock() + SESSION_S)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return token, principal

    def close_session(self, token: str) -> None:
        """Forget a session; does nothing for an unknown one."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def _session_key(self, token: str) -> str | None:
        with self._lock:
            key, expires = self._sessions.get(_digest(token), ("", 0.0))
            if key and expires < self._clock():
                del self._sessions[_digest(token)]
                return None
        return key or None

    def _principal_of(self, key: str) -> Principal:
        principal = self._find_principal(key) if key.startswith(KEY_PREFIX) else None
        if principal is None:
            raise AuthenticationError("The API key is not valid, or was revoked.", remedy=_KEY_REMEDY)
        return principal

    # -- decisions -----------------------------------------------------------------------------------

    def needs_lookup(self, headers: Headers) -> bool:
        """Tell whether ``identify`` will ask the database, and so should not run on the event loop."""
        if KEY_PREFIX in headers.get("authorization", "") or SESSION_COOKIE in headers.get("cookie", ""):
            return True
        return self._local_allowed and self._clock() - self._keys_seen_at >= KEYS_SEEN_S

    def _is_anybody_set_up(self) -> bool:
        """Tell whether the machine's owner gave somebody a key: from then on nobody enters without one."""
        if self._clock() - self._keys_seen_at >= KEYS_SEEN_S:
            self._keys_seen, self._keys_seen_at = self._has_keys(), self._clock()
        return self._keys_seen

    def identify(self, scope: Scope, headers: Headers) -> Access:
        """Establish who asks; a key is looked up in the database.

        Raises:
            AuthenticationError: a key was sent and is not valid.
            AccessDeniedError: on loopback, under a foreign host name or from a foreign page.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() == "bearer" and token.startswith(KEY_PREFIX):
            return Access(self._principal_of(token))
        access = self._identify_session(headers)
        if access is None and self._local_allowed and is_plain_loopback(scope, headers):
            check_local_host(headers, _port(scope))
            if not self._is_anybody_set_up():
                access = Access(LOCAL_PRINCIPAL, local=True)
        if access is None:
            return NOBODY
        self._check_same_site(scope, headers)
        return access

    def _identify_session(self, headers: Headers) -> Access | None:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
        except CookieError:
            return None
        key = self._session_key(morsel.value) if morsel is not None else None
        if key is None:
            return None
        principal = self._find_principal(key)
        return None if principal is None else Access(principal, session=True)

    def _check_same_site(self, scope: Scope, headers: Headers) -> None:
        """Refuse what a page of another site could have sent with an identity that the browser adds."""
        origin, fetch_site = headers.get("origin"), headers.get("sec-fetch-site")
        own = origin is not None and self._is_own_origin(origin, headers.get("host", ""))
        if (origin is not None and not own) or fetch_site in {"cross-site", "same-site"}:
            raise AccessDeniedError(
                "The request comes from a page of another site.",
                remedy="Open Ondol's own page, or use an API key.",
            )
        if scope["method"] in SAFE_METHODS or own or fetch_site in {"same-origin", "none"}:
            return
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_program = not headers.get("user-agent", "").startswith("Mozilla/") and "referer" not in headers
        if content_type == "application/json" or PROOF_HEADER in headers or is_program:
            return
        raise AccessDeniedError(
            "The request does not show that it comes from Ondol's own page.",
            remedy=f"Send the header `{PROOF_HEADER}: 1`.",
        )

    def _is_own_origin(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in {"http", "https"}:
            return False
        place = parts.netloc.lower()
        return place in self._allowed_hosts or place == host.lower() or _is_same_local(place, host.lower())

    def check_host(self, headers: Headers) -> None:
        """With allowed hosts set, refuse any other name; raises ``AccessDeniedError``."""
        name = headers.get("host", "").lower()
        bare = split_host(name)[0]
        if not self._allowed_hosts or bare in LOCAL_NAMES or {name, bare} & self._allowed_hosts:
            return
        raise AccessDeniedError(
            "The server is not known under this host name.",
            remedy="The operator lists its names in the setting allowed_hosts.",
        )


def is_plain_loopback(scope: Scope, headers: Headers) -> bool:
    """Tell whether peer and listening address are loopback and no proxy shows itself.

    HTTP/1.0 counts as a proxy: nginx speaks it to its upstream by default and adds no header that tells.
    """
    client, server = scope.get("client"), scope.get("server")
    if not client or not server or not is_loopback(client[0]) or not is_loopback(server[0]):
        return False
    if scope.get("http_version") == "1.0":
        return False
    return not any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIX) for name in headers)


def _port(scope: Scope) -> int:
    server = scope.get("server")
    return int(server[1]) if server and server[1] else 80


def split_host(host: str) -> tuple[str, int | None]:
    """Split a ``Host`` header into name and port; an IPv6 name keeps its brackets."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not name:
        return host, None
    return (name, int(port)) if port.isdecimal() else (name, None)


def _is_same_local(origin: str, host: str) -> bool:
    """Tell whether two names with ports mean the same server of this machine."""
    (name, port), (other, other_port) = split_host(origin), split_host(host)
    return name in LOCAL_NAMES and other in LOCAL_NAMES and port == other_port


def check_local_host(headers: Headers, port: int) -> None:
    """Refuse a foreign or missing ``Host``: a page whose name was rebound to 127.0.0.1 sends its own."""
    name, given = split_host(headers.get("host", "").lower())
    if name in LOCAL_NAMES and (given if given is not None else 80) == port:
        return
    raise AccessDeniedError(
        "On this machine the server answers to localhost only.",
        remedy=f"Open http://127.0.0.1:{port}, or use an API key.",
    )


def check_binding(host: str, *, has_keys: bool) -> None:
    """Raise ``SettingsError`` when the server would listen beyond this machine and nobody could sign in."""
    if not is_loopback(host) and not has_keys:
        raise SettingsError(
            f"The server would listen on {host}, where others can reach it, and there is no API key yet.",
            remedy="Make one first: `ondol keys add NAME`; or listen on 127.0.0.1.",
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SecurityMiddleware:
    """Puts the ``Access`` into the scope and security headers on every response; catches what nobody caught.

    Args:
        identify: establishes who asks.
        refuse: builds the response for an error on a path.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        identify: Callable[[Scope, Headers], Awaitable[Access]],
        refuse: Callable[[Scope, OndolError], ASGIApp],
    ) -> None:
        self._app, self._identify, self._refuse = app, identify, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Identify, then pass on or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Started(send)
        try:
            scope["ondol.access"] = await self._identify(scope, Headers(scope=scope))
            await self._app(scope, receive, response.send)
        except Exception as error:
            if response.is_started:
                raise
            if not isinstance(error, OndolError):
                log.exception("unexpected error at %s %s", scope["method"], scope["path"])
            known = error if isinstance(error, OndolError) else UNEXPECTED
            await self._refuse(scope, known)(scope, receive, response.send)


class _Started:
    """Adds the security headers and remembers whether a response has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_started = True
            present = {name.lower() for name, _ in message["headers"]}
            extra = [(name, value) for name, value in SECURITY_HEADERS if name not in present]
            if message["status"] in UNREAD:
                extra.append((b"connection", b"close"))
            message = {**message, "headers": [*message["headers"], *extra]}
        await self._send(message)
