"""Routes of the platform API, one module per thing."""
