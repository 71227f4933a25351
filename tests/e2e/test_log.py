"""At LOG_LEVEL=DEBUG, and with everything going wrong: no secret in any line.

The stage looks at the log of every other module's bot too, at INFO, also for prompts.
"""

import pytest

from bot.sandbox.images_faults import Answered, Point, Reset
from tests.e2e.stage import AMBER, GREEN, RED, Stage, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTINGS = {"LOG_LEVEL": "DEBUG"}


async def test_no_secret_is_logged_whatever_goes_wrong(stage: Stage) -> None:
    person = stage.newcomer()
    handle = await person.slash("edit", prompt="all is well", image=picture(), token_age_s=25)
    await stage.shows(handle, GREEN)

    stage.api.faults.add(Point.CREATE, Reset(processed=True))
    await stage.shows(await stage.ask("an answer lost"), GREEN)
    stage.api.faults.add(Point.CREATE, Answered.with_code(400, f"your key {stage.api.key}"))
    await stage.shows(await stage.ask("the key in an answer"), RED)
    stage.api.faults.add(Point.CREATE, Answered(200, b"{}"))
    await stage.shows(await stage.ask("no answer at all"), AMBER)

    faults = stage.discord.faults
    faults.reset("POST /interactions/*/callback")
    handle = await stage.held("while Discord stumbles")
    faults.answer("PATCH /webhooks/*/@original", 500)
    faults.answer("PATCH /webhooks/*/@original", 401, code=50027)
    stage.release("while Discord stumbles")
    await stage.shows(handle, GREEN)

    assert handle.message is not None
    await (await person.press_forged(handle.message, "v1:cancel:zzzz")).answer()
    sessions, guild = stage.discord.sessions, stage.discord.guild.id
    broken = handle.interaction.payload | {"id": "1", "data": None, "member": 7}
    sessions.dispatch("INTERACTION_CREATE", broken, guild)
    stage.discord.gateway.drop()
    await stage.discord.wait_until(lambda: not stage.discord.gateway.ready)
    await stage.discord.gateway.wait_ready()
    await stage.shows(await stage.ask("after all of it"), GREEN)

    assert len(stage.tokens) >= 6
    assert stage.bot.events("job admitted")
    stage.check_log("DEBUG")
