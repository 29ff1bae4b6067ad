"""Embedders: in-process, any OpenAI-compatible server, and a fake."""
