"""Texts that ship: what a writing model is told, and general prompts for retention (CC0, see LICENSE)."""
