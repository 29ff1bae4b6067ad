"""The route class of the platform API: absent fields are left out, as in ``to_json``."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from ondol.core.errors import NotFoundError


class JsonRoute(APIRoute):
    """Leaves ``None`` out of responses."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["response_model_exclude_none"] = True
        super().__init__(path, endpoint, **options)


def build_router(tag: str, prefix: str = "") -> APIRouter:
    """Return an empty router for one tag."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=JsonRoute)


_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def check_key(value: str, what: str) -> None:
    """Raise ``NotFoundError`` for an id that cannot be one: the database is not asked."""
    if not _KEY.match(value):
        raise NotFoundError(f"There is no such {what}.")
