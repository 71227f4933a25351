"""Small values by name that outlive a restart."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.rows import upsert
from bot.store.schema import facts


async def read_fact(connection: AsyncConnection, name: str) -> str | None:
    """The value; None when it was never written."""
    query = select(facts.c.value).where(facts.c.name == name)
    return (await connection.execute(query)).scalar_one_or_none()


async def write_fact(connection: AsyncConnection, name: str, value: str) -> None:
    """Write the value over an older one."""
    await upsert(connection, facts, {"name": name}, {"value": value})


async def drop_fact(connection: AsyncConnection, name: str) -> None:
    """Remove the value; harmless when it was never written."""
    await connection.execute(delete(facts).where(facts.c.name == name))
