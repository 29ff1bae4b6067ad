"""Alembic migrations, shipped inside the package and run by ``ondol.store.migrate``."""

HEAD = "0002"
"""The newest revision; when a database is there already, Alembic is not even imported."""
