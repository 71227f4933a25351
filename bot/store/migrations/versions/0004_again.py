"""Which job repeats which, so that a double click pays once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Jobs that are there repeat none."""
    op.add_column("jobs", sa.Column("again_of", sa.BigInteger))
    op.create_index(
        "ix_jobs_again_of",
        "jobs",
        ["again_of"],
        sqlite_where=sa.text("again_of IS NOT NULL"),
        postgresql_where=sa.text("again_of IS NOT NULL"),
    )
