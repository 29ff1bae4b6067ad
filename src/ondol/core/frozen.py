"""The base of every artifact: immutable, strict about unknown fields, JSON in and out."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; fields that are ``None`` are left out."""
        return self.model_dump(mode="json", exclude_none=True)
