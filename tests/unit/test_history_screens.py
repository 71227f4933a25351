"""The screens of somebody's pictures: within Discord's limits, and their ids read back."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import button_words, words
from bot import history_words as said
from bot.chat import forms
from bot.chat import history_screens as screens
from bot.chat.custom_ids import Action, custom_id, parse
from bot.chat.history_screens import View
from bot.chat.screens import Screen
from bot.history import GROUPS, RESULT_LIFE, Page, Search, addresses
from bot.models import Charged, Failure, Job, Kind, Outlook, Rung, Showing, State
from bot.sandbox.components import ComponentCheck
from bot.sandbox.limits import check_embeds
from bot.sandbox.modals import check_modal
from bot.sandbox.problems import Form
from tests.chat_samples import ANA, CHANNEL, FINISHED_AT, GUILD, job, request

NOW = FINISHED_AT + timedelta(hours=1)
POSTED = tuple(f"https://cdn.discordapp.com/attachments/9/{n}/a.png" for n in range(4))
RESULTS = ("https://r2.apimodels.app/1.png",)
VIEWS = st.builds(
    View,
    kind=st.none() | st.sampled_from(Kind),
    group=st.sampled_from(("", *GROUPS)),
    page=st.integers(0, 999_999),
    person_id=st.none() | st.integers(1, 2**64 - 1),
)


def check(screen: Screen) -> None:
    """Discord would take it."""
    form = Form()
    view = screen.view()
    ComponentCheck(form, v2=False).check(view.to_components() if view else [])
    check_embeds(form, [embed.to_dict() for embed in screen.embeds])
    form.check()


def some(state: State = State.DELIVERED, prompt: str = "a cat", **changes: Any) -> Job:  # noqa: ANN401 - fields
    """A job with results that stands in its channel."""
    one = job(state, request(prompt=prompt), failure=Failure.POLICY, charged=Charged.YES)
    done = tuple(replace(part, result_urls=RESULTS) for part in one.submissions)
    showing = Showing(55, CHANNEL, posted_urls=POSTED[:1], rung=Rung.BOT)
    return replace(one, submissions=done, showing=showing, **changes)


def private(one: Job) -> Job:
    return replace(
        one,
        request=replace(one.request, private=True),
        showing=replace(one.showing, rung=Rung.INTERACTION),
    )


def labels(screen: Screen) -> list[str]:
    return [item.label for row in screen.rows for item in row if hasattr(item, "label")]


def listing(*jobs: Job, view: View | None = None, total: int = 0, adults: bool = False) -> Screen:
    shown = view or View()
    count = total or len(jobs)
    page = Page(jobs, shown.page, max(1, -(-count // screens.PER_PAGE)), count)
    search = shown.search(shown.person_id or ANA, GUILD)
    return screens.listing(shown, search, page, NOW, adults=adults)


def single(one: Job, view: View | None = None, *, adults: bool = False) -> Screen:
    return screens.single(view or View(), one, Outlook(), NOW, adults=adults)


# Ids.


@given(
    view=VIEWS,
    verb=st.sampled_from(("page", "kind", "sure")),
    code=st.sampled_from(("", "k3f9", "x" * 12)),
)
def test_an_id_says_everything_but_the_words_and_fits(view: View, verb: str, code: str) -> None:
    identity = custom_id(Action.HISTORY, screens.subject(verb, view, code))
    assert len(identity) <= 100
    action, subject = parse(identity) or (None, "")
    assert action is Action.HISTORY
    assert screens.parse(subject) == (verb, view, code)


@pytest.mark.parametrize(
    "text",
    ["", "home", "open-zz0-me", "open-aa-me", "open-aa0", "open-aa0-you", "open-aa9999999-me",
     "open-aa0-me-" + "x" * 40, "OPEN-aa0-me", "open-aa0-me-k3f9-more"],
)  # fmt: skip
def test_other_ids_are_none(text: str) -> None:
    assert screens.parse(text) is None


@given(words=st.text(max_size=300))
def test_words_are_read_back_out_of_a_footer_as_they_were(words: str) -> None:
    typed = said.searchable(words)
    assert len(typed) <= said.WORDS_CHARS
    assert said.words_in(said.remembered(typed)) == typed
    assert said.words_in(f"16:9 · gpt-image-2-beta · #k3f9 · {said.remembered(typed)}") == typed


def test_a_screen_without_words_remembers_none() -> None:
    assert said.words_in("16:9 · gpt-image-2-beta · #k3f9") == ""
    assert screens.words_of(None) == ""


# The list.


@pytest.mark.parametrize("prompt", ["a cat", "*" * 4000, "@everyone" * 400, "\u202e" * 4000])
@pytest.mark.parametrize("person_id", [None, 2**63])
def test_a_full_page_fits(prompt: str, person_id: int | None) -> None:
    states = (State.DELIVERED, State.UNDELIVERABLE, State.FAILED, State.WAITING, State.EXPIRED)
    jobs = [replace(some(one, prompt), code="k3f9" * 3 + str(n)) for n, one in enumerate(states)]
    view = View(Kind.IMAGINE, "completed", 999_999, person_id, "w" * said.WORDS_CHARS)
    check(listing(*jobs, view=view, total=5_000_000))


def test_an_empty_page_fits_and_opens_nothing() -> None:
    screen = listing(view=View(words="zebra"))
    check(screen)
    assert screen.embed.description == said.NOTHING_FOUND
    assert len(screen.rows) == 3


def test_every_picture_has_its_own_thumbnail() -> None:
    screen = listing(some(), some(State.UNDELIVERABLE), some(State.FAILED), private(some()))
    assert [embed.thumbnail.url for embed in screen.more] == [
        POSTED[0],
        RESULTS[0],
        None,
        RESULTS[0],
    ]


def test_while_results_live_a_late_one_that_was_not_added_is_shown_too() -> None:
    one = some()
    (submission,) = one.submissions
    more = (*RESULTS, "https://r2.apimodels.app/late.png")
    late = replace(one, submissions=(replace(submission, result_urls=more),))
    screen = single(late)
    assert [embed.image.url for embed in screen.embeds] == list(more)


def test_what_is_private_says_so() -> None:
    (entry,) = listing(private(some())).more
    assert entry.description is not None
    assert "completed, private" in entry.description


def test_pages_lead_on_only_where_there_are_some() -> None:
    def ways(number: int) -> dict[str, bool]:
        row = listing(*[some()] * 5, view=View(page=number), total=15).rows[-1]
        return {item.label: item.disabled for item in row}  # type: ignore[attr-defined]

    assert ways(0) == {said.NEWER: True, said.OLDER: False, said.SEARCH: False}
    assert ways(1) == {said.NEWER: False, said.OLDER: False, said.SEARCH: False}
    assert ways(2) == {said.NEWER: False, said.OLDER: True, said.SEARCH: False}


def test_filters_are_shown_as_chosen_and_can_be_left() -> None:
    screen = listing(some(), view=View(Kind.EDIT, "failed", words="fox"))
    chosen = [
        option.label
        for row in screen.rows[:2]
        for option in row[0].options  # type: ignore[attr-defined]
        if option.default
    ]
    assert chosen == [said.KINDS[Kind.EDIT], said.GROUPS["failed"]]
    assert said.EVERYTHING in labels(screen)
    assert screen.embed.footer.text == "Words: fox"
    assert said.EVERYTHING not in labels(listing(some()))


def test_a_menu_chooses_one_or_all() -> None:
    view = View(Kind.EDIT, "failed", 3, words="fox")
    assert screens.after_choice("kind", view, "f") == View(Kind.FUSE, "failed", 0, words="fox")
    assert screens.after_choice("kind", view, "a") == View(None, "failed", 0, words="fox")
    assert screens.after_choice("state", view, "k") == View(Kind.EDIT, "kept", 0, words="fox")
    assert screens.after_choice("state", view, "?") == View(Kind.EDIT, "", 0, words="fox")


def test_a_moderator_reads_whose_pictures_they_are() -> None:
    screen = listing(some(), view=View(person_id=77))
    assert screen.embed.description == "<@77>: 1 picture."
    assert screen.embed.title is None


# One picture.


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("person_id", [None, 2**63])
def test_one_picture_fits_in_every_state(state: State, hidden: bool, person_id: int | None) -> None:
    one = some(state, "*" * 4000)
    one = private(one) if hidden else one
    view = View(Kind.IMAGINE, "completed", 999_999, person_id, "w" * said.WORDS_CHARS)
    check(single(replace(one, code="k" * 12), view))
    check(screens.question(view, one, Outlook()))


def test_it_shows_the_picture_large_what_it_is_and_what_can_be_done() -> None:
    screen = single(some())
    assert screen.embed.image.url == POSTED[0]
    fields = {field.name: field.value for field in screen.embed.fields}
    assert fields["Kind"] == "Made from words"
    assert fields["Price"] == "$0.06"
    assert re.fullmatch(r"<t:\d+:R>", fields["Asked"] or "")
    assert labels(screen) == [
        said.OPEN_MESSAGE,
        said.SEND_HERE,
        button_words.REROLL,
        said.DELETE,
        said.BACK,
    ]
    link = screen.rows[0][0]
    assert link.url == f"https://discord.com/channels/{GUILD}/{CHANNEL}/55"  # type: ignore[attr-defined]


def test_several_pictures_are_all_shown() -> None:
    several = replace(some(), showing=replace(some().showing, posted_urls=POSTED))
    screen = single(several)
    check(screen)
    assert [embed.image.url for embed in screen.embeds] == list(POSTED)


def test_a_private_one_can_be_shared_and_names_no_dying_address() -> None:
    screen = single(private(some()))
    assert labels(screen) == [words.SHARE, button_words.REROLL, said.DELETE, said.BACK]
    assert screen.embed.image.url is None
    assert {one.name: one.value for one in screen.embed.fields}[
        "Kind"
    ] == "Made from words; private"
    shared = replace(private(some()), showing=replace(some().showing, rung=Rung.CHANNEL))
    screen = single(shared)
    assert said.SEND_HERE in labels(screen)
    assert screen.embed.image.url == POSTED[0]


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.QUEUED, [said.BACK]),
        (State.WAITING, [said.BACK]),
        (State.FAILED, [button_words.CHANGE_PROMPT, said.DELETE, said.BACK]),
        (State.CANCELLED, [said.DELETE, said.BACK]),
        (State.UNDELIVERABLE, [said.SEND_HERE, button_words.REROLL, said.DELETE, said.BACK]),
    ],
)
def test_what_can_be_done_goes_by_the_state(state: State, offered: list[str]) -> None:
    shown = [label for label in labels(single(some(state))) if label != said.OPEN_MESSAGE]
    assert shown == offered


def test_a_moderator_deletes_and_does_nothing_else() -> None:
    for one in (some(), private(some()), some(State.UNDELIVERABLE)):
        shown = labels(single(one, View(person_id=ANA)))
        assert [label for label in shown if label != said.OPEN_MESSAGE] == [said.DELETE, said.BACK]


def test_a_picture_made_without_the_filter_is_shown_among_adults_only() -> None:
    one = some()
    one = replace(one, request=replace(one.request, nsfw_checker=False))
    for screen in (single(one), single(private(one))):
        assert screen.embed.image.url is None
        assert words.ADULT_PICTURE in (screen.embed.description or "")
    assert listing(one).more[0].thumbnail.url is None
    assert single(one, adults=True).embed.image.url == POSTED[0]
    assert listing(one, adults=True).more[0].thumbnail.url == POSTED[0]


def test_results_are_named_for_seven_days() -> None:
    kept = some(State.UNDELIVERABLE)
    dies_at = FINISHED_AT + RESULT_LIFE
    assert addresses(kept, dies_at - timedelta(seconds=1), adults=False) == RESULTS
    assert addresses(kept, dies_at, adults=False) == ()
    assert addresses(some(), dies_at, adults=False) == POSTED[:1]


def test_the_form_for_words_fits_and_holds_what_was_typed() -> None:
    field = forms.text("words", said.SEARCH_LABEL, said.SEARCH_HINT, value="fox", longest=80)
    modal = forms.form(Action.HISTORY, screens.subject("words", View()), said.SEARCH_TITLE, [field])
    form = Form()
    check_modal(form, modal.to_dict())
    form.check()


def test_search_covers_every_state() -> None:
    assert set().union(*GROUPS.values()) == set(State)
    assert said.GROUPS.keys() == GROUPS.keys()
    assert View(group="kept").search(ANA, None) == Search(
        ANA, None, states=frozenset({State.UNDELIVERABLE})
    )
