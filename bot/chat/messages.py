"""Reading people's messages again, for the pictures on them."""

from collections.abc import Iterator, Sequence

import discord

from bot.chat.wire import translated
from bot.errors import AccessLost, ChatUnavailable, MessageGone


class DiscordMessages:
    """Implements `bot.ports.Messages` over a logged-in client.

    Without the privileged intent Discord blanks other people's messages that do not mention us;
    what is on them is then not to be found this way.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def picture_urls(self, channel_id: int, message_id: int) -> Sequence[str]:
        """Fresh addresses of a message's pictures; none where it is gone or not ours to read.

        Raises:
            ChatUnavailable: nobody knows for now.
        """
        if self._client.is_closed() or self._client.user is None:
            raise ChatUnavailable("not logged in to Discord")
        channel = self._client.get_partial_messageable(channel_id)
        try:
            with translated():
                message = await channel.fetch_message(message_id)
        except (AccessLost, MessageGone):
            return ()
        return tuple(_pictures_of(message))


def _pictures_of(message: discord.Message) -> Iterator[str]:
    for attachment in message.attachments:
        yield attachment.url
    for embed in message.embeds:
        for media in (embed.image, embed.thumbnail):
            yield from filter(None, (media.url, media.proxy_url))
