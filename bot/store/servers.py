"""What servers decide and what the operator decides of servers."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Table, delete, insert, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import DEFAULT, HouseRules, RuleChange
from bot.models import Block
from bot.store.documents import RULES_VERSION
from bot.store.rows import upsert
from bot.store.schema import (
    blocked_servers,
    blocks,
    budget_warnings,
    house_rules,
    last_refusals,
    left_servers,
    rule_changes,
)
from bot.store.usage import block_of, in_force

_OWN: tuple[Table, ...] = (
    *(house_rules, rule_changes, blocks, last_refusals, budget_warnings, left_servers),
)
"""What a server's leaving removes; what the operator decided of it stays."""


async def read_rules(connection: AsyncConnection, guild_id: int) -> HouseRules:
    """A server's rules; the default ones where nobody changed any."""
    query = select(house_rules.c.rules).where(house_rules.c.guild_id == guild_id)
    return (await connection.execute(query)).scalar_one_or_none() or DEFAULT


async def read_retentions(connection: AsyncConnection) -> dict[int, int]:
    """Days of the servers that have a retention of their own."""
    rows = await connection.execute(select(house_rules.c.guild_id, house_rules.c.rules))
    return {row.guild_id: row.rules.retention_days for row in rows if row.rules.retention_days}


async def change_rules(
    connection: AsyncConnection,
    guild_id: int,
    change: Callable[[HouseRules], HouseRules],
    line: Callable[[HouseRules, HouseRules], RuleChange],
) -> tuple[HouseRules, HouseRules]:
    """Apply a change and keep its line in the audit, unless it changes nothing."""
    before = await read_rules(connection, guild_id)
    after = change(before)
    if after == before:
        return before, after
    told = line(before, after)
    await upsert(
        connection,
        house_rules,
        {"guild_id": guild_id},
        {"version": RULES_VERSION, "rules": after, "changed_at": told.at},
    )
    await connection.execute(
        insert(rule_changes).values(
            guild_id=guild_id,
            at=told.at,
            by_person_id=told.by_person_id,
            what=told.what,
            before=told.before,
            after=told.after,
        )
    )
    return before, after


async def read_changes(connection: AsyncConnection, guild_id: int, limit: int) -> list[RuleChange]:
    """The server's audit, newest first."""
    columns = rule_changes.c
    query = (
        select(columns.at, columns.by_person_id, columns.what, columns.before, columns.after)
        .where(columns.guild_id == guild_id)
        .order_by(columns.id.desc())
        .limit(limit)
    )
    return [RuleChange(*row) for row in await connection.execute(query)]


async def block(connection: AsyncConnection, guild_id: int, ban: Block) -> Block | None:
    """Shut a person out of a server; gives the ban in force that this one replaces."""
    before = await _ban(connection, guild_id, ban.person_id, ban.at)
    await upsert(
        connection,
        blocks,
        {"guild_id": guild_id, "person_id": ban.person_id},
        {
            "by_person_id": ban.by_person_id,
            "at": ban.at,
            "until": ban.until,
            "reason": ban.reason,
        },
    )
    return before


async def unblock(
    connection: AsyncConnection, guild_id: int, person_id: int, now: datetime
) -> Block | None:
    """Lift a ban and give it; None: there was none in force."""
    lifted = await _ban(connection, guild_id, person_id, now)
    theirs = (blocks.c.guild_id == guild_id, blocks.c.person_id == person_id)
    if lifted is not None:
        await connection.execute(delete(blocks).where(*theirs))
    return lifted


async def _ban(
    connection: AsyncConnection, guild_id: int, person_id: int, now: datetime
) -> Block | None:
    theirs = (blocks.c.guild_id == guild_id, blocks.c.person_id == person_id)
    row = (await connection.execute(select(blocks).where(*theirs, in_force(now)))).one_or_none()
    return None if row is None else block_of(row)


