"""What every route works with: the opened home, the threads, the door keeper and the job runner."""

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from ondol.core.access import LOCAL_PRINCIPAL, Principal
from ondol.core.errors import AccessDeniedError, AuthenticationError, OndolError
from ondol.core.models import Capability, ModelRecord
from ondol.engines.chat.profiles import build_profile
from ondol.serve.bridge import Workers
from ondol.serve.jobs import JobRunner
from ondol.serve.reviewing import Reviewing
from ondol.serve.security import NOBODY, Access, Guard
from ondol.serve.trail import AuditTrail
from ondol.serve.upkeep import Upkeep
from ondol.serve.upstream import Upstream

if TYPE_CHECKING:
    from ondol.serve.flows import Ondol

log = logging.getLogger(__name__)

_REQUEST_THREADS = 16
_PICTURE_BYTES = 64 * 1024 * 1024
_REFUSED_EVERY_S = 10.0


class ServeContext:
    """State of one server; made when its application is, closed with it."""

    def __init__(self, ondol: "Ondol") -> None:
        self.ondol = ondol
        settings = ondol.settings
        limit = settings.max_concurrent
        self.workers = Workers(name="request", threads=min(limit, _REQUEST_THREADS), max_pending=limit)
        self.streams = Workers(name="stream", threads=limit, max_pending=limit)
        # The door has threads of its own: who may enter is decided while the rooms are full.
        self.door = Workers(name="door", threads=2, max_pending=10_000)
        self.guard = Guard(
            ondol.store.keys.authenticate_key,
            has_keys=self.has_keys,
            bind_host=settings.host,
            require_keys=settings.require_keys or settings.behind_proxy,
            allowed_hosts=settings.allowed_hosts,
        )
        self.runner = JobRunner(ondol)
        self.upkeep = Upkeep(ondol)
        self.reviewing = Reviewing(ondol)
        self.upstream = Upstream(max_open=limit)
        self._refused_at = float("-inf")
        self.pictures = PictureCache(self.workers)

    def start(self) -> None:
        """Begin to run jobs and to keep the index up to date."""
        self.upkeep.start()
        self.runner.start()

    def close(self) -> None:
        """Stop jobs at their next safe point and refuse new work."""
        self.runner.close()
        self.upkeep.close()
        self.trail.close()
        for workers in (self.workers, self.streams, self.door):
            workers.close()

    @cached_property
    def trail(self) -> AuditTrail:
        """The way to the audit log."""
        return AuditTrail(self.ondol.store.audit)

    def note_refused_key(self) -> None:
        """Put a wrong key into the audit; of many in a row, one in ten seconds."""
        now = time.monotonic()
        if now - self._refused_at > _REFUSED_EVERY_S:
            self._refused_at = now
            self.trail.write_behind(Principal(name="nobody"), "key.refuse", outcome="denied")

    def has_keys(self) -> bool:
        """Tell whether anyone could sign in."""
        return bool(self.ondol.store.keys.list_keys(principal=LOCAL_PRINCIPAL))

    def model_names(self) -> tuple[str | None, str | None]:
        """Return the names of the default chat and embedding models, ``None`` where there is none."""
        chat = embed = None
        with contextlib.suppress(OndolError):
            model = self.ondol.chat()
            chat = None if model is None else model.profile.name
        with contextlib.suppress(OndolError):
            embedder = self.ondol.embedder
            embed = None if embedder is None else embedder.name
        return chat, embed

    def list_models(self) -> list[ModelRecord]:
        """Return the catalogue and configured servers' models; ``default_for`` tells which are in force."""
        settings = self.ondol.settings
        models = {model.name: model for model in self.ondol.catalogue.list_models()}
        chat, embed = self.model_names()
        in_force: tuple[tuple[Capability, str | None, str | None], ...] = (
            ("chat", chat, settings.chat_base_url),
            ("embed", embed, settings.embed_base_url),
        )
        for capability, name, address in in_force:
            if name is None:
                continue
            known = ModelRecord(
                name=name,
                source=address or "",
                installed=True,
                capabilities=_find_capabilities(capability, name),
            )
            models.setdefault(name, known)
            models = {
                m.name: _mark_default(m, capability, is_default=m.name == name) for m in models.values()
            }
        return list(models.values())


def _find_capabilities(kind: Capability, name: str) -> tuple[Capability, ...]:
    """Return what a server's model can do, as far as its name tells."""
    thinks = kind == "chat" and build_profile(name).reasoning == "switch"
    return (kind, "reasoning") if thinks else (kind,)


def _mark_default(model: ModelRecord, capability: Capability, *, is_default: bool) -> ModelRecord:
    others = tuple(c for c in model.default_for if c != capability)
    return model.model_copy(update={"default_for": (*others, capability) if is_default else others})


class PictureCache:
    """Page pictures by content, the last asked for; ``capacity`` bytes of them."""

    def __init__(self, workers: Workers, *, capacity: int = _PICTURE_BYTES) -> None:
        self._workers, self._capacity = workers, capacity
        self._num_bytes = 0
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    async def load(self, key: str, draw: Callable[[], bytes]) -> bytes:
        """Return the picture named ``key``, drawing it when it is not there."""
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        picture = await self._workers.run(draw)
        with self._lock:
            self._num_bytes += len(picture) - len(self._pictures.pop(key, b""))
            self._pictures[key] = picture
            while self._num_bytes > self._capacity:
                self._num_bytes -= len(self._pictures.popitem(last=False)[1])
        return picture


def get_context(request: Request) -> ServeContext:
    """Return the server's state."""
    context = request.app.state.context
    if not isinstance(context, ServeContext):
        raise TypeError("the application was made without a context")
    return context


def get_access(request: Request) -> Access:
    """Return who asks and how that was established."""
    access = request.scope.get("ondol.access", NOBODY)
    return access if isinstance(access, Access) else NOBODY


def get_principal(request: Request) -> Principal:
    """Return who asks; raises ``AuthenticationError`` for nobody."""
    principal = get_access(request).principal
    if principal is None:
        raise AuthenticationError(
            "No API key was sent.",
            remedy="Send `Authorization: Bearer ondol_…`; the operator makes keys with `ondol keys add`.",
        )
    return principal


def get_writer(request: Request) -> Principal:
    """Return an asker who may change documents; raises ``AccessDeniedError`` for others."""
    principal = get_principal(request)
    if not principal.is_admin:
        raise AccessDeniedError(
            "Only an administrator may change or delete documents.",
            remedy="Use a key made with `ondol keys add --admin`.",
        )
    return principal


Context = Annotated[ServeContext, Depends(get_context)]
Who = Annotated[Principal, Depends(get_principal)]
Writer = Annotated[Principal, Depends(get_writer)]
