"""Ids of things that have no content or address to be named by: conversations, messages, jobs, keys."""

import secrets


def make_id(prefix: str) -> str:
    """Return a new random id: three letters, an underscore, 96 bits in hexadecimal."""
    return f"{prefix}_{secrets.token_hex(12)}"
