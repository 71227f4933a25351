"""What goes wrong in the database is told without what people wrote and without tokens."""

import asyncio
import secrets
import traceback

import pytest

from bot.errors import StoreError, StoreUnavailable
from bot.store import SqlStore
from tests.store.asking import admit, request
from tests.store.test_trouble import fill_the_disk


def told(error: BaseException) -> str:
    """All that a log would show of it."""
    return "".join(traceback.format_exception(error))


async def test_an_error_of_a_statement_shows_no_prompt_and_no_token(store: SqlStore) -> None:
    await fill_the_disk(store)
    prompt = request().prompt
    token = request().reply.token
    outcomes = await asyncio.gather(*(admit(store) for _ in range(100)), return_exceptions=True)
    errors = [told(one) for one in outcomes if isinstance(one, StoreUnavailable)]
    assert any("INSERT INTO" in text for text in errors)
    assert not any(prompt in text or f"'{token}'" in text for text in errors)


async def test_an_error_of_a_read_shows_no_callback_token(store: SqlStore) -> None:
    async with store._database._writer.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE submissions RENAME TO gone")
    token = secrets.token_urlsafe(32)
    with pytest.raises(StoreError, match="no such table") as caught:
        await store.find_submission(token)
    assert "SELECT" in told(caught.value)
    assert token not in told(caught.value)
