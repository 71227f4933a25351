"""The service of servers' own rules: ranges, audit, presets, why, bans, figures, warnings."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import log_words, presets
from bot.chat import word_list
from bot.errors import StoreUnavailable, UserError
from bot.house_rules import DEFAULT, Circumstances, RoleRule, RuleChange
from bot.house_words import Setting
from bot.houses import Houses
from bot.jobs import Rulebook
from bot.models import Failure, Job, Limits, Policy, Refusal, RefusalReason, State
from bot.notices import BudgetWarning, PictureDelivered, ProviderPause, SettingChanged
from tests.house import HERE, House, house

GUILD, ADMIN, ANA, BEN, ROLE = 7, 31, 5, 6, 41
PRICE = 60_000
LIMITS = Limits(
    cooldown_s=30,
    jobs_per_person=2,
    daily_pictures=10,
    server_month_micro_usd=1_000_000,
    total_month_micro_usd=5_000_000,
    queued_jobs=300,
)


@dataclass
class Home:
    """The core with the service beside it."""

    core: House
    houses: Houses

    async def warnings(self) -> list[BudgetWarning]:
        return [one for one in self.core.journal.noted if isinstance(one, BudgetWarning)]

    async def channels(self, allowed: Iterable[int], denied: Iterable[int] = ()) -> RuleChange:
        lists = {"allowed_channels": frozenset(allowed), "denied_channels": frozenset(denied)}
        return await self.houses.change(GUILD, ADMIN, Setting.CHANNELS, partial(replace, **lists))

    async def roles(
        self, allowed: Iterable[int], denied: Iterable[int] = (), exempt: Iterable[int] = ()
    ) -> RuleChange:
        named = (("allowed", allowed), ("denied", denied), ("exempt", exempt))
        lists = {f"{name}_roles": frozenset(ids) for name, ids in named}
        return await self.houses.change(GUILD, ADMIN, Setting.ROLES, partial(replace, **lists))

    async def words(self, forbidden: Sequence[str]) -> RuleChange:
        only = word_list.only(forbidden)
        return await self.houses.change(GUILD, ADMIN, Setting.WORDS, only)

    async def admit(self, person_id: int = ANA, prompt: str = "a cat") -> Job | Refusal | None:
        return await self.core.jobs.admit(self.core.request(person_id, prompt), HERE)


def service(core: House, limits: Limits = LIMITS) -> Houses:
    rulebook = Rulebook(limits, Policy())
    return Houses(core.store.houses, core.copies, core.journal, core.clock, rulebook, PRICE)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with house(tmp_path, limits=LIMITS) as core:
        yield Home(core, service(core))


# Changes.


async def test_a_change_is_told_kept_and_noted_with_before_and_after(home: Home) -> None:
    told = await home.houses.change_cooldown(GUILD, ADMIN, 120)
    assert (told.what, told.by_person_id) == ("Cooldown", ADMIN)
    assert told.before == "30 s between two pictures (default)"
    assert told.after == "2 minutes between two pictures"
    assert await home.houses.changes(GUILD) == [told]
    assert home.core.journal.noted == [SettingChanged(GUILD, told)]
    assert (await home.houses.rules(GUILD)).cooldown_s == 120


async def test_what_changes_nothing_is_neither_kept_nor_noted(home: Home) -> None:
    told = await home.houses.change_ping(GUILD, ADMIN, True)
    assert told.before == told.after
    assert await home.houses.changes(GUILD) == []
    assert home.core.journal.noted == []


async def test_a_roles_rule_stands_beside_everybodys(home: Home) -> None:
    await home.houses.change_cooldown(GUILD, ADMIN, 0, ROLE)
    await home.houses.change_daily_pictures(GUILD, ADMIN, 50, ROLE)
    told = await home.houses.change_jobs_at_once(GUILD, ADMIN, 1, ROLE)
    assert told.after == f"2 pictures at once (default), <@&{ROLE}> 1 picture at once"
    assert (await home.houses.rules(GUILD)).by_role == {ROLE: RoleRule(0, 50, 1)}
    for change in (home.houses.change_cooldown, home.houses.change_daily_pictures):
        await change(GUILD, ADMIN, None, ROLE)
    await home.houses.change_jobs_at_once(GUILD, ADMIN, None, ROLE)
    assert await home.houses.rules(GUILD) == DEFAULT


Numbers = [("change_cooldown", 86_400), ("change_daily_pictures", 1000)]
Numbers += [("change_jobs_at_once", 50), ("change_budget", 100_000_000_000)]


@pytest.mark.parametrize(("method", "high"), Numbers)
async def test_numbers_have_ranges_told_in_their_unit(home: Home, method: str, high: int) -> None:
    change: Callable[..., Awaitable[RuleChange]] = getattr(home.houses, method)
    for value in (0, high, None):
        await change(GUILD, ADMIN, value)
    for value in (-1, high + 1):
        with pytest.raises(UserError, match=r"takes 0 to [0-9,]+ (seconds|pictures|dollars); 0 "):
            await change(GUILD, ADMIN, value)
    assert await home.houses.rules(GUILD) == DEFAULT


async def test_lists_have_lengths(home: Home) -> None:
    with pytest.raises(UserError, match="at most 50 channels, not 51"):
        await home.channels([], range(51))
    with pytest.raises(UserError, match="at most 50 roles, not 60"):
        await home.roles([1], [], range(60))
    for role_id in range(1, 51):
        await home.houses.change_cooldown(GUILD, ADMIN, 1, role_id)
    with pytest.raises(UserError, match="at most 50 roles, not 51"):
        await home.houses.change_cooldown(GUILD, ADMIN, 1, 51)
    await home.houses.change_daily_pictures(GUILD, ADMIN, 1, 50)


async def test_the_word_list_is_sorted_each_word_once_blank_lines_left_out(home: Home) -> None:
    words = ["gore", "", "  ", " Mickey \n Mouse", "GORE", "blood"]
    told = await home.words(words)
    assert (await home.houses.rules(GUILD)).forbidden_words == ("blood", "gore", "Mickey Mouse")
    assert (told.before, told.after) == ("empty", "3 words and phrases")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ok", "x" * 101], "Line 2 of the word list has more than 100 characters"),
        (["ok", "!!!"], "Line 2 of the word list has no letter and no digit"),
        ([f"word{number}" for number in range(501)], "at most 500 words and phrases, not 501"),
        ([f"{number:04}{'裸' * 96}" for number in range(225)], "takes at most 64 KB of text"),
    ],
)
async def test_a_word_list_that_cannot_work_is_refused_by_line(
    home: Home, words: list[str], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        await home.words(words)


async def test_the_view_does_not_promise_what_the_operator_switched_off(home: Home) -> None:
    assert dict(await home.houses.view(GUILD))["Replies"] == "messages that mention me are requests"
    home.houses._rulebook = Rulebook(LIMITS, Policy(replies=False))
    assert dict(await home.houses.view(GUILD))["Replies"].startswith("commands and menus only")


async def test_the_view_names_every_setting_in_words(home: Home) -> None:
    await home.channels([91, 92], [93])
    await home.roles([21], [23], range(100, 130))
    await home.houses.change_log_channel(GUILD, ADMIN, 99)
    await home.houses.change_adult_content(GUILD, ADMIN, True)
    await home.houses.change_spoiler(GUILD, ADMIN, True)
    await home.houses.change_budget(GUILD, ADMIN, 12_500_000)
    view = dict(await home.houses.view(GUILD))
    assert list(view) == list(Setting)
    assert view["Cooldown"] == "30 s between two pictures (default)"
    assert view["Budget"] == "$12.50 a month"
    assert view["Channels"] == "only in <#91> <#92>, never in <#93>"
    assert view["Roles"].startswith("only <@&21>, never <@&23>, without limits <@&100> ")
    assert view["Roles"].endswith("<@&119> 10 more")
    assert view["Log channel"] == "<#99>"
    assert all(view.values())


async def test_zero_is_told_as_no_limit(home: Home) -> None:
    for change in (
        home.houses.change_cooldown,
        home.houses.change_daily_pictures,
        home.houses.change_jobs_at_once,
        home.houses.change_budget,
    ):
        told = await change(GUILD, ADMIN, 0)
        assert told.after in {
            "no wait",
            "no daily limit",
            "any number at once",
            "no limit of this server's own",
        }


async def test_reset_brings_the_operators_rules_back_and_says_what_was(home: Home) -> None:
    await home.houses.change_cooldown(GUILD, ADMIN, 5)
    told = await home.houses.reset(GUILD, ADMIN)
    assert await home.houses.rules(GUILD) == DEFAULT
    assert "Cooldown: 5 s between" in told.before
    assert "Cooldown: 30 s between two pictures (default)" in told.after


# Presets.


async def test_open_lets_everybody_in_everywhere_and_leaves_money_and_words(home: Home) -> None:
    await home.channels([1], [2])
    await home.roles([1], [2], [3])
    await home.houses.change_budget(GUILD, ADMIN, 3_000_000)
    await home.words(["gore"])
    await home.houses.apply_preset(GUILD, ADMIN, "open")
    rules = await home.houses.rules(GUILD)
    assert not rules.allowed_channels | rules.denied_channels
    assert not rules.allowed_roles | rules.denied_roles
    assert (rules.budget_micro_usd, rules.forbidden_words) == (3_000_000, ("gore",))
    assert rules.exempt_roles == {3}


async def test_careful_means_less_of_everything(home: Home) -> None:
    await home.houses.change_adult_content(GUILD, ADMIN, True)
    told = await home.houses.apply_preset(GUILD, ADMIN, "careful")
    rules = await home.houses.rules(GUILD)
    assert (rules.cooldown_s, rules.daily_pictures, rules.jobs_at_once) == (120, 5, 1)
    assert (rules.budget_micro_usd, rules.adult_content) == (5_000_000, False)
    assert told.what == "Preset careful"


async def test_members_only_needs_the_members_role(home: Home) -> None:
    with pytest.raises(UserError, match="Name the role"):
        await home.houses.apply_preset(GUILD, ADMIN, "members only")
    await home.houses.apply_preset(GUILD, ADMIN, "members only", ROLE)
    assert (await home.houses.rules(GUILD)).allowed_roles == {ROLE}


async def test_there_are_three_presets(home: Home) -> None:
    assert presets.NAMES == ("open", "careful", "members only")
    with pytest.raises(UserError, match="no such preset"):
        await home.houses.apply_preset(GUILD, ADMIN, "closed")


@pytest.mark.parametrize("name", presets.NAMES)
async def test_a_preset_touches_nothing_that_its_audit_does_not_tell(home: Home, name: str) -> None:
    rules = presets.preset(name, ROLE)(replace(DEFAULT, adult_content=True))
    told = await home.houses.apply_preset(GUILD, ADMIN, name, ROLE)
    view = dict(await home.houses.view(GUILD))
    for setting in set(Setting) - set(presets.TOUCHED):
        assert f"{setting}: " not in told.after
    for setting in presets.TOUCHED:
        assert f"{setting}: {view[setting]}" in told.after
    assert (rules.spoiler, rules.ping, rules.log_channel_id) == (False, True, None)


# Rules at work.


async def test_a_changed_rule_holds_for_the_next_request(home: Home) -> None:
    await home.words(["gore"])
    refused = await home.admit(prompt="some gore")
    assert refused == Refusal(RefusalReason.FORBIDDEN_WORD, word="gore")
    assert isinstance(await home.admit(), Job)


async def test_why_says_every_rule_and_which_one_said_no_last(home: Home) -> None:
    lines = await home.houses.why(GUILD, ANA, HERE)
    assert lines[-1] == "No rule has refused this person here."
    assert all(line.startswith("✅ ") for line in lines[:-1])
    await home.admit()
    assert isinstance(await home.admit(), Refusal)
    lines = await home.houses.why(GUILD, ANA, HERE)
    stamp = int(home.core.clock.now().timestamp())
    assert f"⛔ Next picture <t:{stamp + 30}:R>: 30 s cooldown here." in lines
    assert "✅ 1 of 10 pictures used today." in lines
    assert "✅ 1 of 2 pictures in the making." in lines
    assert "✅ $0.06 of this server's $1.00 used this month." in lines
    assert lines[-1] == f"Last refused <t:{stamp}:R> by: the cooldown."


async def test_why_knows_roles_channels_and_bans(home: Home) -> None:
    await home.channels([91], [])
    await home.roles([], [23], [24])
    await home.houses.block(GUILD, ADMIN, ANA, None, "spam")
    lines = await home.houses.why(GUILD, ANA, Circumstances(frozenset({23, 24}), (9,)))
    told = "\n".join(line for line in lines if line.startswith("⛔"))
    assert f"Blocked by <@{ADMIN}>" in told
    assert "Pictures are off in this channel; try <#91>." in told
    assert "other roles" in told
    assert "✅ No cooldown." in lines


async def test_remaining_is_what_was_used_and_the_persons_own_limits(home: Home) -> None:
    await home.houses.change_daily_pictures(GUILD, ADMIN, 99, ROLE)
    await home.admit()
    case = await home.houses.remaining(ANA, GUILD, Circumstances(frozenset({ROLE})))
    assert (case.usage.pictures_today, case.limits.daily_pictures) == (1, 99)


# Bans.


async def test_a_banned_person_is_refused_until_the_ban_ends_or_is_lifted(home: Home) -> None:
    end = home.core.clock.now() + timedelta(minutes=5)
    ban = await home.houses.block(GUILD, ADMIN, ANA, end, "  spam  " + "x" * 500)
    assert len(ban.reason) == 300
    assert await home.houses.blocks(GUILD) == [ban]
    assert await home.admit() == Refusal(RefusalReason.PERSON_BLOCKED, until=end)
    assert isinstance(await home.admit(BEN), Job)
    assert await home.houses.unblock(GUILD, ADMIN, ANA)
    assert not await home.houses.unblock(GUILD, ADMIN, ANA)
    assert isinstance(await home.admit(), Job)
    noted = [one.change for one in home.core.journal.noted if isinstance(one, SettingChanged)]
    assert [(one.what, one.after[:5]) for one in noted] == [
        (f"Ban of <@{ANA}>", "until"),
        (f"Ban of <@{ANA}>", "none"),
    ]


async def test_a_ban_that_makes_no_sense_is_refused(home: Home) -> None:
    with pytest.raises(UserError, match="yourself"):
        await home.houses.block(GUILD, ADMIN, ADMIN, None, "")
    with pytest.raises(UserError, match="over already"):
        await home.houses.block(GUILD, ADMIN, ANA, home.core.clock.now(), "")


# Figures and privacy.


async def test_usage_of_a_day_begins_at_midnight_and_of_seven_six_days_before(home: Home) -> None:
    midnight = home.core.clock.now().replace(hour=0)
    for person_id in range(8):
        assert isinstance(await home.admit(person_id), Job)
        home.core.clock.moment += timedelta(days=1)
    home.core.clock.moment = midnight + timedelta(days=7)  # the last picture is yet to come
    used = [(await home.houses.usage(GUILD, days)).micro_usd for days in (1, 7, 30)]
    assert [micro_usd // PRICE for micro_usd in used] == [1, 7, 8]
    home.core.clock.moment -= timedelta(seconds=1)
    assert (await home.houses.usage(GUILD, 1)).micro_usd == 2 * PRICE


async def test_ones_own_data_is_exported_and_goes(home: Home) -> None:
    job = await core_picture(home.core)
    assert str(job.code) in str(await home.houses.export(ANA))
    assert await home.houses.forget(ANA) == 1
    assert str(job.code) in str(await home.houses.export(ANA)), "its figures still count"
    assert "a cat" not in str(await home.houses.export(ANA))


async def core_picture(core: House) -> Job:
    return await core.drive(await core.ask(ANA))


async def test_a_server_that_we_leave_is_remembered_as_left(home: Home) -> None:
    await home.houses.change_cooldown(GUILD, ADMIN, 5)
    await home.houses.left(GUILD)
    await home.houses.servers_are([GUILD])
    later = home.core.clock.now() + timedelta(days=40)
    assert await home.core.store.houses.forget_left(later) == 0
    await home.houses.left(GUILD)
    assert await home.core.store.houses.forget_left(later) == 1


# Notices.


async def test_a_delivered_picture_is_noted_once_with_its_message(home: Home) -> None:
    job = await core_picture(home.core)
    await home.core.jobs.delivered(job)
    (notice,) = home.core.journal.noted
    assert isinstance(notice, PictureDelivered)
    assert (notice.job.state, notice.job.showing.message_id) == (State.DELIVERED, 55)


async def test_a_pause_of_the_provider_is_noted_when_it_begins_and_when_it_ends(
    home: Home,
) -> None:
    core = home.core
    core.standing.refused(Failure.NO_CREDITS)
    core.api.balance = replace(await core.api.get_balance(), available_usd=0.0)
    await core.watch._check_money()
    await core.watch._tell_pauses()
    await core.watch._tell_pauses()
    core.api.balance = replace(core.api.balance, available_usd=9.0)
    await core.watch._check_money()
    await core.watch._tell_pauses()
    pauses = [one for one in core.journal.noted if isinstance(one, ProviderPause)]
    assert [(one.trouble.kind, one.over) for one in pauses] == [
        ("credits", False),
        ("credits", True),
    ]


# Budget warnings.


async def spend(home: Home, pictures: int) -> None:
    for person_id in range(100, 100 + pictures):
        assert isinstance(await home.admit(person_id), Job)


async def test_half_most_and_all_of_a_budget_are_told_once_each(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, 10 * PRICE)
    told = []
    for person_id in range(100, 112):
        await home.admit(person_id)
        told.append([one.percent for one in await home.warnings()])
    assert told[3:10] == [[], [50], [50], [50], [50, 80], [50, 80], [50, 80, 100]]
    assert told[-1] == [50, 80, 100]
    last = (await home.warnings())[-1]
    assert (last.used_micro_usd, last.limit_micro_usd) == (10 * PRICE, 10 * PRICE)
    assert last.until == datetime(2026, 12, 1, tzinfo=UTC)


async def test_all_is_used_once_no_further_picture_fits(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, 2 * PRICE - 1)
    await spend(home, 1)
    assert [one.percent for one in await home.warnings()] == [100]


async def test_a_budget_below_one_pictures_price_is_told_as_that(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, PRICE - 1)
    await home.admit()
    (warning,) = await home.warnings()
    assert (warning.percent, warning.until) == (100, None)
    assert "less than one picture costs" in log_words.line(warning)


async def test_a_restart_repeats_no_warning(tmp_path: Path) -> None:
    budget = replace(LIMITS, server_month_micro_usd=4 * PRICE)
    async with house(tmp_path, limits=budget) as core:
        await spend(Home(core, service(core)), 2)
        assert len(core.journal.noted) == 1
    async with house(tmp_path, limits=budget) as core:
        core.ids = iter(range(5000, 6000))  # type: ignore[assignment] # numbers, as before
        assert isinstance(await core.jobs.admit(core.request(300), HERE), Job)
        assert core.journal.noted == []


async def test_the_next_month_and_a_raised_budget_are_warned_of_anew(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, 2 * PRICE)
    await spend(home, 1)
    await home.houses.change_budget(GUILD, ADMIN, 4 * PRICE)
    await home.admit(200)
    assert [one.percent for one in await home.warnings()] == [50, 50]
    home.core.clock.moment += timedelta(days=30)
    await spend(home, 2)
    assert [one.percent for one in await home.warnings()] == [50, 50, 50]


async def test_a_server_without_a_budget_is_never_warned(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, 0)
    await spend(home, 30)
    assert await home.warnings() == []


async def test_a_warning_that_cannot_be_kept_stops_no_picture_and_comes_with_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.houses.change_budget(GUILD, ADMIN, 4 * PRICE)
    await spend(home, 1)

    async def full(*_: object) -> bool:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(home.core.store.houses, "claim_budget_warning", full)
        assert isinstance(await home.admit(200), Job)
    assert await home.warnings() == []
    await home.admit(201)
    assert [one.percent for one in await home.warnings()] == [50]


# Races.


async def test_a_hundred_commands_at_once_with_one_place_left_admit_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.ADMISSION_DEADLINE_S", 30.0)  # a busy machine may take longer
    await home.houses.change_jobs_at_once(GUILD, ADMIN, 1)
    await home.houses.change_cooldown(GUILD, ADMIN, 0)
    outcomes = await asyncio.gather(*(home.admit() for _ in range(100)))
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    reasons = {outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)}
    assert reasons == {RefusalReason.TOO_MANY_AT_ONCE}


async def test_two_people_at_once_and_one_place_in_the_servers_budget_admit_one(
    home: Home,
) -> None:
    await home.houses.change_budget(GUILD, ADMIN, PRICE)
    outcomes = await asyncio.gather(home.admit(ANA), home.admit(BEN))
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    (refused,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refused.reason is RefusalReason.SERVER_BUDGET
    assert [one.percent for one in await home.warnings()] == [100]


async def test_what_was_given_back_is_a_place_again_exactly_once(home: Home) -> None:
    await home.houses.change_budget(GUILD, ADMIN, PRICE)
    job = await home.admit()
    assert isinstance(job, Job)
    await asyncio.gather(*(home.core.jobs.unanswered(job) for _ in range(5)))
    outcomes = await asyncio.gather(*(home.admit(person_id) for person_id in range(50, 60)))
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
