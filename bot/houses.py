"""Servers' own rules as a service: what /settings, /image-mod, /usage and /darkroom call.

Every change is checked, one transaction and one line of the audit, and noted in the journal.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot import house_words, presets, why_words
from bot.errors import UserError
from bot.house_rules import (
    DEFAULT,
    Circumstances,
    HouseRules,
    RuleChange,
    UsageReport,
    for_role,
    limits_for,
)
from bot.house_words import Setting
from bot.jobs import Rulebook
from bot.models import Block, Refusal
from bot.notices import SettingChanged
from bot.ports import Clock, Copies, HouseStore, Journal
from bot.ranges import REASON_CHARS, check_lists, check_range
from bot.rules import Case, day_start, may_show, verdicts

Change = Callable[[HouseRules], HouseRules]


class Houses:
    """Rules, bans and figures over a `HouseStore`.

    Args:
        price_micro_usd: of one picture with the configured model.

    Raises:
        UserError: by every change, when a value is out of range; the text says the range.
        StoreUnavailable: by every method.
    """

    def __init__(
        self,
        store: HouseStore,
        copies: Copies,
        journal: Journal,
        clock: Clock,
        rulebook: Rulebook,
        price_micro_usd: int,
    ) -> None:
        self._store = store
        self._copies = copies
        self._journal = journal
        self._clock = clock
        self._rulebook = rulebook
        self._price_micro_usd = price_micro_usd

    # Rules.

    async def rules(self, guild_id: int) -> HouseRules:
        """A server's own rules."""
        return await self._store.house_rules(guild_id)

    async def view(self, guild_id: int) -> Sequence[tuple[str, str]]:
        """Every rule that applies, as (name, words), the operator's defaults filled in."""
        rules = await self._store.house_rules(guild_id)
        deaf = {} if self._rulebook.policy.replies else {Setting.REPLIES: house_words.DEAF}
        return [(str(one), deaf.get(one) or self._stand([one], rules)) for one in Setting]

    async def changes(self, guild_id: int, limit: int = 25) -> Sequence[RuleChange]:
        """Who changed what, newest first."""
        return await self._store.rule_changes(guild_id, limit)

    async def change(
        self, guild_id: int, by_person_id: int, setting: Setting, change: Change
    ) -> RuleChange:
        """Apply a pure change, which may refuse by UserError: then nothing is changed.

        It is given the rules as they stand within the transaction, so that of two admins at once
        neither undoes what the other does.
        """
        return await self._change_all(guild_id, by_person_id, str(setting), (setting,), change)

    async def change_cooldown(
        self, guild_id: int, by_person_id: int, seconds: int | None, role_id: int | None = None
    ) -> RuleChange:
        """None: as the operator's settings say, or for a role: as everybody."""
        check_range(Setting.COOLDOWN, seconds)
        change = partial(_limited, role_id=role_id, cooldown_s=seconds)
        return await self.change(guild_id, by_person_id, Setting.COOLDOWN, change)

    async def change_daily_pictures(
        self, guild_id: int, by_person_id: int, pictures: int | None, role_id: int | None = None
    ) -> RuleChange:
        """Pictures of one person since midnight UTC; None as in `change_cooldown`."""
        check_range(Setting.DAILY, pictures)
        change = partial(_limited, role_id=role_id, daily_pictures=pictures)
        return await self.change(guild_id, by_person_id, Setting.DAILY, change)

    async def change_jobs_at_once(
        self, guild_id: int, by_person_id: int, pictures: int | None, role_id: int | None = None
    ) -> RuleChange:
        """Unfinished pictures of one person; None as in `change_cooldown`."""
        check_range(Setting.AT_ONCE, pictures)
        change = partial(_limited, role_id=role_id, jobs_at_once=pictures)
        return await self.change(guild_id, by_person_id, Setting.AT_ONCE, change)

    async def change_budget(
        self, guild_id: int, by_person_id: int, micro_usd: int | None
    ) -> RuleChange:
        """Money of the server in a calendar month; the operator's own ceiling stays above it."""
        check_range(Setting.BUDGET, micro_usd)
        change = partial(replace, budget_micro_usd=micro_usd)
        return await self.change(guild_id, by_person_id, Setting.BUDGET, change)

    async def change_log_channel(
        self, guild_id: int, by_person_id: int, channel_id: int | None
    ) -> RuleChange:
        """Where the server's log goes; None: nowhere."""
        change = partial(replace, log_channel_id=channel_id)
        return await self.change(guild_id, by_person_id, Setting.LOG, change)

    async def change_adult_content(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether the provider's filter is off in age-restricted channels."""
        change = partial(replace, adult_content=on)
        return await self.change(guild_id, by_person_id, Setting.ADULT, change)

    async def change_spoiler(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether pictures are posted behind a spoiler."""
        change = partial(replace, spoiler=on)
        return await self.change(guild_id, by_person_id, Setting.SPOILER, change)

    async def change_ping(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether those who waited long are pinged."""
        change = partial(replace, ping=on)
        return await self.change(guild_id, by_person_id, Setting.PING, change)

    async def change_replies(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether messages that mention the bot are taken as requests."""
        change = partial(replace, replies=on)
        return await self.change(guild_id, by_person_id, Setting.REPLIES, change)

    async def change_private(self, guild_id: int, by_person_id: int, on: bool) -> RuleChange:
        """Whether people may ask for pictures that only they see."""
        change = partial(replace, private=on)
        return await self.change(guild_id, by_person_id, Setting.PRIVATE, change)

    async def change_ask_above(
        self, guild_id: int, by_person_id: int, micro_usd: int | None
    ) -> RuleChange:
        """What a request may cost without its price being asked about; None or 0: anything."""
        check_range(Setting.ASK_ABOVE, micro_usd)
        change = partial(replace, ask_above_micro_usd=micro_usd or 0)
        return await self.change(guild_id, by_person_id, Setting.ASK_ABOVE, change)

    async def apply_preset(
        self, guild_id: int, by_person_id: int, preset: str, role_id: int | None = None
    ) -> RuleChange:
        """Several rules at once: "open", "careful", or "members only" with the members' role."""
        change = presets.preset(preset, role_id)
        what = house_words.preset(preset)
        return await self._change_all(guild_id, by_person_id, what, presets.TOUCHED, change)

    async def reset(self, guild_id: int, by_person_id: int) -> RuleChange:
        """All rules as the operator's settings say."""
        return await self._change_all(
            guild_id, by_person_id, house_words.RESET, tuple(Setting), lambda _: DEFAULT
        )

    async def _change_all(
        self,
        guild_id: int,
        by_person_id: int,
        what: str,
        settings: Sequence[Setting],
        change: Change,
    ) -> RuleChange:
        tell = partial(self._stand, settings)
        before, after = await self._store.change_house_rules(
            guild_id, by_person_id, what, tell, partial(_checked, change)
        )
        told = RuleChange(self._clock.now(), by_person_id, what, tell(before), tell(after))
        if after != before:
            self._journal.note(SettingChanged(guild_id, told))
        return told

    def _stand(self, settings: Sequence[Setting], rules: HouseRules) -> str:
        return house_words.stand(settings, self._rulebook.limits, rules)

    # People.

    async def why(self, guild_id: int, person_id: int, here: Circumstances) -> Sequence[str]:
        """What this person may do there now, rule by rule, and which rule said no last."""
        case = await self._case(guild_id, person_id, here, prompt="")
        last = await self._store.last_refusal(person_id, guild_id)
        ended = why_words.NEVER_REFUSED if last is None else why_words.last_refused(*last)
        return [*why_words.why(case, verdicts(case)), ended]

    async def may_show(
        self, guild_id: int | None, person_id: int, here: Circumstances, prompt: str
    ) -> Refusal | None:
        """Which rule refuses to show a picture of these words there, made before; or None."""
        return may_show(await self._case(guild_id, person_id, here, prompt))

    async def _case(
        self, guild_id: int | None, person_id: int, here: Circumstances, prompt: str
    ) -> Case:
        usage, house = await self._store.judged(person_id, guild_id)
        return Case(
            guild_id=guild_id,
            prompt=prompt,
            here=here,
            price_micro_usd=self._price_micro_usd,
            usage=usage,
            house=house,
            limits=limits_for(house, self._rulebook.limits, here.role_ids),
            policy=self._rulebook.policy,
        )

    async def block(
        self, guild_id: int, by_person_id: int, person_id: int, until: datetime | None, reason: str
    ) -> Block:
        """Shut a person out until a moment, or until somebody lifts it."""
        now = self._clock.now()
        if person_id == by_person_id:
            raise UserError(house_words.BLOCK_ONESELF)
        if until is not None and until <= now:
            raise UserError(house_words.BLOCK_IS_OVER)
        ban = Block(person_id, by_person_id, now, until, reason.strip()[:REASON_CHARS])
        before = await self._store.block(guild_id, ban)
        self._note_ban(guild_id, by_person_id, person_id, before, ban)
        return ban

    async def unblock(self, guild_id: int, by_person_id: int, person_id: int) -> bool:
        """Lift a ban; False: there was none."""
        lifted = await self._store.unblock(guild_id, person_id)
        if lifted is not None:
            self._note_ban(guild_id, by_person_id, person_id, lifted, None)
        return lifted is not None

    def _note_ban(
        self,
        guild_id: int,
        by_person_id: int,
        person_id: int,
        before: Block | None,
        after: Block | None,
    ) -> None:
        what = house_words.ban_of(person_id)
        told = (house_words.ban_stands(before), house_words.ban_stands(after))
        change = RuleChange(self._clock.now(), by_person_id, what, *told)
        self._journal.note(SettingChanged(guild_id, change))

    async def blocks(self, guild_id: int) -> Sequence[Block]:
        """The bans in force."""
        return await self._store.blocks(guild_id)

    # Figures and privacy.

    async def usage(self, guild_id: int, days: int) -> UsageReport:
        """What a server used today (1) or in so many days UTC, today among them."""
        since = day_start(self._clock.now()) - timedelta(days=days - 1)
        return await self._store.usage_report(guild_id, since)

    async def remaining(self, person_id: int, guild_id: int | None, here: Circumstances) -> Case:
        """What one person used there, the limits that apply, and all that admission asks."""
        return await self._case(guild_id, person_id, here, prompt="")

    async def export(self, person_id: int) -> Mapping[str, object]:
        """Everything kept about a person, as plain values for JSON."""
        return await self._store.export_person(person_id)

    async def forget(self, person_id: int) -> int:
        """Remove a person's content, now or once it is over; how many pictures went now."""
        count = await self._store.forget_person(person_id)
        await self._copies.sweep()
        return count

    # Coming and going.

    async def left(self, guild_id: int) -> None:
        """We are gone from a server: its settings go after 30 days."""
        await self._store.left_server(guild_id)

    async def joined(self, guild_id: int) -> None:
        """We came to a server: what is kept of an earlier time there stays."""
        await self._store.joined_server(guild_id)

    async def servers_are(self, guild_ids: Collection[int]) -> None:
        """We are in these servers now and in no others."""
        await self._store.servers_are(guild_ids)


def _checked(change: Change, rules: HouseRules) -> HouseRules:
    after = change(rules)
    check_lists(after)
    return after


def _limited(rules: HouseRules, role_id: int | None, **limit: int | None) -> HouseRules:
    """With that limit for everybody or for one role; the fields bear the same names in both."""
    if role_id is None:
        return replace(rules, **limit)  # type: ignore[arg-type] # mypy matches it with every field
    return for_role(rules, role_id, **limit)
