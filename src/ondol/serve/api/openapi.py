"""Writes the OpenAPI document: ``python -m ondol.serve.api.openapi > web/openapi.json``."""

import json
import sys

from ondol.serve.api.app import build_routes


def dump_openapi() -> str:
    """Return the document as text, the same on every machine."""
    return json.dumps(build_routes().openapi(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dump_openapi())
