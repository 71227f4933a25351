"""What /history looks for, out of one index."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Add the index."""
    remembered = sa.text("prompt != ''")
    op.create_index(
        "ix_jobs_history",
        "jobs",
        ["person_id", "guild_id", "state", "kind"],
        sqlite_where=remembered,
        postgresql_where=remembered,
    )
