"""The one door to state: SQLAlchemy Core over SQLite."""

from bot.store.backup import backup
from bot.store.houses import SqlHouses
from bot.store.opening import open_beside, open_store, sources_folder
from bot.store.sqlstore import SqlStore

__all__ = ["SqlHouses", "SqlStore", "backup", "open_beside", "open_store", "sources_folder"]
