import re

import pytest

from bot.catalogue import AUTO, MODELS, Model

BETA = MODELS["gpt-image-2-beta"]


def test_the_default_model_is_as_the_provider_publishes_it() -> None:
    assert BETA.price_micro_usd == 60_000
    assert BETA.max_references == 16
    assert set(BETA.aspect_ratios) == {
        *("auto", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
    }


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_can_be_offered_by_the_commands(model: Model) -> None:
    assert model.price_micro_usd > 0
    assert model.aspect_ratios[0] == AUTO
    assert len(set(model.aspect_ratios)) == len(model.aspect_ratios) <= 25, "a choice list's size"
    assert all(re.fullmatch(r"[0-9]+:[0-9]+", ratio) for ratio in model.aspect_ratios[1:])
    assert 2 <= model.max_references <= 16, "/fuse takes image1 to image16"
    assert 0 < model.max_prompt_chars <= 4000, "the longest text that Discord takes"
    assert model.usual_wait_s > 0


def test_models_are_found_by_their_own_name_and_cannot_be_changed() -> None:
    assert all(name == model.name for name, model in MODELS.items())
    with pytest.raises(TypeError):
        MODELS["other"] = BETA  # type: ignore[index]
