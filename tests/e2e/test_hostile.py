"""Hostile people, a hostile network and hostile results before the real process."""

import asyncio
import json
import random
import struct
import sys
import zlib
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.chat import job_presses, repeats
from bot.chat.custom_ids import Action
from bot.sandbox.handles import DidNotRespond, InteractionHandle
from bot.sandbox.interaction import Kind
from bot.sandbox.records import Message
from tests.e2e.process import ROOT, environment
from tests.e2e.stage import GREEN, QUICK, RED, Stage, code, embed, picture
from tests.fakes import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


# results


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A small PNG file that unpacks to a gigabyte."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


PAGE = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NO_PICTURES = {
    "a bomb": bomb(60_000, 60_000),
    "a bomb with a size that overflows": bomb(2**31 - 1, 2**31 - 1),
    "a picture without a size": bomb(0, 0),
    "a page": PAGE,
    "a drawing that is a program": SVG,
    "a page that begins like a picture": b"\x89PNG\r\n\x1a\n" + PAGE,
    "a script that begins like a picture": b"GIF89a/*" + b"\0" * 20 + b"*/=alert(1)",
    "a program": b"MZ" + bytes(5000),
    "an archive": b"PK\x03\x04" + bytes(5000),
    "half a picture": png((64, 64))[:-40],
    "a chunk without end": b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR" + bytes(64),
    "one byte": b"\x89",
}


@pytest.mark.parametrize("kind", NO_PICTURES)
async def test_a_result_that_only_claims_to_be_a_picture_is_not_posted(
    stage: Stage, kind: str
) -> None:
    plan = replace(QUICK, ready_made=NO_PICTURES[kind], content_type="image/png")
    handle = await stage.ask(f"result: {kind}", plan)
    message = await stage.shows(handle, RED)
    assert "is not a usable picture" in embed(message)["description"]
    assert message.attachments == ()


async def test_a_picture_with_a_page_behind_it_is_posted_as_a_picture_only(stage: Stage) -> None:
    plan = replace(QUICK, ready_made=png() + PAGE, content_type="text/css", extension="html")
    message = await stage.shows(await stage.ask("two in one", plan), GREEN)
    (attached,) = message.attachments
    assert attached.filename == f"darkroom-{code(message)}-1.png"


# presses, forms, typing


STRANGE_IDS = [
    "",
    "v1",
    "v1:cancel:",
    "v1:cancel:zzzz",
    "v0:cancel:2345",
    "v1:wipe:2345",
    "v1:cancel:2345:6789",
    "V1:CANCEL:2345",
    "v1:cancel:' OR 1=1 --",
    "v1:cancel:\x00",
    "v1:cancel:\u0665\u0665",
    "v1:cancel:" + "2" * 10_000,
    "☃" * 100,
    "a\nb",
]


async def whispered(handle: InteractionHandle) -> str:
    answer = await handle.answer()
    assert answer.ephemeral
    assert answer.message is not None
    assert answer.message.pings <= {answer.message.visible_to}
    return answer.message.content


async def test_a_strange_id_is_answered_in_private_and_changes_nothing(stage: Stage) -> None:
    person = stage.newcomer()
    message = await stage.shows(await stage.ask("strange presses", person=person), GREEN)
    own = f"v1:cancel:{code(message)}"
    for identity in (*STRANGE_IDS, f" {own}", f"{own}\n", f"{own}:{own}", own.upper()):
        assert await whispered(await person.press_forged(message, identity)) == words.OLD_BUTTON
    assert len(stage.posts("strange presses")) == 1


async def test_nobody_presses_for_somebody_else_not_even_forged(stage: Stage) -> None:
    person, other = stage.newcomer(), stage.newcomer(name="Mallory")
    handle = await stage.held("not yours", person)
    message = handle.message
    assert message is not None
    for action in Action:
        forged = await other.press_forged(message, f"v1:{action}:{code(message)}")
        said = await whispered(forged)
        own = action in {*job_presses.PRESSES, *repeats.PRESSES} - {Action.REROLL}
        assert said == (words.NOT_YOURS if own else said)
    assert await whispered(await other.click(message, words.CANCEL)) == words.NOT_YOURS
    stage.release("not yours")
    await stage.shows(handle, GREEN)
    assert len(stage.posts("not yours")) == 1


async def test_a_button_does_nothing_in_another_server(stage: Stage) -> None:
    person, abroad = stage.newcomer(), stage.new_guild()
    handle = await stage.held("at home", person)
    assert handle.message is not None
    stage.discord.world.join(abroad, person.user)
    there = stage.newcomer(abroad)
    elsewhere = await stage.shows(await stage.ask("abroad", person=there), GREEN)
    forged = await person.press_forged(elsewhere, f"v1:cancel:{code(handle.message)}")
    assert await whispered(forged) == words.OLD_BUTTON
    stage.release("at home")
    await stage.shows(handle, GREEN)


