"""Small values by name that outlive a restart."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.schema import facts


async def read_fact(connection: AsyncConnection, name: str) -> str | None:
    """The value; None when it was never written."""
    query = select(facts.c.value).where(facts.c.name == name)
    return (await connection.execute(query)).scalar_one_or_none()


async def write_fact(connection: AsyncConnection, name: str, value: str) -> None:
    """Write the value over an older one."""
    rewritten = await connection.execute(
        update(facts).where(facts.c.name == name).values(value=value)
    )
    if rewritten.rowcount == 0:
        await connection.execute(insert(facts).values(name=name, value=value))