async def read_blocks(connection: AsyncConnection, guild_id: int, now: datetime) -> list[Block]:
    """The server's bans in force, newest first."""
    query = select(blocks).where(blocks.c.guild_id == guild_id, in_force(now))
    rows = await connection.execute(query.order_by(blocks.c.at.desc(), blocks.c.person_id))
    return [block_of(row) for row in rows]


async def claim_warning(
    connection: AsyncConnection,
    guild_id: int,
    month: datetime,
    limit_micro_usd: int,
    percent: int,
) -> bool:
    """Whether nobody told this server of that much of that budget before; then it is told now."""
    known = budget_warnings.c
    told = select(known.percent).where(
        known.guild_id == guild_id,
        known.month == month,
        known.limit_micro_usd == limit_micro_usd,
    )
    if ((await connection.execute(told)).scalar_one_or_none() or 0) >= percent:
        return False
    await upsert(
        connection,
        budget_warnings,
        {"guild_id": guild_id},
        {"month": month, "limit_micro_usd": limit_micro_usd, "percent": percent},
    )
    return True


async def block_server(
    connection: AsyncConnection, guild_id: int, at: datetime, *, blocked: bool
) -> None:
    """Let a server use nothing, or let it again; twice is harmless."""
    if blocked:
        await upsert(connection, blocked_servers, {"guild_id": guild_id}, {"at": at})
    else:
        await connection.execute(
            delete(blocked_servers).where(blocked_servers.c.guild_id == guild_id)
        )


async def read_blocked_servers(connection: AsyncConnection) -> list[int]:
    """Servers that the operator lets use nothing."""
    query = select(blocked_servers.c.guild_id).order_by(blocked_servers.c.guild_id)
    return list((await connection.execute(query)).scalars())


async def read_servers(connection: AsyncConnection) -> list[int]:
    """Servers of which something is kept, beside their pictures."""
    tables = (house_rules, rule_changes, blocks)
    query = union(*(select(table.c.guild_id) for table in tables)).order_by("guild_id")
    return list((await connection.execute(query)).scalars())


async def mark_left(connection: AsyncConnection, guild_id: int, at: datetime) -> None:
    """Remember since when we are gone from a server."""
    known = select(left_servers.c.at).where(left_servers.c.guild_id == guild_id)
    if (await connection.execute(known)).one_or_none() is None:
        await connection.execute(insert(left_servers).values(guild_id=guild_id, at=at))


async def mark_joined(connection: AsyncConnection, guild_id: int) -> None:
    """We are in this server, whether or not we left it before."""
    await connection.execute(delete(left_servers).where(left_servers.c.guild_id == guild_id))


async def mark_present(
    connection: AsyncConnection, guild_ids: Collection[int], at: datetime
) -> None:
    """We are in these servers, and have left all others of which something is kept."""
    left = set((await connection.execute(select(left_servers.c.guild_id))).scalars())
    for guild_id in left.intersection(guild_ids):
        await mark_joined(connection, guild_id)
    for guild_id in set(await read_servers(connection)).difference(guild_ids, left):
        await mark_left(connection, guild_id, at)


async def read_left(connection: AsyncConnection, before: datetime) -> list[int]:
    """Servers that we left before that moment and have not come back to."""
    query = select(left_servers.c.guild_id).where(left_servers.c.at < before)
    return list((await connection.execute(query)).scalars())


async def forget_server(connection: AsyncConnection, guild_id: int) -> None:
    """Remove everything that a server's people decided."""
    for table in _OWN:
        await connection.execute(delete(table).where(table.c.guild_id == guild_id))


async def forget_admin(connection: AsyncConnection, person_id: int) -> None:
    """Take a person's id out of what they decided for servers; the decisions stay."""
    for table in (rule_changes, blocks):
        theirs = table.c.by_person_id == person_id
        await connection.execute(update(table).where(theirs).values(by_person_id=0))
