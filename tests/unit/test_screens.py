"""Screens and forms of the fullest server: within Discord's limits, as the stand-in knows them."""

from dataclasses import replace
from typing import Any

import pytest

from bot import guide_words, house_words, panel_words
from bot.catalogue import MODELS
from bot.chat import forms, screens
from bot.chat.amounts import micro_usd_of
from bot.chat.circumstances import circumstances_of
from bot.chat.custom_ids import Action
from bot.chat.panel import _RULES
from bot.chat.use import own_screen, server_screen
from bot.errors import UserError
from bot.house_rules import HouseRules, RoleRule, RuleChange, UsageReport
from bot.house_words import Setting
from bot.models import Block, Job, Limits, State, Usage
from bot.sandbox.components import ComponentCheck
from bot.sandbox.modals import check_modal
from bot.sandbox.problems import Form
from tests.chat_house import chat_house
from tests.chat_samples import ANA, ASKED_AT, job
from tests.house import NO_LIMITS
from tests.small_discord import interaction_payload

SNOWFLAKES = frozenset(range(10**18, 10**18 + 25))
FULL = HouseRules(
    by_role={one: RoleRule(86_400, 1000, 50) for one in SNOWFLAKES},
    allowed_channels=SNOWFLAKES,
    denied_channels=SNOWFLAKES,
    allowed_roles=SNOWFLAKES,
    denied_roles=SNOWFLAKES,
    exempt_roles=SNOWFLAKES,
    forbidden_words=tuple(f"word {number}" for number in range(200)),
    log_channel_id=10**18,
)
RULES = pytest.mark.parametrize("rules", [HouseRules(), FULL], ids=["empty", "full"])


def check(screen: screens.Screen) -> None:
    """Discord would take it."""
    form = Form()
    view = screen.view()
    ComponentCheck(form, v2=False).check(view.to_components() if view else [])
    form.check()
    assert len(screen.embed) <= 6000
    assert len(screen.embed.description or "") <= 4096
    assert all(len(one.value or "") <= 1024 for one in screen.embed.fields)


@RULES
def test_the_screen_fits_whatever_the_rules_are(rules: HouseRules) -> None:
    lines = [(str(one), house_words.stand([one], NO_LIMITS, rules)) for one in Setting]
    check(screens.home(lines, rules))
    check(screens.reset_question())


@RULES
@pytest.mark.parametrize("name", panel_words.RULES)
def test_every_rule_has_a_form_that_discord_takes(name: str, rules: HouseRules) -> None:
    modal = forms.form(Action.RULE, name, name, _RULES[name].fields(rules))
    form = Form()
    check_modal(form, modal.to_dict())
    form.check()


def test_lists_that_no_menu_can_show_are_not_cut_by_one() -> None:
    more = replace(FULL, allowed_channels=SNOWFLAKES | {5})
    with pytest.raises(UserError, match="/settings channels"):
        _RULES["channels"].fields(more)
    with pytest.raises(UserError, match="filter export"):
        _RULES["filter"].fields(replace(FULL, forbidden_words=("x" * 100,) * 50))


@pytest.mark.parametrize(
    ("text", "micro_usd"),
    [("10", 10_000_000), ("$2.50", 2_500_000), ("0.000001", 1), ("", None), ("  ", None)],
)
def test_money_is_read_as_people_write_it(text: str, micro_usd: int | None) -> None:
    assert micro_usd_of(text) == micro_usd


@pytest.mark.parametrize("text", ["1e9999999", "-1", "nan", "1,5", "ten", "0.0000001", "٣"])
def test_other_money_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not a number"):
        micro_usd_of(text)


def test_what_was_changed_fits_a_message() -> None:
    change = RuleChange(ASKED_AT, ANA, "Channels", "<#1> " * 500, "x" * 5000)
    assert len(panel_words.changed([change] * 9)) <= 2000


def test_figures_fit_their_fields() -> None:
    failures = {f"reason_{number}": 10**9 for number in range(20)}
    people = tuple((10**18 + number, 10**9) for number in range(10))
    report = UsageReport(10**9, 10**15, failures, ((ASKED_AT, 9, 9),), people, (1.0, 9e5))
    check(server_screen({"Today": report, "7 days": report, "30 days": report}))
    check(server_screen({"30 days": UsageReport(0, 0, {}, (), (), None)}))
    limits = Limits(86_400, 50, 1000, 0, 0, 0)
    check(own_screen(Usage(ASKED_AT, last_counted_at=ASKED_AT), limits, "x" * 1024))


def test_long_texts_fit() -> None:
    model = MODELS["gpt-image-2-beta"]
    helped = guide_words.help_text(lambda name: f"</{name}:{10**18}>", model, f"<@{10**18}>")
    assert len(helped) <= 4096
    assert len(guide_words.privacy(90, listens=True)) <= 4096
    assert "for good" in guide_words.privacy(0, listens=True)
    assert len(panel_words.report(job_with("x" * 4000), ANA, "https://discord.com/x")) <= 2000
    ban = Block(10**18, 10**18, ASKED_AT, ASKED_AT, "r" * 300)
    assert len(panel_words.block_line(ban)) <= 300


def test_messages_are_spoken_of_where_they_are_listened_for() -> None:
    model = MODELS["gpt-image-2-beta"]
    for me, listens in (("<@42>", True), (None, False)):
        helped = guide_words.help_text(lambda name: f"/{name}", model, me)
        told = guide_words.privacy(90, listens=listens)
        assert ("<@42> make it night" in helped) is listens
        assert ("A message that mentions me is read as a request" in told) is listens


def job_with(prompt: str) -> Job:
    one = job(State.DELIVERED)
    return replace(one, request=replace(one.request, prompt=prompt))


@pytest.mark.parametrize(
    ("channel", "ids", "adult"),
    [
        ({"id": "9", "type": 0, "name": "a", "position": 0, "parent_id": "4"}, (9, 4), False),
        ({"id": "9", "type": 0, "name": "a", "position": 0, "nsfw": True}, (9,), True),
        ({"id": "9", "type": 99, "name": "?", "position": 0, "nsfw": True}, (), False),
    ],
)
async def test_where_somebody_asks_is_read_from_the_event(
    channel: dict[str, Any], ids: tuple[int, ...], adult: bool
) -> None:
    async with chat_house() as house:
        payload = interaction_payload(2, {"id": "1", "name": "x", "type": 1}, channel=channel)
        payload["channel_id"] = "9"
        payload["member"]["roles"] = ["77"]
        here = circumstances_of(house.interaction(payload))
        assert (here.channel_ids, here.adult_channel) == (ids, adult)
        assert here.role_ids == {77, 7}, "the role @everyone has the server's id"


@pytest.mark.parametrize(("days", "copies"), [(0, 30), (7, 7), (90, 30)])
def test_privacy_says_how_long_copies_of_attached_pictures_are_kept(days: int, copies: int) -> None:
    assert f"copies of attached pictures {copies} days at most" in guide_words.privacy(
        days, listens=True
    )
