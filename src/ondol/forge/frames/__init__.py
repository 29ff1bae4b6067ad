"""Frames: code that turns a fact into questions and answers."""
