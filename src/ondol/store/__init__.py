"""The only door to data at rest: database, originals, search index, jobs, audit."""

from ondol.store.home import Store, open_store

__all__ = ["Store", "open_store"]
