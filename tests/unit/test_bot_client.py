"""The client's life: patient at the start, outliving what kills discord.py's, honest at the end."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import discord
import pytest
from structlog.testing import capture_logs

from bot.chat.client import DarkroomBot
from bot.chat.invite import invite_url
from bot.errors import ConfigurationError, Unreachable
from tests.chat_house import discord_at, services
from tests.house import JumpingClock
from tests.small_discord import RESET_BEFORE, Refusal, SmallDiscord, small_discord


@pytest.fixture
async def small() -> AsyncIterator[SmallDiscord]:
    async with small_discord() as one, discord_at(one):
        yield one


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
async def bot(small: SmallDiscord, clock: JumpingClock) -> AsyncIterator[DarkroomBot]:
    one = DarkroomBot(services(clock=clock))
    yield one
    await one.close()


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(SimpleNamespace(close_code=code), shard_id=None)  # type: ignore[arg-type]


def connecting(
    bot: DarkroomBot, monkeypatch: pytest.MonkeyPatch, *ends: Exception
) -> Callable[[], int]:
    """Let each connection end by the next error, the last by closing the client."""
    left, attempts = list(ends), 0

    async def connect(*, reconnect: bool = True) -> None:
        nonlocal attempts
        attempts += 1
        if left:
            raise left.pop(0)
        await bot.close()

    monkeypatch.setattr(bot, "connect", connect)
    return lambda: attempts


async def test_a_refused_token_names_its_setting(small: SmallDiscord, bot: DarkroomBot) -> None:
    small.troubles["GET user"].append(Refusal(401, 0))
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN"):
        await bot.log_in("wrong")


@pytest.mark.parametrize("trouble", [RESET_BEFORE, Refusal(503, 0), Refusal(429, 0)])
async def test_a_start_while_discord_is_away_waits_for_it(
    small: SmallDiscord, bot: DarkroomBot, clock: JumpingClock, trouble: str | Refusal
) -> None:
    small.troubles["GET user"].extend([trouble] * 4)
    await bot.log_in("token")
    assert bot.user is not None
    assert len(clock.slept) >= 1


async def test_a_start_gives_up_after_half_a_minute(
    small: SmallDiscord, bot: DarkroomBot, clock: JumpingClock
) -> None:
    small.troubles["GET user"].extend([Refusal(503, 0)] * 20)
    with pytest.raises(Unreachable):
        await bot.log_in("token")
    assert 10 <= sum(clock.slept) <= 30


async def test_whatever_ends_a_connection_is_followed_by_another_ever_later(
    bot: DarkroomBot, clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.log_in("token")
    await bot.on_connect()
    errors = [KeyError("attachment_size_limit"), RuntimeError(), AttributeError(), ValueError()]
    attempts = connecting(bot, monkeypatch, *errors)
    await bot.stay_connected()
    assert attempts() == 5
    assert all(
        low <= wait <= 2 * low for low, wait in zip((0.5, 1, 2, 4), clock.slept, strict=True)
    )


async def test_waits_begin_anew_after_a_steady_connection(
    bot: DarkroomBot, clock: JumpingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.log_in("token")
    await bot.on_connect()
    attempts = 0

    async def connect(*, reconnect: bool = True) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 6:
            await bot.close()
            return
        if attempts == 5:
            await clock.sleep(3600)
        raise RuntimeError

    monkeypatch.setattr(bot, "connect", connect)
    await bot.stay_connected()
    assert clock.slept[-1] <= 1


async def test_a_gateway_that_never_answers_ends_the_start(
    bot: DarkroomBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.log_in("token")
    tripped = AttributeError("'NoneType' has no attribute 'sequence'")  # discord.py's, on its way
    tripped.__context__ = OSError("Connect call failed")
    connecting(bot, monkeypatch, *[tripped] * 20)
    with pytest.raises(Unreachable, match="gateway stays away: Connect call failed"):
        await bot.stay_connected()


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (closed(4004), "DISCORD_TOKEN"),
        (closed(4013), "4013"),
        (discord.PrivilegedIntentsRequired(None), "4014"),
    ],
)
async def test_a_fatal_close_code_ends_with_what_to_do(
    bot: DarkroomBot, monkeypatch: pytest.MonkeyPatch, end: Exception, said: str
) -> None:
    connecting(bot, monkeypatch, end)
    with pytest.raises(ConfigurationError, match=said):
        await bot.serve("token")


@pytest.mark.parametrize(
    "data", [{}, None, [], {"id": "x"}, {"id": "1", "type": 2, "token": "t", "version": 1}]
)
async def test_a_malformed_event_is_dropped_and_logged(bot: DarkroomBot, data: object) -> None:
    with capture_logs() as logs:
        bot._connection.parsers["INTERACTION_CREATE"](data)
    assert [line["event"] for line in logs] == ["malformed gateway event dropped"]


async def test_an_error_in_an_event_handler_is_logged(bot: DarkroomBot) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        await bot._run_event(broken, "on_guild_join")
    assert [line["handler"] for line in logs] == ["on_guild_join"]


@pytest.mark.parametrize(
    ("public", "allowed", "warned"),
    [(True, set(), True), (True, {7}, False), (False, set(), False)],
)
async def test_a_public_bot_without_a_list_of_servers_is_warned_about(
    small: SmallDiscord,
    capsys: pytest.CaptureFixture[str],
    public: bool,
    allowed: set[int],
    warned: bool,
) -> None:
    small.public = public
    bot = DarkroomBot(services(allowed_guild_ids=frozenset(allowed), clock=JumpingClock()))
    await bot.log_in("token")
    await bot.close()
    assert ("ALLOWED_GUILD_IDS" in capsys.readouterr().out) is warned


async def test_todays_limit_of_new_commands_does_not_stop_the_start(
    small: SmallDiscord, bot: DarkroomBot, capsys: pytest.CaptureFixture[str]
) -> None:
    small.troubles["PUT commands"].append(Refusal(400, 30034))
    await bot.log_in("token")
    assert "no more new commands today" in capsys.readouterr().out


async def test_in_no_server_the_invitation_is_in_the_log(
    bot: DarkroomBot, capsys: pytest.CaptureFixture[str]
) -> None:
    await bot.log_in("token")
    await bot.on_ready()
    out = capsys.readouterr().out
    assert invite_url(1) in out
    assert "seconds=" in out


def test_the_invitation_asks_for_no_more_than_it_needs() -> None:
    url = invite_url(1)
    assert "scope=bot+applications.commands" in url
    wanted = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
    )
    assert f"permissions={wanted.value}" in url
