"""The one door to state: SQLAlchemy Core over SQLite."""

from bot.store.backup import backup
from bot.store.sqlstore import SqlStore, open_store

__all__ = ["SqlStore", "backup", "open_store"]
