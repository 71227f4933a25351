"""Jobs, their submissions, their events; facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CARE = sa.text(
    "state IN ('queued', 'ready', 'submitting', 'unknown', 'waiting') "
    "OR state IN ('cancelled', 'expired', 'failed') AND answered_at IS NOT NULL "
    "AND (shown_state IS NULL OR shown_state != state)"
)
_IN_DOUBT = sa.text("charged = 'maybe'")


def upgrade() -> None:
    """Make everything."""
    _create_facts()
    _create_jobs()
    _create_job_events()
    _create_submissions()


def _create_facts() -> None:
    op.create_table(
        "facts",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_facts"),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("aspect_ratio", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("person_name", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("application_id", sa.BigInteger, nullable=False),
        sa.Column("reply_token", sa.Text, nullable=False),
        sa.Column("reply_born_at", sa.BigInteger, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("upload_limit_bytes", sa.BigInteger, nullable=False),
        sa.Column("nsfw_checker", sa.Boolean, nullable=False),
        sa.Column("bot_can_edit", sa.Boolean, nullable=False),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("failure", sa.String(32)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("shown_channel_id", sa.BigInteger),
        sa.Column("looks", sa.Text),
        sa.Column("shown_state", sa.String(32)),
        sa.Column("rung", sa.Text),
        sa.Column("pinged", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.CheckConstraint(
            "state IN ('cancelled', 'delivered', 'expired', 'failed', 'queued', 'ready', "
            "'submitting', 'undeliverable', 'unknown', 'waiting')",
            name="ck_jobs_state",
        ),
        sa.CheckConstraint(
            "(finished_at IS NULL) = "
            "(state IN ('queued', 'ready', 'submitting', 'unknown', 'waiting'))",
            name="ck_jobs_finished",
        ),
        sa.CheckConstraint("state <> 'failed' OR failure IS NOT NULL", name="ck_jobs_failed"),
        sa.UniqueConstraint("code", name="uq_jobs_code"),
    )
    op.create_index("ix_jobs_person", "jobs", ["person_id", "guild_id", "state"])
    op.create_index(
        "ix_jobs_care",
        "jobs",
        ["created_at", "state"],
        sqlite_where=_CARE,
        postgresql_where=_CARE,
    )


def _create_job_events() -> None:
    op.create_table(
        "job_events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job_id", sa.BigInteger, nullable=False),
        sa.Column("submission", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("target", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_job_events"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_events_job_id"),
    )
    op.create_index("ix_job_events_job_id", "job_events", ["job_id"])


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job_id", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("failure", sa.String(32)),
        sa.Column("callback_token", sa.Text, nullable=False),
        sa.Column("task_id", sa.Text),
        sa.Column("price_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("charged", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("submitted_at", sa.BigInteger),
        sa.Column("finished_at", sa.BigInteger),
        sa.Column("result_urls", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
        sa.UniqueConstraint("job_id", "number", name="uq_submissions_job_id_number"),
        sa.CheckConstraint(
            "state IN ('cancelled', 'expired', 'failed', 'queued', 'ready', 'submitting', "
            "'unknown', 'waiting')",
            name="ck_submissions_state",
        ),
        sa.CheckConstraint("charged IN ('maybe', 'no', 'yes')", name="ck_submissions_charged"),
        sa.CheckConstraint("number >= 1", name="ck_submissions_number"),
        sa.CheckConstraint("price_micro_usd >= 0", name="ck_submissions_price"),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'submitting', 'unknown', 'waiting'))",
            name="ck_submissions_finished",
        ),
        sa.CheckConstraint(
            "state <> 'failed' OR failure IS NOT NULL", name="ck_submissions_failed"
        ),
        sa.CheckConstraint(
            "state <> 'waiting' OR task_id IS NOT NULL", name="ck_submissions_waiting"
        ),
        sa.CheckConstraint(
            "submitted_at IS NOT NULL OR state IN ('cancelled', 'failed', 'queued')",
            name="ck_submissions_submitted",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_submissions_job_id"),
        sa.UniqueConstraint("callback_token", name="uq_submissions_callback_token"),
        sa.UniqueConstraint("task_id", name="uq_submissions_task_id"),
    )
    op.create_index("ix_submissions_person", "submissions", ["person_id", "guild_id", "created_at"])
    op.create_index(
        "ix_submissions_month",
        "submissions",
        ["created_at", "guild_id", "state", "charged", "price_micro_usd"],
    )
    op.create_index("ix_submissions_wait", "submissions", ["model", "state", "finished_at"])
    op.create_index(
        "ix_submissions_in_doubt",
        "submissions",
        ["submitted_at"],
        sqlite_where=_IN_DOUBT,
        postgresql_where=_IN_DOUBT,
    )
