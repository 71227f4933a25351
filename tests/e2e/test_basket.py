"""The message menu "Fuse images": a private basket of one person in one channel, and its fusion."""

import asyncio
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.sandbox.client_rules import ClientRefused
from bot.sandbox.components import walk
from bot.sandbox.driver import Person
from bot.sandbox.handles import InteractionHandle
from bot.sandbox.interaction import Answer
from bot.sandbox.records import Channel, Message, Upload
from tests.e2e.stage import GREEN, HELD, Stage, picture, start
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR_MS = 3_600_000
FILM = Upload("IMG_1.mov", "video/quicktime", b"moov")


def listed(message: Message) -> list[str]:
    """The files of a basket, in the order of the list."""
    nodes = walk(message.components)
    lines = "\n".join(node["content"] for node in nodes if node["type"] == 10).split("\n")
    rows = [line for line in lines if line.startswith("**image ")]
    assert [line.split("**")[1] for line in rows] == [f"image {n + 1}" for n in range(len(rows))]
    return [line.split("`")[1] for line in rows]


def drawn(message: Message) -> list[str]:
    """The pictures that a list shows, by their alt texts."""
    nodes = walk(message.components)
    items = [item for node in nodes if node["type"] == 12 for item in node["items"]]
    return [one["description"] for one in [n for n in nodes if n["type"] == 11] + items]


def head(message: Message) -> str:
    return str(message.components[0]["content"])


async def shown(handle: InteractionHandle) -> Message:
    """The private list that answers."""
    answer = await handle.answer()
    assert answer.message is not None
    assert answer.ephemeral
    assert answer.message.components, answer.message.content
    assert answer.message.pings == set()
    return answer.message


async def gathered(person: Person, *names: str, channel: Channel | None = None) -> Message:
    """The list after the pictures of a new message with these files went in."""
    message = await person.send(channel, "look", *map(picture, names))
    return await shown(await person.context_menu("Fuse images", message))


async def form(person: Person, basket: Message) -> InteractionHandle:
    """The opened form."""
    handle = await person.click(basket, "Fuse now")
    assert (await handle.answer()).type is Answer.MODAL
    return handle


async def rule(owner: Person, channel: Channel, name: str) -> None:
    """Decide whether pictures are made in a channel."""
    handle = await owner.slash("settings channels", options={"channel": channel, "rule": name})
    await handle.answer()


def names_of(stage: Stage, prompt: str) -> list[str]:
    """The input images that the image API was given, by their files' names."""
    return [url.split("?")[0].rsplit("/", 1)[1] for url in _given(stage, prompt)]


async def test_two_messages_and_one_file_become_a_fusion_in_the_order_of_the_list(
    stage: Stage,
) -> None:
    person, other = stage.newcomer(), stage.newcomer()
    first = await other.send(None, "mine", picture("cat.png", "red"), picture("sofa.png", "blue"))
    second = await person.send(None, "", picture("lamp.png", "green"))
    basket = await shown(await person.context_menu("Fuse images", first))
    assert head(basket).startswith("Added 2 pictures.\n")
    basket = await shown(await person.context_menu("Fuse images", second))
    assert listed(basket) == ["cat.png", "sofa.png", "lamp.png"]
    assert drawn(basket) == ["Image 1: cat.png", "Image 2: sofa.png", "Image 3: lamp.png"]
    opening = await form(person, basket)
    sent = await person.submit(
        opening,
        {"prompt": "all in one room", "ratio": ["16:9"], "files": [picture("dog.png")]},
    )
    fused = await stage.shows(sent, GREEN)
    assert fused.visible_to is None
    assert "16:9" in fused.embeds[0]["footer"]["text"]
    assert names_of(stage, "all in one room") == ["cat.png", "sofa.png", "lamp.png", "dog.png"]
    again = await shown(await person.click(basket, "Fuse now"))
    assert "is empty" in head(again)


async def test_a_picture_of_the_bot_can_be_fused_with_another(stage: Stage) -> None:
    person = stage.newcomer()
    made = await stage.shows(await stage.ask("a fox for later", person=person), GREEN)
    await gathered(person, "hat.png")
    basket = await shown(await person.context_menu("Fuse images", made))
    values = {"prompt": "the fox with the hat"}
    handle = await person.submit(await form(person, basket), values)
    await stage.shows(handle, GREEN)
    assert names_of(stage, "the fox with the hat") == ["hat.png", made.attachments[0].filename]


async def test_one_picture_and_words_is_an_edit(stage: Stage) -> None:
    person = stage.newcomer()
    basket = await gathered(person, "alone.png")
    opening = await form(person, basket)
    assert opening.interaction.modal is not None
    assert opening.interaction.modal["title"] == "Change 1 image, or fuse more"
    await stage.shows(await person.submit(opening, {"prompt": "make it night"}), GREEN)
    assert str(stage.post("make it night").body["image_url"]).split("?")[0].endswith("/alone.png")


