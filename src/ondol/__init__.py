"""Ondol: cited answers, training data and expert models from an organisation's own documents."""

__version__ = "0.1.0"
