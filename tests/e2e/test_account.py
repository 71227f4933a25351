"""An account at the image API that is empty or refused: told in private, told to the owner."""

from pathlib import Path

import pytest

from tests.e2e.stage import GREEN, RED, Stage, start, text, words
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _told(stage: Stage, count: int) -> list[str]:
    """What the application's owner was told by direct message."""
    owner = stage.discord.ada
    await stage.discord.wait_until(lambda: len(owner.messages(owner.dm)) == count)
    return [message.content for message in owner.messages(owner.dm)]


async def test_the_owner_hears_of_money_and_people_are_refused_in_private(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, started=False) as stage:
        stage.api.register.total_micro_usd = 4_500_000
        await start(stage)
        assert await _told(stage, 1) == ["Darkroom's balance at the image API is low: $4.50 left."]
        await stage.shows(await stage.ask("still enough for this"), GREEN)

        stage.api.register.total_micro_usd = 0
        message = await stage.shows(await stage.ask("the first without"), RED)
        assert words(message) == (
            "This bot is out of picture credits. Its owner was told; nothing was charged."
        )
        refused = await stage.refused(await stage.newcomer().slash("imagine", prompt="the next"))
        assert refused == (
            "This bot is out of picture credits. Its owner was told; nothing was charged."
        )
        assert stage.posts("the next") == []
        why = await stage.discord.mia.slash("image-mod why", person=stage.newcomer())
        assert "⛔ This bot is out of picture credits." in text(await why.wait_for(lambda _: True))
        assert (await _told(stage, 2))[1].startswith("Darkroom is out of picture credits")
