"""Chat models: embedded, any OpenAI-compatible server, and a fake."""
