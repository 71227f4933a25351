"""What waits for its person: drafts and baskets; implements `ports.Drafts`."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models import Draft, Place, Source
from bot.ports import Clock
from bot.store.engine import Database
from bot.store.rows import upsert
from bot.store.schema import baskets, drafts

LIFE = timedelta(hours=1)

_ID_LIMIT = 2**63  # what a column holds


class SqlDrafts:
    """`ports.Drafts` over a database; `bot.store.opening` makes one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save_draft(self, draft: Draft) -> None:
        """Keep a wish for an hour; twice with the same id keeps the later one."""
        await self._database.write(partial(_save_draft, draft=draft))

    async def find_draft(self, draft_id: int, person_id: int) -> Draft | None:
        """A person's own draft, while it lives; a forged number may be none that an id can be."""
        if not 0 < draft_id < _ID_LIMIT:
            return None
        since = self._clock.now() - LIFE
        return await self._database.read(
            partial(_find_draft, draft_id=draft_id, person_id=person_id, since=since)
        )

    async def basket(self, person_id: int, channel_id: int) -> tuple[Source, ...]:
        """A person's basket in a channel; empty an hour after its last change."""
        since = self._clock.now() - LIFE
        return await self._database.read(
            partial(_read_basket, person_id=person_id, channel_id=channel_id, since=since)
        )

    async def change_basket(
        self,
        person_id: int,
        channel_id: int,
        change: Callable[[tuple[Source, ...]], Sequence[Source]],
    ) -> tuple[Source, ...]:
        """Apply a pure change in one transaction; gives the basket as it is then."""
        work = partial(
            _change_basket,
            person_id=person_id,
            channel_id=channel_id,
            change=change,
            now=self._clock.now(),
        )
        return await self._database.write(work)

    async def forget_old_drafts(self) -> None:
        """Remove drafts and baskets whose hour is over."""
        await self._database.write(partial(_forget_old, before=self._clock.now() - LIFE))


async def _save_draft(connection: AsyncConnection, draft: Draft) -> None:
    await upsert(
        connection,
        drafts,
        {"id": draft.id},
        {
            "person_id": draft.person_id,
            "channel_id": draft.place.channel_id,
            "guild_id": draft.place.guild_id,
            "wish": draft.wish,
            "created_at": draft.created_at,
        },
    )


async def _find_draft(
    connection: AsyncConnection, draft_id: int, person_id: int, since: datetime
) -> Draft | None:
    query = select(drafts).where(
        drafts.c.id == draft_id, drafts.c.person_id == person_id, drafts.c.created_at > since
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    place = Place(row.channel_id, row.guild_id)
    return Draft(row.id, row.person_id, place, row.wish, row.created_at)


async def _read_basket(
    connection: AsyncConnection, person_id: int, channel_id: int, since: datetime
) -> tuple[Source, ...]:
    query = select(baskets.c.sources).where(
        baskets.c.person_id == person_id,
        baskets.c.channel_id == channel_id,
        baskets.c.changed_at > since,
    )
    return (await connection.execute(query)).scalar_one_or_none() or ()


async def _change_basket(
    connection: AsyncConnection,
    person_id: int,
    channel_id: int,
    change: Callable[[tuple[Source, ...]], Sequence[Source]],
    now: datetime,
) -> tuple[Source, ...]:
    before = await _read_basket(connection, person_id, channel_id, now - LIFE)
    after = tuple(change(before))
    await upsert(
        connection,
        baskets,
        {"person_id": person_id, "channel_id": channel_id},
        {"sources": after, "changed_at": now},
    )
    return after


async def _forget_old(connection: AsyncConnection, before: datetime) -> None:
    await connection.execute(delete(drafts).where(drafts.c.created_at < before))
    await connection.execute(delete(baskets).where(baskets.c.changed_at < before))
