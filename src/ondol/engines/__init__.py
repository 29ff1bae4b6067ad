"""The only door to models: adapters for the protocols of core, the catalogue, shipped fakes."""
