"""The gateway: OpenAI-compatible endpoints over the catalogue's models, and ``ondol``, which cites."""