async def test_presses_that_are_repeated_after_the_end_cost_nothing(stage: Stage) -> None:
    person = stage.newcomer()
    message = await stage.shows(await stage.ask("over", person=person), GREEN)
    said = {
        Action.CANCEL: words.TOO_LATE_TO_CANCEL,
        Action.CHECK_AGAIN: words.NOTHING_TO_CHECK,
    }
    for action, sentence in said.items():
        for _ in range(5):
            forged = await person.press_forged(message, f"v1:{action}:{code(message)}")
            assert await whispered(forged) == sentence
    assert embed(message)["color"] == GREEN
    assert len(message.attachments) == 1
    assert len(stage.posts("over")) == 1


async def test_a_form_that_we_never_opened_is_answered_in_private(stage: Stage) -> None:
    person = stage.newcomer()
    fields: list[dict[str, Any]] = [
        {"custom_id": "prompt", "components": []},
        {"custom_id": "v1:cancel:2345", "components": [{"type": 1, "components": []}]},
        {"custom_id": "x" * 5000, "components": [{"type": 99}]},
        {
            "custom_id": "prompt",
            "components": [
                {
                    "type": 18,
                    "component": {"type": 4, "custom_id": "p", "value": "@everyone " * 400},
                }
            ],
        },
    ]
    for data in fields:
        sent = stage.discord.desk.dispatcher.send(person.user, person.home, Kind.MODAL_SUBMIT, data)
        handle = InteractionHandle(stage.discord.world, sent)
        assert await whispered(handle) == words.OLD_FORM


async def test_typing_into_options_that_suggest_nothing_stops_nothing(stage: Stage) -> None:
    person, handles = stage.newcomer(), []
    for name, options in {
        "imagine": [{"name": "prompt", "type": 3, "value": "*" * 6000, "focused": True}],
        "fuse": [],
        "draw": [{"name": "x", "type": 3, "value": "y", "focused": True}],
    }.items():
        data: dict[str, Any] = {"id": "1", "name": name, "type": 1, "options": options}
        sent = stage.discord.desk.dispatcher.send(person.user, person.home, Kind.AUTOCOMPLETE, data)
        handles.append(InteractionHandle(stage.discord.world, sent))
    for handle in handles:
        with pytest.raises(DidNotRespond):
            await handle.answer()
    await stage.shows(await stage.ask("after the typing"), GREEN)


# events


NONSENSE: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    "",
    "\x00",
    "\ud800",
    "x" * 5000,
    "@everyone",
    [],
    [[[[]]]],
    {},
    {"id": None},
]
EVENTS = ["GUILD_CREATE", "GUILD_UPDATE", "CHANNEL_UPDATE", "GUILD_ROLE_UPDATE", "MESSAGE_CREATE"]
OURS = ("id", "token", "application_id")  # what the answers' addresses are made of


def nodes(payload: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place in a payload, as container and key."""
    if isinstance(payload, dict):
        pairs = list(payload.items())
    elif isinstance(payload, list):
        pairs = list(enumerate(payload))
    else:
        return []
    below = [one for _, value in pairs for one in nodes(value)]
    return [(payload, key) for key, _ in pairs] + below


def mutated(payload: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The payload with one to three places left out, replaced, doubled or exchanged."""
    changed = deepcopy(payload)
    for _ in range(rng.randint(1, 3)):
        places = [one for one in nodes(changed) if one[0] is not changed or one[1] not in OURS]
        holder, key = rng.choice(places)
        match rng.randrange(4):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key], holder[key]]
            case 2:
                other, there = rng.choice(places)
                holder[key] = deepcopy(other.get(there) if isinstance(other, dict) else there)
            case _:
                holder[key] = rng.choice(NONSENSE)
    return changed


async def samples(stage: Stage) -> list[dict[str, Any]]:
    """One real payload of every kind of interaction.

    The prompts are short: a trace may show what stood in the place of a number.
    """
    person = stage.newcomer()
    images = {f"image{number}": picture(f"{number}.png") for number in (1, 2)}
    asked = [
        await person.slash("imagine", prompt="one", aspect_ratio="16:9"),
        await person.slash("edit", prompt="two", image=picture()),
        await person.slash("fuse", prompt="three", options=images),
        await person.slash("history"),
    ]
    message = await stage.shows(asked[0], GREEN)
    asked.append(await person.press_forged(message, f"v1:check:{code(message)}"))
    for handle in asked:
        await handle.answer()
    return [handle.interaction.payload for handle in asked]


