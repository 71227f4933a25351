"""The tables; the migrations must sum up to exactly this (a test compares them)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    or_,
)

from bot.models import Charged, Failure, Kind, State
from bot.rules import OPEN
from bot.store.columns import Code, FreeText, Sources, Urls, Utc
from bot.store.documents import RefusalDocument, RulesDocument, WishDocument

SHOWN_OR_KEPT = frozenset({State.DELIVERED, State.UNDELIVERABLE})  # ends that only jobs have
BROKEN_OFF = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})  # ends without a picture


def _one_of(column: ColumnElement[Any], states: Iterable[State]) -> ColumnElement[bool]:
    """`column IN (...)` with the values spelt out.

    A planner can match a query with a partial index only by literals, never by parameters.
    """
    return column.in_([literal_column(f"'{state}'") for state in sorted(states)])


def _listed(codes: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{code}'" for code in sorted(codes))


# SQLite gives only an INTEGER primary key the table's own tree.
_Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("code", FreeText, nullable=False, unique=True),
    Column("kind", Code(Kind), nullable=False),
    Column("prompt", FreeText, nullable=False),
    Column("aspect_ratio", FreeText, nullable=False),
    Column("model", FreeText, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("person_name", FreeText, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("application_id", BigInteger, nullable=False),
    Column("reply_token", FreeText, nullable=False),
    Column("reply_born_at", Utc, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("upload_limit_bytes", BigInteger, nullable=False),
    Column("nsfw_checker", Boolean, nullable=False),
    Column("bot_can_edit", Boolean, nullable=False),
    Column("sources", Sources, nullable=False),
    Column("state", Code(State), nullable=False),
    Column("failure", Code(Failure)),
    Column("created_at", Utc, nullable=False),
    Column("answered_at", Utc),
    Column("finished_at", Utc),
    Column("message_id", BigInteger),
    Column("shown_channel_id", BigInteger),
    Column("looks", FreeText),
    Column("shown_state", Code(State)),
    Column("rung", FreeText),
    Column("pinged", Boolean, nullable=False),
    Column("count", Integer, nullable=False, server_default="1"),
    Column("private", Boolean, nullable=False, server_default=false()),
    Column("posted_urls", Urls, nullable=False, server_default="[]"),
    Column("again_of", BigInteger),  # the job that this one repeats; it may be gone by now
    CheckConstraint(f"state IN ({_listed(State)})", name="state"),
    CheckConstraint(f"(finished_at IS NULL) = (state IN ({_listed(OPEN)}))", name="finished"),
    CheckConstraint("state <> 'failed' OR failure IS NOT NULL", name="failed"),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("job_id", BigInteger, ForeignKey(jobs.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Code(State), nullable=False),
    Column("failure", Code(Failure)),
    Column("callback_token", FreeText, nullable=False, unique=True),
    Column("task_id", FreeText, unique=True),
    Column("price_micro_usd", BigInteger, nullable=False),
    Column("charged", Code(Charged), nullable=False),
    # Facts of the admission, copied from the job: they never change, so the ledger stands alone
    # and each of admission's figures comes out of one index.
    Column("person_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("model", FreeText, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("submitted_at", Utc),
    Column("finished_at", Utc),
    Column("result_urls", Urls, nullable=False),
    UniqueConstraint("job_id", "number"),
    CheckConstraint(f"state IN ({_listed(set(State) - SHOWN_OR_KEPT)})", name="state"),
    CheckConstraint(f"charged IN ({_listed(Charged)})", name="charged"),
    CheckConstraint("number >= 1", name="number"),
    CheckConstraint("price_micro_usd >= 0", name="price"),
    CheckConstraint(
        f"(finished_at IS NULL) = (state IN ({_listed(OPEN - {State.READY})}))", name="finished"
    ),
    CheckConstraint("state <> 'failed' OR failure IS NOT NULL", name="failed"),
    CheckConstraint("state <> 'waiting' OR task_id IS NOT NULL", name="waiting"),
    CheckConstraint(
        "submitted_at IS NOT NULL OR state IN ('cancelled', 'failed', 'queued')", name="submitted"
    ),
)

job_events = Table(
    "job_events",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("job_id", BigInteger, ForeignKey(jobs.c.id), nullable=False, index=True),
    Column("submission", Integer),  # its number; NULL when the job moved alone
    Column("at", Utc, nullable=False),
    Column("source", Code(State), nullable=False),
    Column("target", Code(State), nullable=False),
    Column("detail", FreeText),
)

facts = Table(
    "facts",
    metadata,
    Column("name", FreeText, primary_key=True),
    Column("value", FreeText, nullable=False),
)

house_rules = Table(
    "house_rules",
    metadata,
    Column("guild_id", _Id, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),  # of the document's shape, for later migrations
    Column("rules", RulesDocument, nullable=False),
    Column("changed_at", Utc, nullable=False),
)

rule_changes = Table(
    "rule_changes",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("guild_id", BigInteger, nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("by_person_id", BigInteger, nullable=False, index=True),
    Column("what", FreeText, nullable=False),
    Column("before", FreeText, nullable=False),
    Column("after", FreeText, nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("by_person_id", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc),
    Column("reason", FreeText, nullable=False),
)

last_refusals = Table(
    "last_refusals",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),  # 0: direct messages
    Column("at", Utc, nullable=False, index=True),
    Column("refusal", RefusalDocument, nullable=False),
)

blocked_servers = Table(
    "blocked_servers",
    metadata,
    Column("guild_id", _Id, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

left_servers = Table(
    "left_servers",
    metadata,
    Column("guild_id", _Id, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

budget_warnings = Table(
    "budget_warnings",
    metadata,
    Column("guild_id", _Id, primary_key=True, autoincrement=False),
    Column("month", Utc, nullable=False),
    Column("limit_micro_usd", BigInteger, nullable=False),
    Column("percent", Integer, nullable=False),
)

forget_wishes = Table(
    "forget_wishes",
    metadata,
    Column("person_id", _Id, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("person_id", BigInteger, nullable=False, index=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("wish", WishDocument, nullable=False),
    Column("created_at", Utc, nullable=False, index=True),
)

baskets = Table(
    "baskets",
    metadata,
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sources", Sources, nullable=False),
    Column("changed_at", Utc, nullable=False, index=True),
)

REMEMBERED = jobs.c.prompt != literal_column("''")
"""Jobs that still have their content; a prompt is never empty otherwise."""

WANTS_CARE = or_(
    _one_of(jobs.c.state, OPEN),
    and_(
        _one_of(jobs.c.state, BROKEN_OFF),
        jobs.c.answered_at.is_not(None),
        or_(jobs.c.shown_state.is_(None), jobs.c.shown_state != jobs.c.state),
    ),
)
"""Jobs that are open, or whose end the person who saw an answer has not been shown."""

IN_DOUBT = submissions.c.charged == literal_column(f"'{Charged.MAYBE}'")
"""Submissions whose price the ledger does not know."""

REPEATS = jobs.c.again_of.is_not(None)
"""Jobs that somebody asked for by repeating another one."""

Index("ix_jobs_person", jobs.c.person_id, jobs.c.guild_id, jobs.c.state)
Index(
    "ix_jobs_history",  # all that counting and sorting a person's pictures needs
    jobs.c.person_id,
    jobs.c.guild_id,
    jobs.c.state,
    jobs.c.kind,
    sqlite_where=REMEMBERED,
    postgresql_where=REMEMBERED,
)
Index(
    "ix_jobs_again_of",
    jobs.c.again_of,
    sqlite_where=REPEATS,
    postgresql_where=REPEATS,
)
Index(
    "ix_jobs_care",
    jobs.c.created_at,
    jobs.c.state,
    sqlite_where=WANTS_CARE,
    postgresql_where=WANTS_CARE,
)
Index(
    "ix_submissions_person",
    submissions.c.person_id,
    submissions.c.guild_id,
    submissions.c.created_at,
)
Index(
    "ix_submissions_month",
    submissions.c.created_at,
    submissions.c.guild_id,
    submissions.c.state,
    submissions.c.charged,
    submissions.c.price_micro_usd,
)
Index("ix_submissions_wait", submissions.c.model, submissions.c.state, submissions.c.finished_at)
Index(
    "ix_submissions_in_doubt",
    submissions.c.submitted_at,
    sqlite_where=IN_DOUBT,
    postgresql_where=IN_DOUBT,
)
