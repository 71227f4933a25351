"""Log channels: small lines, few messages, and nothing that could hold anything up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import log_words
from bot.chat.journal import MESSAGE_LIMIT, MOST_LINES, ChannelJournal, page
from bot.errors import StoreUnavailable
from bot.house_rules import HouseRules, RuleChange
from bot.models import Charged, State, Trouble
from bot.notices import (
    BudgetWarning,
    Incident,
    Notice,
    PictureDelivered,
    ProviderPause,
    SettingChanged,
)
from tests.chat_house import ChatHouse, chat_house
from tests.chat_samples import ANA, ASKED_AT, CHANNEL, GUILD, job, request
from tests.clock import FakeClock
from tests.house import JumpingClock
from tests.small_discord import HANG, Refusal

LOG = 99
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
PICTURE = PictureDelivered(job(State.DELIVERED, charged=Charged.YES))


@dataclass
class Logs:
    """Implements `bot.chat.journal.Rules`."""

    channel_id: int | None = LOG
    broken: bool = False
    asked: list[int] = field(default_factory=list)

    async def rules(self, guild_id: int) -> HouseRules:
        self.asked.append(guild_id)
        if self.broken:
            raise StoreUnavailable("disk full")
        return HouseRules(log_channel_id=self.channel_id)


@dataclass
class Desk:
    house: ChatHouse
    logs: Logs
    journal: ChannelJournal

    @property
    def written(self) -> list[str]:
        return [call.payload["content"] for call in self.house.small.made("POST messages")]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with chat_house() as house:
        logs = Logs()
        yield Desk(house, logs, ChannelJournal(house.bot, logs, FakeClock()))


def incident(code: str = "abc123") -> Incident:
    return Incident(code, ANA, GUILD, CHANNEL)


async def test_lines_are_gathered_into_one_message_that_pings_nobody(desk: Desk) -> None:
    desk.journal.note(PICTURE)
    desk.journal.note(incident())
    await desk.journal.flush()
    (call,) = desk.house.small.made("POST messages")
    assert call.path == f"/channels/{LOG}/messages"
    assert call.payload["allowed_mentions"] == {"parse": []}
    assert call.payload["flags"] == SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS
    first, second = call.payload["content"].split("\n")
    for part in (f"<@{ANA}>", "imagine", "`#k3f9`", "$0.06", f"/{GUILD}/{CHANNEL}/55", "a cat"):
        assert part in first
    assert "`abc123`" in second
    await desk.journal.flush()
    assert len(desk.written) == 1


async def test_a_server_without_a_log_channel_is_told_nothing(desk: Desk) -> None:
    desk.logs.channel_id = None
    desk.journal.note(PICTURE)
    await desk.journal.flush()
    desk.logs.channel_id = LOG
    await desk.journal.flush()
    assert desk.written == []


async def test_direct_messages_are_nobodys_log(desk: Desk) -> None:
    desk.journal.note(Incident("abc123", ANA, None, 5))
    await desk.journal.flush()
    assert desk.logs.asked == []


async def test_a_channel_that_is_gone_costs_its_own_lines_only(desk: Desk) -> None:
    desk.house.small.troubles["POST messages"].append(Refusal(404, 10003))
    desk.journal.note(PICTURE)
    await desk.journal.flush()
    desk.journal.note(incident())
    await desk.journal.flush()
    assert "went wrong" in desk.written[1]
    assert "cat" not in desk.written[1]


async def test_lines_wait_while_discord_or_the_database_is_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.journal.SEND_DEADLINE_S", 0.05)
    desk.house.small.troubles["POST messages"].append(HANG)
    desk.journal.note(PICTURE)
    await desk.journal.flush()
    desk.logs.broken = True
    desk.journal.note(incident())
    await desk.journal.flush()
    desk.logs.broken = False
    await desk.journal.flush()
    first, second = desk.written[-1].split("\n")
    assert "a cat" in first
    assert "abc123" in second


async def test_the_queue_is_bounded_and_says_what_it_lost(desk: Desk) -> None:
    desk.logs.broken = True
    for number in range(MOST_LINES + 5):
        desk.journal.note(incident(f"{number:06}"))
        if number % 50 == 0:
            await desk.journal.flush()
    await desk.journal.flush()
    desk.logs.broken = False
    await desk.journal.flush()
    assert desk.written[0].startswith("… and 5 more lines that did not fit.")
    assert "`000005`" in desk.written[0]


async def test_it_goes_on_after_what_nobody_foresaw(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explode() -> None:
        monkeypatch.undo()
        raise ZeroDivisionError

    journal = ChannelJournal(desk.house.bot, desk.logs, JumpingClock())
    monkeypatch.setattr(journal, "flush", explode)
    running = asyncio.create_task(journal.run())
    journal.note(incident())
    async with asyncio.timeout(5):
        while not desk.written:
            journal.note(PICTURE)
            await asyncio.sleep(0.002)
    running.cancel()
    assert "abc123" in desk.written[0]


@given(st.lists(st.text(min_size=1, max_size=log_words.LINE_LIMIT), max_size=40), st.integers(0, 9))
def test_every_page_fits_and_nothing_is_lost_between_them(lines: list[str], lost: int) -> None:
    rest, seen = list(lines), []
    while rest:
        text, left = page(rest, lost)
        assert len(text) <= MESSAGE_LIMIT
        assert len(left) < len(rest)
        seen += rest[: len(rest) - len(left)]
        rest = left
    assert seen == lines


NOTICES: list[Notice] = [
    PICTURE,
    PictureDelivered(job(State.DELIVERED, request(prompt="@everyone <@5> **x**\n# big " * 300))),
    SettingChanged(GUILD, RuleChange(ASKED_AT, ANA, "Channels", "<#1> " * 300, "x" * 3000)),
    incident(),
    ProviderPause(Trouble("credits", "b", "e"), over=False),
    ProviderPause(Trouble("key", "b", "e"), over=True),
    BudgetWarning(GUILD, 80, 8_000_000, 10_000_000, ASKED_AT + timedelta(days=3)),
    BudgetWarning(GUILD, 100, 9_990_000, 10_000_000, ASKED_AT + timedelta(days=3)),
]


@pytest.mark.parametrize("notice", NOTICES, ids=range(len(NOTICES)))
def test_every_notice_is_one_short_inert_line(notice: Notice) -> None:
    line = log_words.line(notice)
    assert 0 < len(line) <= log_words.LINE_LIMIT
    assert "\n" not in line
    assert "@everyone" not in line


def test_a_changed_rule_names_channels_and_roles_as_discord_shows_them() -> None:
    many = "only in " + " ".join(f"<#{10**18 + number}>" for number in range(20))
    change = RuleChange(ASKED_AT, ANA, "Channels", "everywhere", many)
    line = log_words.line(SettingChanged(GUILD, change))
    assert "everywhere → only in <#1000000000000000000> <#1000000000000000001> " in line
    assert line.endswith("> …")


def test_a_warning_at_half_and_at_the_end_say_different_things() -> None:
    half = BudgetWarning(GUILD, 50, 5_000_000, 10_000_000, ASKED_AT)
    assert "50 %" in log_words.line(half)
    assert "used up" in log_words.line(replace(half, percent=100))
