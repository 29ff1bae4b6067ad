"""Checks: each separate, cheap ones first, every verdict kept."""
