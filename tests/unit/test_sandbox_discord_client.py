"""A real discord.py client lives through a whole conversation with the stand-in.

With DISCORD_OPENAPI set, every request body that discord.py makes is checked as well.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands, ui
from typing_extensions import override

from bot.chat.ids import Reference, only
from bot.sandbox.handles import DidNotRespond
from bot.sandbox.server import DiscordSandbox
from tests.raw_discord import picture, png

TREE = app_commands.CommandTree[discord.Client]


class Client(discord.Client):
    """Everything a bot does, in the smallest form."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree: TREE = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.add_dynamic_items(Press)
        _commands(self.tree)

    @override
    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)


class Form(ui.Modal, title="Edit"):
    """A modal with a text and files."""

    def __init__(self) -> None:
        super().__init__(custom_id="form:1")
        self.prompt: ui.TextInput[Any] = ui.TextInput(custom_id="prompt", default="a cat")
        self.files: ui.FileUpload[Any] = ui.FileUpload(
            custom_id="files", required=False, max_values=3
        )
        self.add_item(ui.Label(text="Prompt", component=self.prompt))
        self.add_item(ui.Label(text="Pictures", component=self.files))

    @override
    async def on_submit(self, interaction: discord.Interaction) -> None:
        words = f"{self.prompt.value}, {len(self.files.values)} files"
        await interaction.response.send_message(words, ephemeral=True)