async def test_pictures_are_taken_out_moved_and_cleared(stage: Stage) -> None:
    person = stage.newcomer()
    basket = await gathered(person, "a.png", "b.png", "c.png")
    basket = await shown(await person.select(basket, "Take a picture out", "Image 2: b.png"))
    assert listed(basket) == ["a.png", "c.png"]
    basket = await shown(await person.select(basket, "Make a picture image 1", "Image 2: c.png"))
    assert listed(basket) == ["c.png", "a.png"]
    basket = await shown(await person.click(basket, "Clear"))
    assert listed(basket) == []
    assert listed(await gathered(person, "d.png")) == ["d.png"]


async def test_an_old_list_takes_out_what_it_shows(stage: Stage) -> None:
    person = stage.newcomer()
    old = await gathered(person, "a.png", "b.png", "c.png")
    new = await shown(
        await person.context_menu("Fuse images", await person.send(None, "", picture("d.png")))
    )
    await shown(await person.select(new, "Take a picture out", "Image 1: a.png"))
    basket = await shown(await person.select(old, "Take a picture out", "Image 2: b.png"))
    assert listed(basket) == ["c.png", "d.png"]


async def test_the_same_picture_counts_once(stage: Stage) -> None:
    person = stage.newcomer()
    message = await person.send(None, "", picture("twice.png"))
    await shown(await person.context_menu("Fuse images", message))
    basket = await shown(await person.context_menu("Fuse images", message))
    assert listed(basket) == ["twice.png"]
    assert head(basket).startswith("1 picture was there already.\n")


async def test_the_seventeenth_is_left_out_with_the_limit(stage: Stage) -> None:
    person = stage.newcomer()
    await gathered(person, *(f"{n}.png" for n in range(10)))
    basket = await gathered(person, *(f"{n}.png" for n in range(10, 18)))
    assert listed(basket) == [f"{n}.png" for n in range(16)]
    assert len(drawn(basket)) == 16
    told = "Left out `16.png`, `17.png`: one fusion takes at most 16 images."
    assert told in head(basket)
    opening = await form(person, basket)
    with pytest.raises(ClientRefused, match="no field files"):
        await person.submit(opening, {"prompt": "too many", "files": [picture()]})
    await stage.shows(await person.submit(opening, {"prompt": "sixteen in one"}), GREEN)
    assert names_of(stage, "sixteen in one") == [f"{n}.png" for n in range(16)]


async def test_the_form_takes_no_more_files_than_there_is_room_for(stage: Stage) -> None:
    person = stage.newcomer()
    await gathered(person, *(f"{n}.png" for n in range(10)))
    basket = await gathered(person, *(f"{n}.png" for n in range(10, 14)))
    opening = await form(person, basket)
    three = [picture(f"more{n}.png") for n in range(3)]
    with pytest.raises(ClientRefused, match="0 to 2"):
        await person.submit(opening, {"prompt": "three more", "files": three})
    await stage.shows(
        await person.submit(opening, {"prompt": "two more", "files": three[:2]}), GREEN
    )
    assert len(names_of(stage, "two more")) == 16


async def test_what_came_in_after_the_form_was_opened_is_not_fused_unseen(stage: Stage) -> None:
    person = stage.newcomer()
    opening = await form(person, await gathered(person, "a.png", "b.png"))
    await gathered(person, "c.png")
    basket = await shown(await person.submit(opening, {"prompt": "unseen"}))
    assert "has changed since you opened that form" in head(basket)
    assert listed(basket) == ["a.png", "b.png", "c.png"]
    assert stage.posts("unseen") == []


async def test_uses_in_the_same_moment_lose_nothing(stage: Stage) -> None:
    person = stage.newcomer()
    messages = [await person.send(None, "", picture(f"{n}.png")) for n in range(6)]
    handles = [await person.context_menu("Fuse images", message) for message in messages]
    lists = await asyncio.gather(*map(shown, handles))
    sizes = {len(names): names for names in map(listed, lists)}
    assert sorted(sizes[6]) == [f"{n}.png" for n in range(6)]


async def test_files_that_are_no_pictures_are_named_and_left_out(stage: Stage) -> None:
    person = stage.newcomer()
    mixed = await person.send(None, "", FILM, picture("a.png"))
    basket = await shown(await person.context_menu("Fuse images", mixed))
    assert listed(basket) == ["a.png"]
    assert "`IMG_1.mov` is a video; send a picture." in head(basket)
    for message, told in (
        (await person.send(None, "words"), "I see no picture in that message"),
        (await person.send(None, "", FILM), "`IMG_1.mov` is a video; send a picture."),
    ):
        sentence = await stage.refused(await person.context_menu("Fuse images", message))
        assert sentence.startswith(told)
    opening = await form(person, basket)
    sent = await person.submit(opening, {"prompt": "with a film", "files": [FILM]})
    assert await stage.refused(sent) == "`IMG_1.mov` is a video; send a picture."
    assert stage.posts("with a film") == []


