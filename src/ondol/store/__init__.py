"""The only door to data at rest: database, originals, search index, jobs, audit."""
