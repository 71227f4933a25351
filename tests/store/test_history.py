"""The contract of looking through one's pictures: what is found, in which order, on which page."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.history import GROUPS, Page, Search
from bot.models import Change, Job, JobRequest, Kind, State
from bot.store import SqlStore, open_store
from tests.clock import FakeClock
from tests.store.asking import ANA, BEN, GUILD, admit, bring, ready, request, usage

OWN = Search(ANA, GUILD)
WAYS: dict[State, tuple[State, ...]] = {
    State.QUEUED: (),
    State.WAITING: (State.SUBMITTING, State.WAITING),
    State.FAILED: (State.SUBMITTING, State.FAILED),
    State.EXPIRED: (State.SUBMITTING, State.WAITING, State.EXPIRED),
    State.CANCELLED: (State.CANCELLED,),
}


async def brought(store: SqlStore, asked: JobRequest, state: State) -> Job:
    """A job in that state."""
    if state in WAYS:
        return await bring(store, await admit(store, asked), *WAYS[state])
    job = await ready(store, asked)
    moved = await store.move_job(job.id, {State.READY}, state)
    assert moved is not None
    return moved


def ids(page: Page) -> list[int]:
    return [job.id for job in page.jobs]


async def found(store: SqlStore, search: Search) -> list[int]:
    return ids(await store.history(search, 0, 100))


async def test_undelivered_ones_come_first_then_the_newest(store: SqlStore) -> None:
    kept = await brought(store, request(), State.UNDELIVERABLE)
    older = await brought(store, request(), State.DELIVERED)
    newer = await brought(store, request(), State.FAILED)
    assert await found(store, OWN) == [kept.id, newer.id, older.id]


async def test_nobody_finds_other_peoples_pictures_or_those_of_other_places(
    store: SqlStore,
) -> None:
    mine = await brought(store, request(), State.DELIVERED)
    await brought(store, request(person_id=BEN), State.DELIVERED)
    await brought(store, request(guild_id=GUILD + 1), State.DELIVERED)
    alone = await brought(store, request(guild_id=None), State.DELIVERED)
    assert await found(store, OWN) == [mine.id]
    assert await found(store, Search(ANA, None)) == [alone.id]


async def test_a_kind_and_a_group_of_states_are_looked_for(store: SqlStore) -> None:
    made = {
        (kind, state): await brought(store, request(kind=kind), state)
        for kind in Kind
        for state in (*WAYS, State.DELIVERED, State.UNDELIVERABLE)
    }
    for kind in Kind:
        for name, states in GROUPS.items():
            search = Search(ANA, GUILD, kind, states)
            expected = {one.id for (k, s), one in made.items() if k is kind and s in states}
            assert set(await found(store, search)) == expected, name


@pytest.mark.parametrize(
    ("words", "prompt", "there"),
    [
        ("fox", "A red FOX at dawn", True),
        ("RED fox", "a red fox", True),
        ("äpfel", "Drei ÄPFEL", True),
        ("ЛИСА", "рыжая лиса", True),
        ("wolf", "a red fox", False),
        ("100%", "100% wool", True),
        ("100%", "100 sheep", False),
        ("a_b", "a_b", True),
        ("a_b", "axb", False),
        ("/", "1/2", True),
        ("/", "12", False),
        ("\\", "back\\slash", True),
        ("\\", "plain", False),
        ("' OR 1=1 --", "anything", False),
        ("\ud800", "anything", False),
        ("\0", "anything", False),
    ],
)
async def test_words_are_found_whatever_their_case_and_mean_nothing_but_themselves(
    store: SqlStore, words: str, prompt: str, there: bool
) -> None:
    job = await admit(store, request(prompt=prompt))
    assert await found(store, Search(ANA, GUILD, words=words)) == ([job.id] if there else [])


async def test_a_page_beyond_the_last_is_the_last_and_one_before_the_first_the_first(
    store: SqlStore,
) -> None:
    jobs = [await admit(store) for _ in range(7)]
    newest_first = [job.id for job in reversed(jobs)]
    last = await store.history(OWN, 10**6, 5)
    assert (ids(last), last.number, last.pages, last.total) == (newest_first[5:], 1, 2, 7)
    assert ids(await store.history(OWN, -3, 5)) == newest_first[:5]
    empty = await store.history(Search(BEN, GUILD), 4, 5)
    assert empty == Page((), 0, 1, 0)


PICTURES = st.lists(
    st.tuples(
        st.sampled_from(Kind),
        st.sampled_from((*WAYS, State.DELIVERED, State.UNDELIVERABLE)),
        st.sampled_from(("a fox", "a cat", "fox and cat", "50% FOX")),
        st.sampled_from((ANA, BEN)),
    ),
    max_size=9,
)


@settings(deadline=None, max_examples=25)
@given(
    pictures=PICTURES,
    kind=st.none() | st.sampled_from(Kind),
    group=st.sampled_from(("", *GROUPS)),
    words=st.sampled_from(("", "fox", "%", "cat")),
    size=st.integers(1, 4),
)
async def test_pages_partition_what_was_found(
    migrated: Path,
    pictures: list[tuple[Kind, State, str, int]],
    kind: Kind | None,
    group: str,
    words: str,
    size: int,
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "darkroom.db"
        path.write_bytes(migrated.read_bytes())
        async with open_store(f"sqlite:///{path}", FakeClock()) as store:
            jobs = [
                await brought(store, request(kind=one, prompt=prompt, person_id=person), state)
                for one, state, prompt, person in pictures
            ]
            states = GROUPS.get(group, frozenset())
            search = Search(ANA, GUILD, kind, states, words)
            fitting = [
                job
                for job in jobs
                if job.request.person_id == ANA
                and kind in {None, job.request.kind}
                and (not states or job.state in states)
                and words.lower() in job.request.prompt.lower()
            ]
            fitting.sort(key=lambda job: (job.state is not State.UNDELIVERABLE, -job.id))
            first = await store.history(search, 0, size)
            pages = [await store.history(search, n, size) for n in range(first.pages)]
            assert [one for page in pages for one in ids(page)] == [job.id for job in fitting]
            assert all(0 < len(page.jobs) <= size for page in pages) or not fitting
            assert {page.total for page in pages} == {len(fitting)}


# Deleting.


async def test_what_is_deleted_leaves_its_price_and_is_found_no_more(store: SqlStore) -> None:
    job = await brought(store, request(), State.DELIVERED)
    other = await brought(store, request(), State.DELIVERED)
    before = await usage(store)
    assert await store.forget_job(job.id)
    assert await found(store, OWN) == [other.id]
    assert await store.find_job(job.code) is None
    kept = await store.get_job(job.id)
    assert (kept.request.prompt, kept.result_urls, kept.request.sources) == ("", (), ())
    assert kept.price_micro_usd == job.price_micro_usd
    assert await usage(store) == before
    assert not await store.forget_job(job.id), "twice is once"


async def test_what_is_still_in_the_making_is_not_deleted(store: SqlStore) -> None:
    for state in (State.QUEUED, State.WAITING):
        job = await brought(store, request(), state)
        assert not await store.forget_job(job.id)
        assert (await store.get_job(job.id)).request.prompt
    unseen = await brought(store, request(), State.FAILED)
    assert not await store.forget_job(unseen.id), "its end was not shown yet"


async def test_a_job_that_is_not_there_is_not_deleted(store: SqlStore) -> None:
    assert not await store.forget_job(404)


async def test_a_callback_for_what_was_deleted_brings_nothing_back(store: SqlStore) -> None:
    job = await brought(store, request(), State.EXPIRED)
    await store.save_showing(job.id, job.showing.but(state=State.EXPIRED))
    assert await store.forget_job(job.id)
    one = job.submissions[0]
    change = Change(task_id=one.task_id)
    assert await store.move(one.id, {State.EXPIRED}, State.WAITING, change) is None
    assert await store.find_submission(one.callback_token) is None
