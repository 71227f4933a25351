"""From a message to a request: kinds, pictures, places, and who is passed over."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from structlog.testing import capture_logs

from bot import reply_words
from bot.chat import replies
from bot.errors import StoreUnavailable
from bot.house_rules import HouseRules
from bot.models import Kind, Place, Refusal, RefusalReason, State
from bot.notices import Incident
from tests import guild_samples as samples
from tests.chat_house import ChatHouse, FakeHouses, chat_house
from tests.guild_samples import (
    ME,
    Json,
    attachment,
    in_dm,
    person,
    picture_of_mine,
    replying,
    server,
    somebody_elses,
    written,
)
from tests.small_discord import HANG, RESET_AFTER, RESET_BEFORE
from tests.small_discord import Refusal as Refused
from tests.unit.test_hostile_events import settled

ALL = discord.Permissions.all_channel()


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChatHouse]:
    monkeypatch.setattr(replies, "ATTEMPT_S", 0.5)
    monkeypatch.setattr(replies, "ANSWER_S", 2.0)
    monkeypatch.setattr(replies, "RETRY_WAITS_S", (0.0, 0.0))
    async with chat_house() as one:
        yield one


async def take(house: ChatHouse, *messages: Json, of: Json | None = None) -> None:
    """Let the gateway tell of a server and then of messages."""
    house.bot._connection.parsers["GUILD_CREATE"](of or server())
    await settled()
    for message in messages:
        house.bot._connection.parsers["MESSAGE_CREATE"](message)
        await settled()


def told(house: ChatHouse) -> list[str]:
    """What was said beside pictures."""
    calls = house.small.made("POST messages")
    return [call.payload["content"] for call in calls if "embeds" not in call.payload]


FILES = [attachment(name) for name in ("a.png", "b.png", "c.png")]


@pytest.mark.parametrize(
    ("message", "kind", "names"),
    [
        (written(), Kind.IMAGINE, []),
        (written(f"<@{ME}> x", FILES[0]), Kind.EDIT, ["a.png"]),
        (written(f"<@{ME}> x", *FILES), Kind.FUSE, ["a.png", "b.png", "c.png"]),
        (replying(picture_of_mine(FILES[2])), Kind.EDIT, ["c.png"]),
        (
            replying(picture_of_mine(FILES[2]), f"<@{ME}> x", *FILES[:2]),
            Kind.FUSE,
            ["c.png", "a.png", "b.png"],
        ),
        (replying(picture_of_mine(*FILES)), Kind.FUSE, ["a.png", "b.png", "c.png"]),
        (replying(somebody_elses(FILES[1], text="look")), Kind.EDIT, ["b.png"]),
        (replying(somebody_elses(text="a cat on mars")), Kind.IMAGINE, []),
        (
            replying(somebody_elses(text="this one"), f"<@{ME}> x", FILES[0]),
            Kind.EDIT,
            ["a.png"],
        ),
        (in_dm(f"<@{ME}> x", FILES[0]), Kind.EDIT, ["a.png"]),
    ],
)
async def test_the_pictures_say_what_is_asked_for(
    house: ChatHouse, message: Json, kind: Kind, names: list[str]
) -> None:
    await take(house, message)
    (request,) = house.jobs.admitted
    assert request.kind is kind
    assert [one.filename for one in request.sources] == names
    assert request.count == 1
    assert not request.private


async def test_a_request_tells_all_that_a_command_tells(house: ChatHouse) -> None:
    await take(house, written(f"a cat <@{ME}> on\nmars"))
    (request,), (here,) = house.jobs.admitted, house.jobs.circumstances
    assert request.id == 2000
    assert request.prompt == "a cat on\nmars"
    assert request.aspect_ratio == "auto"
    assert (request.person_id, request.person_name) == (5, "Ana")
    assert request.place == Place(samples.TEXT, samples.SERVER)
    assert (request.reply.application_id, request.reply.token) == (1, "")
    assert request.asked_at == discord.utils.snowflake_time(2000)
    assert request.upload_limit_bytes == 50 * 1024 * 1024  # of a server of tier 2
    assert request.bot_can_edit
    assert here.role_ids == {samples.ROLE, samples.SERVER}


@pytest.mark.parametrize(
    ("channel_id", "places", "adult"),
    [
        (samples.TEXT, (samples.TEXT, samples.CATEGORY), False),
        (samples.NSFW, (samples.NSFW, samples.CATEGORY), True),
        (samples.NEWS, (samples.NEWS, samples.CATEGORY), False),
        (samples.VOICE, (samples.VOICE, samples.CATEGORY), False),
        (samples.THREAD, (samples.THREAD, samples.TEXT, samples.CATEGORY), False),
        (samples.NSFW_THREAD, (samples.NSFW_THREAD, samples.NSFW, samples.CATEGORY), True),
        (samples.POST, (samples.POST, samples.FORUM, samples.CATEGORY), True),
    ],
)
async def test_rules_see_thread_channel_category_and_age(
    house: ChatHouse, channel_id: int, places: tuple[int, ...], adult: bool
) -> None:
    await take(house, written(channel_id=str(channel_id)))
    (here,) = house.jobs.circumstances
    assert here.channel_ids == places
    assert here.adult_channel is adult


async def test_a_thread_of_which_nothing_is_known_is_looked_up(house: ChatHouse) -> None:
    house.small.channel = samples.thread(955, samples.NSFW)
    await take(house, written(channel_id="955"))
    (here,) = house.jobs.circumstances
    assert here.channel_ids == (955, samples.NSFW, samples.CATEGORY)
    assert here.adult_channel


async def test_a_thread_whose_channel_is_not_known_is_passed_over(house: ChatHouse) -> None:
    house.small.channel = samples.thread(955, 12345)
    await take(house, written(channel_id="955"))
    assert house.jobs.admitted == []
    assert told(house) == []


async def test_a_direct_message_has_no_server(house: ChatHouse) -> None:
    await take(house, in_dm())
    (request,), (here,) = house.jobs.admitted, house.jobs.circumstances
    assert request.place == Place(99, None)
    assert request.upload_limit_bytes == 10 * 1024 * 1024
    assert here.channel_ids == (99,)
    assert here.role_ids == frozenset()


@pytest.mark.parametrize(
    "message",
    [
        written(author=person(5, bot=True)),
        written(author=samples.person(ME, bot=True)),
        written(webhook_id="77"),
        written(type=6),
        written(type=18),
        written(guild_id="8"),
        written(member=None) | {"member": None},
    ],
    ids=["bot", "itself", "webhook", "pin", "thread made", "unknown server", "no member"],
)
async def test_what_no_person_wrote_is_passed_over(house: ChatHouse, message: Json) -> None:
    if message["member"] is None:
        del message["member"]
    await take(house, message)
    assert house.jobs.admitted == []
    assert house.small.made("POST messages") == []


async def test_an_event_that_comes_twice_makes_one_job(house: ChatHouse) -> None:
    await take(house, written(), written())
    assert len(house.jobs.admitted) == 1
    assert len(house.small.made("POST messages")) == 1


async def test_what_the_store_knows_already_gets_no_second_answer(house: ChatHouse) -> None:
    house.jobs.duplicate = True
    await take(house, written())
    assert house.small.made("POST messages") == []


async def test_a_server_can_switch_it_off_and_hears_nothing(house: ChatHouse) -> None:
    houses: FakeHouses = house.bot.services.houses  # type: ignore[assignment]
    houses.ruled = HouseRules(replies=False)
    await take(house, written(), written("<@42>", id="2001"), in_dm() | {"id": "2002"})
    assert [request.id for request in house.jobs.admitted] == [2002]
    assert told(house) == []


def of_bits(bits: discord.Permissions) -> Json:
    """The server where everybody, the bot too, has these permissions."""
    return server(roles=[samples.role(samples.SERVER, bits.value), samples.role(samples.ROLE, 0)])


def without(**bits: bool) -> discord.Permissions:
    changed = discord.Permissions(ALL.value)
    changed.update(**bits)
    return changed


@pytest.mark.parametrize(
    ("bits", "channel_id"),
    [
        (without(send_messages=False), samples.TEXT),
        (without(send_messages_in_threads=False), samples.THREAD),
        (without(read_message_history=False), samples.TEXT),
        (without(use_application_commands=False), samples.TEXT),
    ],
)
async def test_where_we_may_not_reply_or_they_may_not_ask_there_is_silence(
    house: ChatHouse, bits: discord.Permissions, channel_id: int
) -> None:
    with capture_logs() as logs:
        await take(house, written(channel_id=str(channel_id)), of=of_bits(bits))
    assert house.jobs.admitted == []
    assert house.small.made("POST messages") == []
    (line,) = [line for line in logs if line["event"] == "message passed over"]
    assert line["log_level"] == "debug"


async def test_where_pictures_cannot_be_shown_it_says_what_is_missing(house: ChatHouse) -> None:
    bits = without(embed_links=False, attach_files=False)
    await take(house, written(), of=of_bits(bits))
    assert told(house) == [reply_words.missing(["Embed Links", "Attach Files"])]
    assert house.jobs.admitted == []


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (written(f"<@{ME}>"), reply_words.NO_WORDS),
        (written(f"<@{ME}> \u200b", FILES[0]), reply_words.NO_WORDS),
        (replying(picture_of_mine(FILES[0]), f"<@{ME}>"), reply_words.NO_WORDS),
        (replying(picture_of_mine()), reply_words.NO_PICTURE_THERE),
        (replying(picture_of_mine(), f"<@{ME}> x", FILES[0]), reply_words.NO_PICTURE_THERE),
        (replying(somebody_elses()), reply_words.HIDDEN),
        (replying(somebody_elses(), f"<@{ME}> x", FILES[0]), reply_words.HIDDEN),
        (replying(None), reply_words.REPLIED_GONE),
        (
            replying(somebody_elses(attachment("IMG_1.mov", "video/quicktime"), text="look")),
            "`IMG_1.mov` is a video; send a picture.",
        ),
        (
            written(f"<@{ME}> x", attachment("IMG_1.mov", "video/quicktime")),
            "`IMG_1.mov` is a video; send a picture.",
        ),
    ],
)
async def test_what_cannot_be_made_is_said_and_costs_nothing(
    house: ChatHouse, message: Json, sentence: str
) -> None:
    await take(house, message)
    assert told(house) == [sentence]
    assert house.jobs.admitted == []


async def test_a_message_that_discord_leaves_out_is_hidden_too(house: ChatHouse) -> None:
    message = replying(None)
    del message["referenced_message"]
    await take(house, message)
    assert told(house) == [reply_words.HIDDEN]
    assert house.small.made("GET message") == []  # it would be in vain


async def test_with_the_operators_intent_a_hidden_message_is_looked_up(house: ChatHouse) -> None:
    flags = discord.ApplicationFlags(gateway_message_content_limited=True)
    house.bot._connection.application_flags = flags
    house.small.written = [somebody_elses(FILES[1])]
    await take(house, replying(somebody_elses()))
    (request,) = house.jobs.admitted
    assert [one.filename for one in request.sources] == ["b.png"]


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Refused(404, 10008), reply_words.REPLIED_GONE),
        (Refused(403, 50001), reply_words.HIDDEN),
        (Refused(503, 0), reply_words.HIDDEN),
    ],
)
async def test_a_look_that_fails_is_said(house: ChatHouse, trouble: Refused, sentence: str) -> None:
    flags = discord.ApplicationFlags(gateway_message_content=True)
    house.bot._connection.application_flags = flags
    house.small.troubles["GET message"].append(trouble)
    await take(house, replying(somebody_elses()))
    assert told(house) == [sentence]
    assert house.jobs.admitted == []


async def test_more_pictures_than_the_model_takes_are_refused(house: ChatHouse) -> None:
    most = house.bot.services.model.max_references
    files = [attachment(f"{number}.png") for number in range(most + 1)]
    message = replying(picture_of_mine(*files[:10]), f"<@{ME}> x", *files[10:])
    await take(house, message)
    assert told(house) == [reply_words.too_many(most + 1, most)]
    fitting = replying(picture_of_mine(*files[:10]), f"<@{ME}> x", *files[10:-1])
    await take(house, fitting | {"id": "2001"})
    (request,) = house.jobs.admitted
    assert len(request.sources) == most


# The answer.


async def test_the_answer_is_a_reply_that_pings_nobody_and_cannot_double(
    house: ChatHouse,
) -> None:
    await take(house, written())
    (call,) = house.small.made("POST messages")
    assert call.path == "/channels/9/messages"
    assert call.payload["allowed_mentions"] == {"parse": []}
    assert call.payload["message_reference"]["message_id"] == "2000"
    assert call.payload["message_reference"]["fail_if_not_exists"] is True
    assert (call.payload["nonce"], call.payload["enforce_nonce"]) == ("ask-2000", True)
    assert call.payload["embeds"][0]["description"].startswith("> a cat\nPending")
    (showing,) = house.jobs.shown
    assert (showing.message_id, showing.channel_id) == (55, 9)
    assert (showing.state, showing.rung) == (State.QUEUED, "bot")
    assert showing.looks


@pytest.mark.parametrize("trouble", [RESET_BEFORE, RESET_AFTER, HANG, Refused(503, 0)])
async def test_an_answer_that_was_not_taken_is_given_again_under_the_same_nonce(
    house: ChatHouse, trouble: str | Refused
) -> None:
    house.small.troubles["POST messages"].append(trouble)
    await take(house, written())
    nonces = [call.payload["nonce"] for call in house.small.made("POST messages")]
    assert len(nonces) >= 2
    assert set(nonces) == {"ask-2000"}
    assert len(house.jobs.shown) == 1
    assert house.jobs.dropped == []


async def test_when_discord_stays_away_the_care_loop_is_left_to_tell(house: ChatHouse) -> None:
    house.small.troubles["POST messages"].extend([HANG] * 10)
    await take(house, written())
    assert house.jobs.shown == []
    assert house.jobs.dropped == []  # perhaps it is out
    assert told(house) == []


@pytest.mark.parametrize(
    "refusal",
    [
        Refused(400, 50035, more={"errors": {"message_reference": {"_errors": [{"code": "X"}]}}}),
        Refused(403, 50013),
        Refused(403, 160002),
    ],
    ids=["question deleted", "no permission", "no history"],
)
async def test_an_answer_that_is_refused_gives_the_job_back_without_a_word(
    house: ChatHouse, refusal: Refused
) -> None:
    house.small.troubles["POST messages"].append(refusal)
    await take(house, written())
    assert len(house.jobs.dropped) == 1
    assert house.jobs.shown == []
    assert len(house.small.made("POST messages")) == 1


# Refusals and errors.


async def test_a_refusal_removes_itself_after_a_while(house: ChatHouse) -> None:
    house.jobs.outcome = Refusal(RefusalReason.QUEUE_FULL, limit=3, used=3)
    await take(house, written())
    (call,) = house.small.made("POST messages")
    assert call.payload["content"].startswith("3 pictures are waiting")
    assert call.payload["allowed_mentions"] == {"parse": []}
    assert call.payload["flags"] == 4 | 4096  # no link previews, no notification
    assert call.payload["message_reference"]["message_id"] == "2000"
    await house.clock.advance(14.9)
    assert house.small.made("DELETE message") == []
    await house.clock.advance(0.2)
    await removed(house)


async def removed(house: ChatHouse) -> None:
    """Wait for what is being removed."""
    while fading := list(house.bot.replies._fading.values()):
        await fading[0]
    (call,) = house.small.made("DELETE message")
    assert call.path == "/channels/9/messages/55"


async def test_a_refusal_that_still_stands_goes_with_the_bot(house: ChatHouse) -> None:
    house.jobs.outcome = Refusal(RefusalReason.STOPPING)
    await take(house, written())
    assert house.small.made("DELETE message") == []
    await house.bot.close()
    assert len(house.small.made("DELETE message")) == 1


async def test_a_refusal_that_somebody_else_removed_hurts_nobody(house: ChatHouse) -> None:
    house.small.troubles["DELETE message"].append(Refused(404, 10008))
    await take(house, written(f"<@{ME}>"))
    await house.clock.advance(16)
    await removed(house)


async def test_one_person_gets_one_refusal_in_ten_seconds(house: ChatHouse) -> None:
    def empty(number: int, person_id: int = 5) -> Json:
        return written(f"<@{ME}>", id=str(number), author=person(person_id))

    await take(house, empty(2000), empty(2001), empty(2002, 6), empty(2003))
    assert len(told(house)) == 2
    await house.clock.advance(9.9)
    await take(house, empty(2004))
    assert len(told(house)) == 2
    await house.clock.advance(0.2)
    await take(house, empty(2005), empty(2006))
    assert len(told(house)) == 3


async def test_a_forbidden_word_is_not_said_again_before_everybody(house: ChatHouse) -> None:
    house.jobs.outcome = Refusal(RefusalReason.FORBIDDEN_WORD, word="gore")
    await take(house, written())
    assert told(house) == [reply_words.FORBIDDEN_WORD]


async def test_other_channels_are_named_to_those_who_may_write_there(house: ChatHouse) -> None:
    shut = [{"id": "7", "type": 0, "allow": "0", "deny": str(1 << 11)}]
    channels = [
        *server()["channels"],
        samples.channel(95),
        samples.channel(96, permission_overwrites=shut),
    ]
    house.jobs.outcome = Refusal(RefusalReason.CHANNEL_NOT_ALLOWED, try_channels=(95, 96))
    await take(house, written(), of=server(channels=channels))
    assert told(house) == ["Pictures are off in <#9>; try <#95>."]


@pytest.mark.parametrize("error", [TimeoutError(), StoreUnavailable("full")])
async def test_errors_are_told_in_the_words_of_commands(house: ChatHouse, error: Exception) -> None:
    house.jobs.outcome = error
    await take(house, written())
    (sentence,) = told(house)
    assert sentence.endswith("Nothing was charged.")


async def test_an_incident_has_a_code_that_the_log_has_too(house: ChatHouse) -> None:
    house.jobs.outcome = ZeroDivisionError()
    with capture_logs() as logs:
        await take(house, written())
    (line,) = [line for line in logs if line["event"] == "incident"]
    (sentence,) = told(house)
    assert f"`{line['incident']}`" in sentence
    journal: Any = house.bot.services.journal
    assert journal.noted == [Incident(line["incident"], 5, samples.SERVER, samples.TEXT)]


async def test_what_cannot_be_told_is_logged_and_hurts_nobody(house: ChatHouse) -> None:
    house.small.troubles["POST messages"].append(Refused(403, 50013))
    with capture_logs() as logs:
        await take(house, written(f"<@{ME}>"))
    assert "a person was not told" in {line["event"] for line in logs}
    assert house.small.made("DELETE message") == []


# The price.


async def test_a_price_is_asked_about_in_the_channel_and_the_wish_is_kept(
    house: ChatHouse,
) -> None:
    house.jobs.outcome = Refusal(RefusalReason.PRICE_UNCONFIRMED, used=60_000)
    message = written(f"<@{ME}> x", *FILES[:2])
    await take(house, message, message | {"id": "2001"})
    (call,) = house.small.made("POST messages")  # one question in ten seconds
    buttons = call.payload["components"][0]["components"]
    assert [one["label"] for one in buttons] == ["Make it, $0.06", "No"]
    assert buttons[0]["custom_id"] == "v1:price:yes-2000-60000"
    assert call.payload["message_reference"]["message_id"] == "2000"
    assert call.payload["allowed_mentions"] == {"parse": []}
    assert call.payload["nonce"] == "cost-2000"
    drafts: Any = house.bot.services.drafts
    draft = drafts.drafts[2000]
    assert (draft.person_id, draft.place) == (5, Place(samples.TEXT, samples.SERVER))
    assert draft.wish.kind is Kind.FUSE
    assert len(draft.wish.sources) == 2
    await house.clock.advance(60)
    assert house.small.made("DELETE message") == []


# Intents.


@pytest.mark.parametrize("listening", [True, False])
async def test_only_unprivileged_intents_are_asked_for_and_none_for_messages_when_off(
    listening: bool,
) -> None:
    async with chat_house(replies=listening) as house:
        wanted = discord.Intents(guilds=True, guild_messages=listening, dm_messages=listening)
        assert house.bot.intents == wanted