async def test_a_thousand_mutated_events_neither_end_the_process_nor_the_session(
    stage: Stage,
) -> None:
    rng, sessions, guild = random.Random(7), stage.discord.sessions, stage.discord.guild
    payloads = await samples(stage)
    starts, held = len(sessions.starts), await stage.held("amid mutants")
    for _ in range(800):
        event = mutated(rng.choice(payloads), rng)
        event["id"] = str(stage.discord.world.snowflakes.new())
        sessions.dispatch("INTERACTION_CREATE", event, guild.id)
        await asyncio.sleep(0.002)
    whole = stage.discord.show.guild_create(guild)
    for _ in range(200):
        kind = rng.choice(
            [
                "GUILD_CREATE",
                "GUILD_UPDATE",
                "CHANNEL_UPDATE",
                "GUILD_ROLE_UPDATE",
                "MESSAGE_CREATE",
            ]
        )
        sessions.dispatch(kind, mutated(whole, rng), guild.id)
    sessions.dispatch("GUILD_CREATE", whole, guild.id)
    await stage.shows(await stage.ask("after a thousand mutants"), GREEN)
    stage.release("amid mutants")
    await stage.shows(held, GREEN)
    assert len(sessions.starts) == starts
    assert stage.bot.events("malformed gateway event dropped")


async def test_a_frame_deeper_than_python_goes_costs_one_connection_only(stage: Stage) -> None:
    starts = len(stage.discord.sessions.starts)
    stage.discord.gateway.send_raw('{"op":0,"t":"X","s":1,"d":' + "[" * 100_000)
    await _begun(stage, starts + 1)
    await stage.shows(await stage.ask("after the deep frame"), GREEN)


async def _begun(stage: Stage, sessions: int) -> None:
    """Wait until the bot is in its so many-th session."""
    await stage.discord.wait_until(lambda: len(stage.discord.sessions.starts) >= sessions, 20)
    await stage.discord.gateway.wait_ready()


async def test_a_client_that_dies_again_and_again_comes_back_ever_later(stage: Stage) -> None:
    held, starts = await stage.held("while the client dies"), stage.discord.sessions.starts
    before = len(stage.bot.events("the gateway connection died"))
    took_s = []
    for begun in range(len(starts) + 1, len(starts) + 4):
        died_at = asyncio.get_running_loop().time()
        stage.discord.gateway.send_raw("no frame")
        await _begun(stage, begun)
        took_s.append(asyncio.get_running_loop().time() - died_at)
    assert all(took >= least for took, least in zip(took_s, (0.5, 1.0, 2.0), strict=True))
    deaths = stage.bot.events("the gateway connection died")[before:]
    assert len(deaths) == 3
    assert all("exception" in line for line in deaths)
    stage.release("while the client dies")
    await stage.shows(held, GREEN)
    await stage.shows(await stage.ask("after three deaths"), GREEN)


# the network


@pytest.mark.parametrize("size", [60, 10_000_000])
@pytest.mark.parametrize("known", [False, True], ids=["any token", "a known token"])
async def test_people_are_answered_while_a_thousand_callbacks_a_second_come(
    stage: Stage, known: bool, size: int
) -> None:
    prompt = f"under a flood of {size}, {known}"
    held = await stage.held(prompt)
    entry = stage.post(prompt)
    url = str(entry.body["callback_url"])
    reads, began = entry.gets, asyncio.get_running_loop().time()
    flood = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.e2e.flood"),
        *(url if known else f"{url.rsplit('/', 1)[0]}/-", "1000", str(size), "3"),
        env=environment({}),
        cwd=ROOT,
    )
    try:
        took_s = []
        for number in range(8):
            handle = await stage.newcomer().slash("imagine", prompt=f"{prompt}, {number}")
            took_s.append((await handle.answer()).took_s)
            await asyncio.sleep(0.2)
    finally:
        await flood.wait()
    seconds = asyncio.get_running_loop().time() - began
    assert sorted(took_s)[len(took_s) // 2] < 1.0
    assert entry.gets - reads <= 3 + 2 * seconds
    assert peak_bytes(stage.bot.pid) < 170_000_000
    stage.release(prompt)
    await stage.shows(held, GREEN)
    assert len(stage.posts(prompt)) == 1


def peak_bytes(pid: int) -> int:
    """The most memory that the process ever held; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


async def test_callbacks_of_a_finished_job_and_of_another_one_change_nothing(stage: Stage) -> None:
    over = await stage.shows(await stage.ask("already over"), GREEN)
    held = await stage.held("still going")
    first, second = stage.post("already over"), stage.post("still going")
    for entry, named in ((first, second), (second, first), (second, second)):
        body = json.dumps({"code": 200, "data": {"taskId": named.task_id, "state": "completed"}})
        assert await post(str(entry.body["callback_url"]), body.encode()) in {204, 429}
    stage.release("still going")
    message = await stage.shows(held, GREEN)
    (own,) = await stage.originals("still going")
    assert [one.data for one in message.attachments] == [own]
    assert len(over.states) == len(_colours(over))
    assert len(stage.posts("already over")) == len(stage.posts("still going")) == 1


def _colours(message: Message) -> list[int]:
    return [state.embeds[0]["color"] for state in message.states]


async def post(url: str, body: bytes) -> int:
    """The status of one callback."""
    host, path = url.removeprefix("http://").split("/", 1)
    name, port = host.split(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    head = f"POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return int(answer[9:12])
