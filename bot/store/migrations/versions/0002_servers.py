"""Servers' own rules, their audit, bans and last refusals; what the operator shuts out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make everything; what is there stays as it is."""
    _create_house_rules()
    _create_rule_changes()
    _create_blocks()
    _create_last_refusals()
    _create_budget_warnings()
    _create_moments("blocked_servers", "guild_id")
    _create_moments("left_servers", "guild_id")
    _create_moments("forget_wishes", "person_id")


def _create_house_rules() -> None:
    op.create_table(
        "house_rules",
        sa.Column("guild_id", _ID, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_house_rules"),
    )


def _create_rule_changes() -> None:
    op.create_table(
        "rule_changes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by_person_id", sa.BigInteger, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_changes"),
    )
    op.create_index("ix_rule_changes_guild_id", "rule_changes", ["guild_id"])
    op.create_index("ix_rule_changes_by_person_id", "rule_changes", ["by_person_id"])


def _create_blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("by_person_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "person_id", name="pk_blocks"),
    )
    op.create_index("ix_blocks_person_id", "blocks", ["person_id"])


def _create_last_refusals() -> None:
    op.create_table(
        "last_refusals",
        sa.Column("person_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("refusal", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "guild_id", name="pk_last_refusals"),
    )
    op.create_index("ix_last_refusals_at", "last_refusals", ["at"])


def _create_budget_warnings() -> None:
    op.create_table(
        "budget_warnings",
        sa.Column("guild_id", _ID, nullable=False, autoincrement=False),
        sa.Column("month", sa.BigInteger, nullable=False),
        sa.Column("limit_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_budget_warnings"),
    )


def _create_moments(table: str, key: str) -> None:
    """An id and when."""
    op.create_table(
        table,
        sa.Column(key, _ID, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
    )
