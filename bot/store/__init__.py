"""The one door to state: SQLAlchemy Core over SQLite."""
