"""Options that several commands share, made of the configured model."""

from discord import app_commands

from bot.catalogue import Model

Prompt = app_commands.Range[str, 1, 4000]


def ratio_choices(model: Model) -> list[app_commands.Choice[str]]:
    """The model's aspect ratios as people pick them, the default first."""
    return [app_commands.Choice(name=ratio, value=ratio) for ratio in model.aspect_ratios]
