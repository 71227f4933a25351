"""The basket's rules: each picture once, in order, never over the limit."""

from hypothesis import given
from hypothesis import strategies as st

from bot import basket, basket_words
from bot.catalogue import MODELS
from bot.models import Kind, Source

CDN = "https://cdn.discordapp.com/attachments/9/"


def picture(number: int, signature: str = "1", host: str = "cdn.discordapp.com") -> Source:
    url = f"https://{host}/attachments/9/{number}/a.png?ex={signature}&is=1&hm=1"
    return Source(url, f"{number}.png", "image/png", 10)


def pictures(*numbers: int) -> tuple[Source, ...]:
    return tuple(map(picture, numbers))


NUMBERS = st.lists(st.integers(0, 30), max_size=25)
HELD = st.lists(st.integers(0, 30), max_size=16, unique=True)


def test_pictures_go_behind_those_that_are_there() -> None:
    outcome = basket.add(pictures(1, 2), pictures(3, 4), 16)
    assert outcome.basket == pictures(1, 2, 3, 4)
    assert (outcome.new, outcome.known, outcome.left_out) == (pictures(3, 4), (), ())


def test_the_same_picture_counts_once_and_takes_the_fresher_address() -> None:
    again = picture(1, signature="2", host="media.discordapp.net")
    outcome = basket.add(pictures(1, 2), (again, picture(3), picture(3)), 16)
    assert outcome.basket == (again, *pictures(2, 3))
    assert (outcome.new, outcome.known, outcome.left_out) == (pictures(3), (again,), ())


def test_what_is_over_the_limit_is_left_out() -> None:
    full = pictures(*range(15))
    outcome = basket.add(full, pictures(20, 3, 21, 22), 16)
    assert outcome.basket == (*full, picture(20))
    assert (outcome.new, outcome.known) == (pictures(20), pictures(3))
    assert outcome.left_out == pictures(21, 22)


def test_a_basket_over_a_limit_that_sank_keeps_what_it_has() -> None:
    held = pictures(*range(12))
    assert basket.add(held, pictures(20), 10).basket == held


@given(held=HELD, asked=NUMBERS, most=st.integers(1, 16))
def test_nothing_is_lost_doubled_or_over_the_limit(
    held: list[int], asked: list[int], most: int
) -> None:
    outcome = basket.add(pictures(*held), pictures(*asked), most)
    assert outcome.basket[: len(held)] == pictures(*held)
    keys = [basket.key(one) for one in outcome.basket]
    assert len(keys) == len(set(keys))
    assert len(keys) <= max(most, len(held))
    sorted_out = {*outcome.new, *outcome.known, *outcome.left_out}
    assert sorted_out == set(pictures(*asked))
    assert len(sorted_out) == len(outcome.new) + len(outcome.known) + len(outcome.left_out)
    assert outcome.basket == (*pictures(*held), *outcome.new)
    assert not outcome.left_out or len(outcome.basket) >= most


@given(held=HELD, chosen=NUMBERS)
def test_what_is_taken_out_is_gone_and_the_rest_stays_in_order(
    held: list[int], chosen: list[int]
) -> None:
    keys = [basket.key(picture(one)) for one in chosen]
    rest = basket.without(pictures(*held), keys)
    assert rest == pictures(*(one for one in held if one not in chosen))
    assert basket.without(rest, keys) == rest


@given(held=HELD, chosen=st.integers(0, 30))
def test_what_is_made_first_leads_and_nothing_else_moves(held: list[int], chosen: int) -> None:
    moved = basket.first(pictures(*held), [basket.key(picture(chosen))])
    rest = [one for one in held if one != chosen]
    assert moved == pictures(*([chosen] if chosen in held else []), *rest)


@given(held=HELD, other=HELD)
def test_a_seal_tells_baskets_and_orders_apart(held: list[int], other: list[int]) -> None:
    same = basket.seal(pictures(*held)) == basket.seal(pictures(*other))
    assert same == (held == other)


@given(text=st.text())
def test_whatever_an_address_is_its_picture_has_a_name_that_a_component_carries(text: str) -> None:
    name = basket.key(Source(f"{CDN}{text}", "a.png", "image/png", 1))
    assert len(name) == 16
    assert set(name) <= set("0123456789abcdef")


def test_a_models_own_limit_is_kept_below_sixteen() -> None:
    assert basket.most_images(MODELS["gpt-image-2-beta"]) == 16
    assert basket.most_images(MODELS["gpt-image-2"]) == 10


def test_one_picture_is_changed_and_several_are_fused() -> None:
    assert basket.kind_of(pictures(1)) is Kind.EDIT
    assert basket.kind_of(pictures(1, 2)) is Kind.FUSE


def test_what_became_of_a_messages_pictures_is_said() -> None:
    outcome = basket.add(pictures(*range(15)), pictures(20, 3, 21, 22, 23, 24), 16)
    problems = [f"`{number}.mov` is a video; send a picture." for number in range(5)]
    assert basket_words.added(outcome, problems, 16).split("\n") == [
        "Added 1 picture.",
        "1 picture was there already.",
        "Left out `21.png`, `22.png`, `23.png` and 1 more: one fusion takes at most 16 images. "
        "Take some out first.",
        *problems[:3],
        "… and 2 more files that I cannot use.",
    ]
    assert basket_words.added(basket.add((), pictures(1, 2), 16), (), 16) == "Added 2 pictures."