class Press(ui.DynamicItem[ui.Button[Any]], template=r"v1:edit:(?P<number>\d+)"):
    """A button that survives restarts."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label="Edit", custom_id=f"v1:edit:{number}"))

    @classmethod
    @override
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: ui.Item[Any],
        match: Any,
    ) -> "Press":
        return cls(int(match["number"]))

    @override
    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())


def _file() -> discord.File:
    return discord.File(io.BytesIO(png()), "a.png", description="a red field")


def _commands(tree: TREE) -> None:
    @tree.command(description="Make a picture")
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        image: discord.Attachment | None = None,
    ) -> None:
        view = ui.View(timeout=None).add_item(Press(1))
        embed = discord.Embed(title="Pending", description=prompt)
        await interaction.response.send_message(embed=embed, view=view)
        if image is not None:
            embed.set_footer(text=f"{len(await image.read())} bytes")
        embed.title = "Completed"
        await interaction.edit_original_response(embed=embed, attachments=[_file()])

    @imagine.autocomplete("prompt")
    async def complete(
        interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}!", value=f"{current}!")]

    @tree.command(description="Show a gallery after a wait")
    async def gallery(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        shown: ui.LayoutView = ui.LayoutView()
        shown.add_item(ui.MediaGallery(discord.MediaGalleryItem("attachment://a.png")))
        await interaction.edit_original_response(attachments=[_file()], view=shown)

    @tree.command(description="Say nothing at all")
    async def silent(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0)

    @tree.context_menu(name="Edit image")
    async def menu(interaction: discord.Interaction, message: discord.Message) -> None:
        found = f"{message.content}, {len(message.attachments)} files"
        await interaction.response.send_message(found, ephemeral=True)


@asynccontextmanager
async def running(
    sandbox: DiscordSandbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    monkeypatch.setattr(discord.http.Route, "BASE", sandbox.api_url)
    gateway = yarl.URL(sandbox.gateway_url)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
    client = Client()
    life = asyncio.create_task(client.start(sandbox.token))
    try:
        await sandbox.gateway.wait_ready()
        await client.wait_until_ready()
        yield client
    finally:
        await client.close()
        await life


Chat = tuple[DiscordSandbox, Client]


@pytest.fixture(name="chat")
async def _chat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    async with DiscordSandbox() as sandbox, running(sandbox, monkeypatch) as client:
        yield sandbox, client
        assert sandbox.wire.unknown == []
        assert sandbox.violations == []


async def test_login_reads_the_application_and_registers_the_commands(chat: Chat) -> None:
    sandbox, client = chat
    assert client.application_id == sandbox.application_id
    assert [guild.name for guild in client.guilds] == ["Darkroom Lab"]
    names = {command["name"] for command in sandbox.commands.listed(None)}
    assert names == {"imagine", "gallery", "silent", "Edit image"}
    application = await client.application_info()
    assert application.owner.id == sandbox.ada.id


async def test_a_picture_is_asked_for_shown_and_edited(chat: Chat) -> None:
    sandbox, _ = chat
    asked = await sandbox.ana.slash("imagine", prompt="a cat", image=picture("my cat.png"))
    answer = await asked.answer()
    assert answer.took_s < 1
    message = await asked.wait_for(lambda m: bool(m.attachments))
    assert [state.embeds[0]["title"] for state in asked.edits] == ["Pending", "Completed"]
    assert message.embeds[0]["footer"]["text"] == f"{len(png())} bytes"
    assert message.attachments[0].description == "a red field"
    assert message.attachments[0].data == png()


async def test_a_button_opens_a_modal_that_is_submitted_with_files(chat: Chat) -> None:
    sandbox, _ = chat
    asked = await sandbox.ana.slash("imagine", prompt="a cat")
    message = await asked.wait_for(lambda m: bool(m.attachments))
    pressed = await sandbox.ben.click(message, "Edit")
    assert (await pressed.answer()).modal is not None
    sent = await sandbox.ben.submit(pressed, {"Prompt": "a dog", "files": [picture()] * 2})
    answer = await sent.answer()
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message.content == "a dog, 2 files"


async def test_autocomplete_suggests(chat: Chat) -> None:
    sandbox, _ = chat
    # the option with suggestions is the required one itself
    typing = await sandbox.ana.autocomplete("imagine", "prompt", "ca")
    assert [choice["name"] for choice in (await typing.answer()).choices] == ["ca!"]


async def test_a_menu_reads_a_strangers_message(chat: Chat) -> None:
    sandbox, _ = chat
    message = await sandbox.ben.send(None, "look", picture())
    answer = await (await sandbox.ana.context_menu("Edit image", message)).answer()
    assert answer.message is not None
    assert answer.message.content == "look, 1 files"


async def test_a_deferred_answer_becomes_a_gallery(chat: Chat) -> None:
    sandbox, _ = chat
    asked = await sandbox.ana.slash("gallery")
    message = await asked.wait_for(lambda m: bool(m.components))
    assert [state.flags for state in asked.edits] == [1 << 7, 1 << 15]
    assert message.components[0]["items"][0]["media"]["url"].startswith("http://127.0.0.1")


async def test_silence_is_noticed_after_three_seconds(chat: Chat) -> None:
    sandbox, _ = chat
    asked = await sandbox.ana.slash("silent")
    sandbox.clock.advance(3)
    with pytest.raises(DidNotRespond):
        await asked.answer()


async def test_a_reply_posts_once_and_pings_only_whom_it_should(chat: Chat) -> None:
    sandbox, client = chat
    asked = await sandbox.ana.slash("imagine", prompt="a cat")
    message = await asked.wait_for(lambda m: bool(m.attachments))
    channel = client.get_partial_messageable(sandbox.general.id)
    for _ in range(2):
        await channel.send(
            f"<@{sandbox.ana.id}> <@{sandbox.ben.id}>",
            reference=Reference(message_id=message.id, channel_id=channel.id),
            allowed_mentions=only(sandbox.ana.id),
            nonce="job-1",
        )
    assert len(asked.replies) == 1
    assert asked.pings == {sandbox.ana.id}


async def test_the_bots_own_token_edits_what_the_interaction_posted(chat: Chat) -> None:
    sandbox, client = chat
    asked = await sandbox.ana.slash("imagine", prompt="a cat")
    message = await asked.wait_for(lambda m: bool(m.attachments))
    sandbox.clock.advance(901)
    partial = client.get_partial_messageable(sandbox.general.id).get_partial_message(message.id)
    await partial.edit(content="by the bot", embed=None, attachments=[_file()])
    assert (message.content, message.embeds) == ("by the bot", ())


async def test_a_mention_is_heard_with_its_content_and_others_without(chat: Chat) -> None:
    sandbox, client = chat
    await sandbox.ana.send(None, "secret", picture())
    await sandbox.ana.send(None, f"{sandbox.mention} hi", picture())
    await sandbox.ana.send(sandbox.ana.dm, "private")
    async with asyncio.timeout(5):
        while len(client.heard) < 3:
            await asyncio.sleep(0.01)
    assert [bool(message.content) for message in client.heard] == [False, True, True]
    assert [len(message.attachments) for message in client.heard] == [0, 1, 0]


@pytest.mark.parametrize("how", ["drop", "reconnect"])
async def test_a_lost_connection_is_resumed_with_what_was_missed(chat: Chat, how: str) -> None:
    sandbox, _ = chat
    resumed = asyncio.Event()
    sandbox.subscribe(lambda c: resumed.set() if c.kind == "gateway_resumed" else None)
    if how == "drop":
        sandbox.gateway.drop()
        await sandbox.wait_until(lambda: not sandbox.gateway.ready)
    else:
        sandbox.gateway.ask_reconnect()
    asked = await sandbox.ana.slash("imagine", prompt="while away")
    async with asyncio.timeout(10):
        await resumed.wait()
    await asked.wait_for(lambda m: bool(m.attachments))
    assert len(sandbox.sessions.starts) == 1


async def test_an_event_that_comes_twice_is_answered_once(chat: Chat) -> None:
    sandbox, client = chat
    refused: list[BaseException] = []

    async def note(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        refused.append(error.__cause__ or error)

    client.tree.error(note)
    sandbox.sessions.duplicate_interactions(1)
    asked = await sandbox.ana.slash("imagine", prompt="a cat")
    await asked.wait_for(lambda m: bool(m.attachments))
    async with asyncio.timeout(5):
        while not refused:
            await asyncio.sleep(0.01)
    assert isinstance(refused[0], discord.HTTPException)
    assert refused[0].code == 40060
    assert len(sandbox.ana.messages()) == 1
