"""Alembic scripts; `bot.store.migrate` runs them."""