async def test_a_basket_is_one_persons_in_one_channel(stage: Stage) -> None:
    guild = stage.new_guild("Baskets")
    (general,) = guild.channels.values()
    art = stage.discord.channel("art", guild=guild)
    ana, ben = stage.newcomer(guild, "Ana"), stage.newcomer(guild, "Ben")
    message = await ana.send(general, "", picture("ours.png"))
    await gathered(ana, "anas.png", channel=general)
    assert listed(await shown(await ben.context_menu("Fuse images", message))) == ["ours.png"]
    assert listed(await gathered(ana, "there.png", channel=art)) == ["there.png"]
    basket = await shown(await ana.context_menu("Fuse images", message))
    assert listed(basket) == ["anas.png", "ours.png"]
    pressed = await ben.press_forged(message, "v1:basket:clear")
    await pressed.answer()
    assert listed(await gathered(ana, "more.png", channel=general)) == [
        *("anas.png", "ours.png", "more.png")
    ]


async def test_a_refusal_keeps_the_basket_and_filling_it_is_free(stage: Stage) -> None:
    guild = stage.new_guild("Forbidden")
    (general,) = guild.channels.values()
    owner = Person(stage.discord.desk, stage.discord.world.users[guild.owner_id], general)
    await rule(owner, general, "deny")
    person = stage.newcomer(guild)
    basket = await gathered(person, "a.png", "b.png")
    opening = await form(person, basket)
    refused = await stage.refused(await person.submit(opening, {"prompt": "not here"}))
    assert refused.startswith("Pictures are off in")
    assert stage.posts("not here") == []
    await rule(owner, general, "allow")
    opening = await form(person, basket)
    await stage.shows(await person.submit(opening, {"prompt": "here now"}), GREEN)
    assert names_of(stage, "here now") == ["a.png", "b.png"]


async def test_a_basket_is_emptied_while_its_picture_is_still_made(stage: Stage) -> None:
    person = stage.newcomer()
    opening = await form(person, await gathered(person, "a.png", "b.png"))
    stage.api.plan_next(HELD)
    await (await person.submit(opening, {"prompt": "slow fusion"})).answer()
    await stage.working("slow fusion")
    assert listed(await gathered(person, "next.png")) == ["next.png"]
    stage.release("slow fusion")


async def test_a_basket_outlives_the_bot_and_ends_after_an_hour(tmp_path: Path) -> None:
    async with opened(tmp_path) as play:
        person = play.newcomer()
        old = await gathered(person, "a.png", "b.png")
        await play.bot.kill()
        await start(play)
        basket = await gathered(person, "c.png")
        assert listed(basket) == ["a.png", "b.png", "c.png"]
        _pass(tmp_path, HOUR_MS - 60_000)
        basket = await shown(await person.select(old, "Take a picture out", "Image 1: a.png"))
        assert listed(basket) == ["b.png", "c.png"]
        opening = await form(person, basket)
        _pass(tmp_path, HOUR_MS)
        late = await shown(await person.submit(opening, {"prompt": "too late"}))
        assert "is empty" in head(late)
        assert play.posts("too late") == []
        assert listed(await gathered(person, "d.png")) == ["d.png"]


async def test_an_address_about_to_die_is_made_fresh_or_its_picture_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as play:
        person, other = play.newcomer(), play.newcomer()
        ours = await play.shows(await play.ask("a fox to keep", person=person), GREEN)
        theirs = await other.send(None, "", picture("theirs.png"))
        await shown(await person.context_menu("Fuse images", ours))
        basket = await shown(await person.context_menu("Fuse images", theirs))
        _age(tmp_path)
        opening = await form(person, basket)
        refused = await play.refused(await person.submit(opening, {"prompt": "aged"}))
        assert refused.startswith("`theirs.png`, image 2, is gone")
        assert refused.endswith("*Fuse images* there makes it fresh.")
        assert play.posts("aged") == []
        again = await shown(await person.context_menu("Fuse images", theirs))
        assert listed(again) == listed(basket)
        await play.shows(await person.submit(opening, {"prompt": "fresh again"}), GREEN)
        assert names_of(play, "fresh again") == [ours.attachments[0].filename, "theirs.png"]
        expiries = [parse_qs(urlsplit(url).query)["ex"] for url in _given(play, "fresh again")]
        assert [int(ex, 16) > time.time() + 3600 for (ex,) in expiries] == [True, True]


def _given(play: Stage, prompt: str) -> list[str]:
    return [str(url) for url in play.post(prompt).body["image_urls"]]


def _age(folder: Path) -> None:
    """Leave every gathered address ten minutes to live."""
    soon = f"ex={int(time.time()) + 600:x}&"
    with closing(sqlite3.connect(folder / "darkroom.db", isolation_level=None)) as connection:
        for person_id, kept in connection.execute("SELECT person_id, sources FROM baskets"):
            aged = re.sub("ex=[0-9a-f]+&", soon, kept)
            connection.execute(
                "UPDATE baskets SET sources = ? WHERE person_id = ?", (aged, person_id)
            )


def _pass(folder: Path, ms: int) -> None:
    """Let that much time go by for every basket."""
    with closing(sqlite3.connect(folder / "darkroom.db", isolation_level=None)) as connection:
        connection.execute("UPDATE baskets SET changed_at = changed_at - ?", (ms,))
