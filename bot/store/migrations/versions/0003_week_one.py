"""Several and private pictures, where they were posted; drafts and baskets."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add everything; jobs that are there asked for one public picture."""
    _add_to_jobs()
    _create_drafts()
    _create_baskets()


def _add_to_jobs() -> None:
    for column in (
        sa.Column("count", sa.Integer, nullable=False, server_default="1"),
        sa.Column("private", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("posted_urls", sa.Text, nullable=False, server_default="[]"),
    ):
        op.add_column("jobs", column)


def _create_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_person_id", "drafts", ["person_id"])
    op.create_index("ix_drafts_created_at", "drafts", ["created_at"])


def _create_baskets() -> None:
    op.create_table(
        "baskets",
        sa.Column("person_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "channel_id", name="pk_baskets"),
    )
    op.create_index("ix_baskets_changed_at", "baskets", ["changed_at"])
