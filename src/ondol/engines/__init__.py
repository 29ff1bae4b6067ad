"""The only door to models: adapters behind the protocols of ``ondol.core.protocols``, the catalogue, a shipped fake."""
