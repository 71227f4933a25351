"""Messages that mention the bot."""

import pytest

from tests.e2e.stage import GREEN, Stage, colour, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_first(stage: Stage) -> None:
    ana = stage.newcomer()
    question = await ana.send(None, f"{stage.discord.mention} a cat on mars")
    def there() -> bool:
        return any(m.reference_id == question.id and colour(m) == GREEN for m in ana.messages())
    try:
        await stage.discord.wait_until(there)
    finally:
        print(stage.bot.log[-3000:])
        print([ (m.reference_id, m.content, m.embeds) for m in ana.messages()])
