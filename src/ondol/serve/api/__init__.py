"""The platform API under ``/api/v1``, and the application that also carries the gateway and the web app."""

from ondol.serve.api.app import create_app

__all__ = ["create_app"]
