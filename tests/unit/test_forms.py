"""Forms for a picture: Discord takes them, and what was typed and uploaded is read again."""

from typing import Any

from bot.catalogue import MODELS
from bot.chat import forms
from bot.chat.custom_ids import Action
from bot.sandbox.modals import check_modal
from bot.sandbox.problems import Form
from tests.chat_house import chat_house
from tests.small_discord import interaction_payload

MODEL = MODELS["gpt-image-2-beta"]


def upload(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "filename": f"{number}.png",
        "size": 10,
        "url": f"https://cdn.discordapp.com/ephemeral-attachments/1/{number}/{number}.png",
        "proxy_url": f"https://media.discordapp.net/ephemeral-attachments/1/{number}/{number}.png",
        "content_type": "image/png",
    }


def sent(*fields: dict[str, Any], **resolved: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A form as Discord sends it."""
    parts = [{"type": 18, "component": field} for field in fields]
    data = {"custom_id": "v1:edit:abcd", "components": parts, "resolved": resolved}
    return interaction_payload(5, data)


def test_a_form_for_a_picture_is_one_that_discord_takes() -> None:
    fields = [
        forms.prompt("x" * 5000),
        forms.ratio(MODEL, "16:9"),
        forms.files("files", "More pictures", "PNG", most=10),
    ]
    form = Form()
    check_modal(form, forms.form(Action.EDIT, "abcd", "Edit image", fields).to_dict())
    form.check()


async def test_prompt_and_ratio_are_read_and_a_forged_ratio_becomes_auto() -> None:
    async with chat_house() as house:
        typed = {"type": 4, "custom_id": "prompt", "value": " a red cat "}
        for ratio, read in (("16:9", "16:9"), ("7:1", "auto")):
            chosen = {"type": 3, "custom_id": "ratio", "values": [ratio]}
            interaction = house.interaction(sent(typed, chosen))
            assert forms.wished(interaction, MODEL) == ("a red cat", read)


async def test_uploads_come_in_order_and_only_those_that_discord_tells_of() -> None:
    async with chat_house() as house:
        field = {"type": 19, "custom_id": "files", "values": ["12", "11", "13"]}
        there = {"11": upload(11), "12": upload(12)}
        interaction = house.interaction(sent(field, attachments=there))
        names = [one.filename for one in forms.uploaded(interaction, "files")]
        assert names == ["12.png", "11.png"]
        assert forms.uploaded(interaction, "others") == []
