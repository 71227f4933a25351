"""Servers' own rules, bans, figures and privacy over SQL: implements `ports.HouseStore`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.house_rules import HouseRules, RuleChange, UsageReport
from bot.models import Block, Refusal, Usage
from bot.ports import Clock
from bot.store import privacy, report, servers
from bot.store.admission import read_last_refusal
from bot.store.documents import plain_rules
from bot.store.engine import Database
from bot.store.facts import drop_fact, write_fact
from bot.store.schema import jobs
from bot.store.usage import DIRECT_MESSAGES, PAUSED, judged

_WHOLE_AUDIT = 10_000


class SqlHouses:
    """`ports.HouseStore` over a database; `bot.store.opening` makes one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # Rules.

    async def house_rules(self, guild_id: int) -> HouseRules:
        """A server's rules; the default ones where nobody changed any."""
        return await self._database.read(partial(servers.read_rules, guild_id=guild_id))

    async def change_house_rules(
        self,
        guild_id: int,
        by_person_id: int,
        what: str,
        tell: Callable[[HouseRules], str],
        change: Callable[[HouseRules], HouseRules],
    ) -> tuple[HouseRules, HouseRules]:
        """Apply a pure change and write the audit row, in one transaction; before and after."""
        now = self._clock.now()

        def line(before: HouseRules, after: HouseRules) -> RuleChange:
            return RuleChange(now, by_person_id, what, tell(before), tell(after))

        return await self._database.write(
            partial(servers.change_rules, guild_id=guild_id, change=change, line=line)
        )

    async def rule_changes(self, guild_id: int, limit: int) -> Sequence[RuleChange]:
        """The server's audit, newest first."""
        return await self._database.read(
            partial(servers.read_changes, guild_id=guild_id, limit=limit)
        )

    # People.

    async def block(self, guild_id: int, block: Block) -> Block | None:
        """Shut a person out of a server; gives the ban in force that this one replaces."""
        return await self._database.write(partial(servers.block, guild_id=guild_id, ban=block))

    async def unblock(self, guild_id: int, person_id: int) -> Block | None:
        """Lift a ban and give it; None: there was none."""
        now = self._clock.now()
        return await self._database.write(
            partial(servers.unblock, guild_id=guild_id, person_id=person_id, now=now)
        )

    async def blocks(self, guild_id: int) -> Sequence[Block]:
        """The server's bans in force, newest first."""
        now = self._clock.now()
        return await self._database.read(partial(servers.read_blocks, guild_id=guild_id, now=now))

    async def judged(self, person_id: int, guild_id: int | None) -> tuple[Usage, HouseRules]:
        """What admission would see of this person now, without admitting anything."""
        now = self._clock.now()
        return await self._database.read(
            partial(judged, person_id=person_id, guild_id=guild_id, now=now)
        )

    async def last_refusal(
        self, person_id: int, guild_id: int | None
    ) -> tuple[datetime, Refusal] | None:
        """When a rule last said no to this person there, to about ten seconds, and which."""
        place = guild_id or DIRECT_MESSAGES
        return await self._database.read(
            partial(read_last_refusal, person_id=person_id, guild_id=place)
        )

    # Figures.

    async def usage_report(self, guild_id: int | None, since: datetime) -> UsageReport:
        """Figures of one server (None: of all) since a moment."""
        return await self._database.read(
            partial(report.usage_report, guild_id=guild_id, since=since)
        )

    async def claim_budget_warning(
        self, guild_id: int, month: datetime, limit_micro_usd: int, percent: int
    ) -> bool:
        """Whether this is the first to tell the server of that much of that month's budget."""
        return await self._database.write(
            partial(
                servers.claim_warning,
                guild_id=guild_id,
                month=month,
                limit_micro_usd=limit_micro_usd,
                percent=percent,
            )
        )

    # The operator.

    async def set_paused(self, *, paused: bool) -> None:
        """Stop or go on admitting anything anywhere; the running bot obeys at the next request."""
        work = partial(write_fact, value="1") if paused else drop_fact
        await self._database.write(partial(work, name=PAUSED))

    async def set_server_blocked(self, guild_id: int, *, blocked: bool) -> None:
        """Let a server use nothing, or let it again."""
        now = self._clock.now()
        await self._database.write(
            partial(servers.block_server, guild_id=guild_id, at=now, blocked=blocked)
        )

    async def blocked_servers(self) -> Sequence[int]:
        """Servers that the operator lets use nothing."""
        return await self._database.read(servers.read_blocked_servers)

    async def servers(self) -> Sequence[int]:
        """Servers of which rules, bans or an audit are kept."""
        return await self._database.read(servers.read_servers)

    async def people(self) -> Sequence[int]:
        """People of whom a picture is kept."""
        return await self._database.read(privacy.people)

    async def export_server(self, guild_id: int) -> Mapping[str, object]:
        """Everything kept of a server beside its pictures, as plain values for JSON."""
        return {
            "server": str(guild_id),
            "rules": plain_rules(await self.house_rules(guild_id)),
            "bans": [privacy.ban(one) for one in await self.blocks(guild_id)],
            "audit": [
                privacy.change(one) for one in await self.rule_changes(guild_id, _WHOLE_AUDIT)
            ],
        }

    # Privacy.

    async def export_person(self, person_id: int) -> Mapping[str, object]:
        """Everything kept about a person, as plain values for JSON."""
        return await self._database.read(partial(privacy.export_person, person_id=person_id))

    async def forget_person(self, person_id: int) -> int:
        """Remove a person's jobs that are over, and remember it for those that are not.

        Rows that a limit or the ledger still counts stay, without content, until none does.
        """
        number = await self._forget(jobs.c.person_id == person_id)
        now = self._clock.now()
        await self._database.write(partial(privacy.forget_traces, person_id=person_id, now=now))
        return number

    async def forget_wished(self) -> int:
        """Remove what was open, or still counted, when its person asked to be forgotten."""
        number = 0
        now = self._clock.now()
        wishes = await self._database.read(partial(privacy.wishes, now=now))
        for person_id, at in wishes:
            theirs = (jobs.c.person_id == person_id) & (jobs.c.created_at <= at)
            number += await self._forget(theirs)
        if wishes:
            await self._database.write(privacy.drop_fulfilled)
        return number

    async def forget_before(self, moment: datetime, guild_id: int | None = None) -> int:
        """Remove the content of jobs finished before that moment, for the retention rule.

        Everywhere, with what is kept beside jobs; or of one server.
        """
        which = privacy.finished_before(moment)
        if guild_id is not None:
            return await self._forget(which & (jobs.c.guild_id == guild_id))
        await self._database.write(partial(privacy.forget_old_traces, moment=moment))
        return await self._forget(which)

    async def retentions(self) -> Mapping[int, int]:
        """Days of the servers that have a retention of their own."""
        return await self._database.read(servers.read_retentions)

    async def _forget(self, which: ColumnElement[bool]) -> int:
        """In many short transactions, so that admissions come between them."""
        number = 0
        while True:
            work = partial(privacy.forget_some, which=which, now=self._clock.now())
            forgotten = await self._database.write(work)
            number += forgotten
            if forgotten < privacy.AT_ONCE:
                return number

    async def remembered(self, job_ids: Collection[int]) -> Mapping[int, bool]:
        """Of those that are there: whether they still have their content."""
        return await self._database.read(partial(privacy.remembered, job_ids=job_ids))

    async def left_server(self, guild_id: int) -> None:
        """Remember since when we are gone from a server."""
        now = self._clock.now()
        await self._database.write(partial(servers.mark_left, guild_id=guild_id, at=now))

    async def joined_server(self, guild_id: int) -> None:
        """We are in a server, for the first time or again."""
        await self._database.write(partial(servers.mark_joined, guild_id=guild_id))

    async def servers_are(self, guild_ids: Collection[int]) -> None:
        """We are in these servers and in no others; who left before stays left since then."""
        now = self._clock.now()
        await self._database.write(partial(servers.mark_present, guild_ids=guild_ids, at=now))

    async def forget_left(self, before: datetime) -> int:
        """Remove the settings of servers that we left before that moment; gives how many."""

        async def work(connection: AsyncConnection) -> int:
            left = await servers.read_left(connection, before)
            for guild_id in left:
                await servers.forget_server(connection, guild_id)
            return len(left)

        return await self._database.write(work)

    async def forget_server(self, guild_id: int) -> None:
        """Remove a server's rules, bans and audit."""
        await self._database.write(partial(servers.forget_server, guild_id=guild_id))
