"""Sources to corpus: chunking and the incremental, crash-safe pipeline."""
