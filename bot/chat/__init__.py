"""Everything that speaks Discord: client, messages, embeds, buttons, error doors."""
