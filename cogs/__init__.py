"""Slash commands: one family each, thin."""
