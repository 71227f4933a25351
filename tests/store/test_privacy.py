"""The contract of privacy: what is handed out, what goes, and what stays without content."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import JobNotFound
from bot.history import Search
from bot.house_rules import HouseRules
from bot.models import (
    Block,
    Change,
    Draft,
    Job,
    Kind,
    Place,
    Refusal,
    RefusalReason,
    Showing,
    Source,
    State,
    Wish,
)
from bot.store import SqlStore
from tests.clock import FakeClock
from tests.store.asking import (
    ANA,
    BEN,
    FAR_S,
    GUILD,
    PRICE,
    admit,
    asking,
    bring,
    ready,
    request,
    step,
    usage,
)

SECRETS = [
    "cat and a dog",
    '"Ana"',
    "secret",
    "cdn.example",
    "r.example",
    "fingerprint",
    "posted.example",
]
POSTED = "https://cdn.posted.example"
OLD_S = 40 * 86_400  # beyond everything that counts


async def shown(store: SqlStore, person_id: int = ANA, guild_id: int | None = GUILD) -> Job:
    """A picture that people see."""
    job = await ready(store, request(person_id=person_id, guild_id=guild_id))
    posted = (f"{POSTED}/{job.id}/a.png",)
    await store.save_showing(
        job.id, Showing(500, 9, "fingerprint", State.DELIVERED, posted_urls=posted)
    )
    moved = await store.move_job(job.id, {State.READY}, State.DELIVERED)
    assert moved is not None
    return moved


async def refuse(store: SqlStore, person_id: int = ANA) -> None:
    refused = Refusal(RefusalReason.FORBIDDEN_WORD, word="gore")
    asked = asking(request(person_id=person_id))
    await store.admit(asked, lambda *_: refused, deadline_s=FAR_S)


async def gather(store: SqlStore, clock: FakeClock, person_id: int) -> None:
    """A basket and a draft."""
    source = Source(f"https://cdn.example/{person_id}.png", "a.png", "image/png", 1)
    await store.drafts.change_basket(person_id, 9, lambda _: (source,))
    wish = Wish(Kind.EDIT, "not sent yet", "1:1", (source,))
    draft = Draft(person_id, person_id, Place(9, GUILD), wish, clock.now())
    await store.drafts.save_draft(draft)


def rows(path: Path, table: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608


def contents(path: Path) -> str:
    """Every value of every row of jobs."""
    tables = ("jobs", "submissions", "job_events", "last_refusals")
    return json.dumps([rows(path, table) for table in tables])


async def test_everything_about_a_person_is_exported_and_nothing_of_others(
    store: SqlStore, clock: FakeClock
) -> None:
    job = await shown(store)
    await shown(store, BEN)
    await refuse(store)
    await refuse(store, BEN)
    await store.houses.block(GUILD, Block(ANA, BEN, clock.now(), None, "spam"))
    await store.houses.block(GUILD, Block(BEN, ANA, clock.now(), None, "as a moderator"))
    await store.houses.change_house_rules(
        GUILD, ANA, "Spoiler", lambda rules: str(rules.spoiler), _spoiler
    )
    for person_id in (ANA, BEN):
        await gather(store, clock, person_id)
    kept = json.loads(json.dumps(await store.houses.export_person(ANA)))
    (picture,) = kept["pictures"]
    assert kept["person"] == str(ANA)
    assert (picture["code"], picture["prompt"]) == (job.code, "a cat and a dog")
    assert picture["sources"] == ["https://cdn.example/1.png", "https://cdn.example/2.png"]
    assert picture["results"] == ["https://r.example/1.png"]
    assert picture["posted"] == [f"{POSTED}/{job.id}/a.png"]
    assert picture["private"] is False
    assert (picture["price_usd"], picture["charged"]) == (PRICE / 1_000_000, ["yes"])
    assert [ban["reason"] for ban in kept["bans"]] == ["spam"]
    assert [ban["reason"] for ban in kept["bans_made"]] == ["as a moderator"]
    assert [refused["rule"] for refused in kept["refusals"]] == ["forbidden_word"]
    assert [change["after"] for change in kept["settings_changed"]] == ["True"]
    (gathered,), (begun,) = kept["gathered"], kept["begun"]
    assert (gathered["channel"], gathered["sources"]) == ("9", [f"https://cdn.example/{ANA}.png"])
    assert (begun["kind"], begun["prompt"]) == ("edit", "not sent yet")
    assert begun["sources"] == gathered["sources"]
    assert f'"{BEN}"' not in json.dumps(kept)
    assert "secret" not in json.dumps(kept), "tokens are nobody's data"


def _spoiler(rules: HouseRules) -> HouseRules:
    return replace(rules, spoiler=True)


async def test_a_server_is_exported_with_rules_bans_and_audit(
    store: SqlStore, clock: FakeClock
) -> None:
    await store.houses.change_house_rules(GUILD, ANA, "Spoiler", lambda _: "told", _spoiler)
    await store.houses.block(GUILD, Block(BEN, ANA, clock.now(), None, "spam"))
    kept = json.loads(json.dumps(await store.houses.export_server(GUILD)))
    assert (kept["server"], kept["rules"]["spoiler"]) == (str(GUILD), True)
    assert kept["bans"][0]["person"] == str(BEN)
    assert kept["audit"][0]["what"] == "Spoiler"
    assert await store.houses.servers() == [GUILD]


async def test_forgetting_removes_content_at_once_and_keeps_what_counts(
    store: SqlStore, path: Path
) -> None:
    job = await shown(store)
    await refuse(store)
    before = await usage(store, person_id=BEN)
    counted = await store.houses.judged(ANA, GUILD)
    assert await store.houses.forget_person(ANA) == 1
    assert not [secret for secret in SECRETS if secret in contents(path)]
    assert await store.houses.judged(ANA, GUILD) == counted
    assert await usage(store, person_id=BEN) == before
    assert await store.houses.last_refusal(ANA, GUILD) is None
    assert (await store.history(Search(ANA, GUILD), 0, 10)).jobs == ()
    assert await store.find_job(job.code) is None
    assert await store.houses.people() == []


async def test_rows_that_count_for_nothing_any_more_really_go(
    store: SqlStore, clock: FakeClock, path: Path
) -> None:
    job = await shown(store)
    await clock.advance(OLD_S)
    kept = await shown(store, BEN)
    assert await store.houses.forget_person(ANA) == 1
    with pytest.raises(JobNotFound):
        await store.get_job(job.id)
    assert {row["job_id"] for row in rows(path, "submissions")} == {kept.id}
    assert {row["job_id"] for row in rows(path, "job_events")} == {kept.id}


async def test_forgetting_twice_forgets_nothing_twice(store: SqlStore) -> None:
    await shown(store)
    assert [await store.houses.forget_person(ANA) for _ in range(2)] == [1, 0]


async def test_others_keep_everything(store: SqlStore) -> None:
    theirs = await shown(store, BEN)
    await shown(store)
    await store.houses.forget_person(ANA)
    assert await store.get_job(theirs.id) == theirs


async def test_an_old_callbacks_address_leads_nowhere_after_forgetting(
    store: SqlStore, path: Path
) -> None:
    job = await shown(store)
    await store.houses.forget_person(ANA)
    assert await store.find_submission(job.submissions[0].callback_token) is None
    (token,) = [row["callback_token"] for row in rows(path, "submissions")]
    assert len(str(token)) >= 43


async def test_what_is_open_is_forgotten_once_it_is_over_and_goes_once_it_counts_for_nothing(
    store: SqlStore, clock: FakeClock, path: Path
) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    assert await store.houses.forget_person(ANA) == 0
    assert (await store.get_job(job.id)).request.prompt
    assert await store.houses.forget_wished() == 0
    job = await step(store, job, State.READY)
    await store.move_job(job.id, {State.READY}, State.DELIVERED)
    assert await store.houses.forget_wished() == 1
    assert not [secret for secret in SECRETS if secret in contents(path)]
    assert await store.houses.forget_wished() == 0
    await clock.advance(OLD_S)
    assert await store.houses.forget_wished() == 1
    for table in ("jobs", "submissions", "job_events", "forget_wishes"):
        assert rows(path, table) == []


async def test_a_wish_does_not_reach_pictures_asked_for_later(
    store: SqlStore, clock: FakeClock
) -> None:
    await bring(store, await admit(store), State.SUBMITTING, State.WAITING)
    await store.houses.forget_person(ANA)
    await clock.advance(1)
    later = await shown(store)
    assert await store.houses.forget_wished() == 0
    assert await store.get_job(later.id) == later


async def test_a_forgotten_task_is_settled_but_never_shown_again(store: SqlStore) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    await store.save_showing(job.id, Showing(500, 9, "end", State.EXPIRED))
    await store.houses.forget_person(ANA)
    one = job.submissions[0]
    change = Change(task_id=one.task_id)
    assert await store.move(one.id, {State.EXPIRED}, State.WAITING, change) is None
    assert [left.id for left in await store.unsettled(job.created_at - timedelta(1))] == [one.id]


async def test_an_admin_who_is_forgotten_leaves_the_decisions(
    store: SqlStore, clock: FakeClock
) -> None:
    await store.houses.change_house_rules(GUILD, ANA, "Spoiler", lambda _: "told", _spoiler)
    await store.houses.block(GUILD, Block(BEN, ANA, clock.now()))
    await store.houses.block(GUILD, Block(ANA, BEN, clock.now()))
    await store.houses.forget_person(ANA)
    assert [line.by_person_id for line in await store.houses.rule_changes(GUILD, 9)] == [0]
    bans = {ban.person_id: ban.by_person_id for ban in await store.houses.blocks(GUILD)}
    assert bans == {BEN: 0, ANA: BEN}, "who is banned stays banned"


async def test_retention_forgets_what_finished_before_the_moment(
    store: SqlStore, clock: FakeClock, path: Path
) -> None:
    old = await shown(store)
    await refuse(store)
    await store.houses.block(GUILD, Block(BEN, ANA, clock.now(), clock.now() + timedelta(hours=1)))
    await clock.advance(86_400)
    young = await shown(store)
    open_ = await admit(store)
    assert await store.houses.forget_before(clock.now()) == 1
    assert not (await store.get_job(old.id)).request.prompt
    assert await store.get_job(young.id) == young
    assert await store.get_job(open_.id) == open_
    assert await store.houses.last_refusal(ANA, GUILD) is None
    assert rows(path, "blocks") == []
    await clock.advance(OLD_S)
    assert await store.houses.forget_before(clock.now()) == 2
    assert [row["id"] for row in rows(path, "jobs")] == [open_.id]


async def test_retention_of_one_server_leaves_the_others(store: SqlStore, clock: FakeClock) -> None:
    ours, theirs = await shown(store), await shown(store, guild_id=GUILD + 1)
    await refuse(store)
    await clock.advance(86_400)
    assert await store.houses.forget_before(clock.now(), GUILD) == 1
    assert not (await store.get_job(ours.id)).request.prompt
    assert await store.get_job(theirs.id) == theirs
    assert await store.houses.last_refusal(ANA, GUILD) is not None


async def test_an_end_that_was_not_shown_yet_is_not_forgotten(
    store: SqlStore, clock: FakeClock
) -> None:
    job = await bring(store, await admit(store), State.SUBMITTING, State.WAITING, State.EXPIRED)
    await clock.advance(OLD_S)
    assert await store.houses.forget_before(clock.now()) == 0
    assert await store.get_job(job.id) == job


async def test_many_are_forgotten_in_many_short_transactions(
    store: SqlStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.privacy.AT_ONCE", 3)
    for _ in range(7):
        await shown(store)
    await clock.advance(OLD_S)
    assert await store.houses.forget_person(ANA) == 7
    assert await store.houses.forget_person(ANA) == 0
