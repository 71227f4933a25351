"""Builds INTERACTION_CREATE payloads and sends them on their way."""

from collections.abc import Collection

from bot.sandbox import objects
from bot.sandbox.interaction import Interaction, Kind
from bot.sandbox.interactions import Interactions
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import Permission
from bot.sandbox.records import Channel, Json, Message, User
from bot.sandbox.world import World

GUILD_INSTALL, USER_INSTALL = 0, 1
IN_GUILD, IN_BOT_DM = 0, 1
_DM_APP_PERMISSIONS = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE


class Dispatcher:
    """Turns what a person did into an interaction."""

    def __init__(self, world: World, show: Payloads, interactions: Interactions) -> None:
        self._world = world
        self._show = show
        self._interactions = interactions

    def send(
        self,
        user: User,
        channel: Channel,
        kind: Kind,
        data: Json,
        *,
        source: Message | None = None,
        installs: Collection[int] = (GUILD_INSTALL,),
        option_type: int = 0,
        token_age_s: float = 0.0,
    ) -> Interaction:
        """Open an interaction and deliver its event.

        Args:
            user: who acts.
            channel: where.
            kind: the interaction's type.
            data: its `data` object.
            source: the message whose component this is about.
            installs: the command's `integration_types`.
            option_type: type of an autocomplete's focused option.
            token_age_s: how old the snowflake, and so the token, shall look.
        """
        interaction_id = self._world.snowflakes.new(age_s=token_age_s)
        owners = self._owners(user, channel, installs, source)
        interaction = Interaction(
            id=interaction_id,
            kind=kind,
            user_id=user.id,
            channel=channel,
            payload={},
            sent_at=self._world.clock.time(),
            attachment_size_limit=self._upload_limit(user, channel),
            source=source,
            option_type=option_type,
            user_install_only=str(GUILD_INSTALL) not in owners,
        )
        interaction.forced_ephemeral = interaction.user_install_only and self._muted(user, channel)
        interaction.payload = self._payload(interaction, user, data, owners)
        self._interactions.open(interaction)
        return interaction

    def _owners(
        self, user: User, channel: Channel, installs: Collection[int], source: Message | None
    ) -> Json:
        """`authorizing_integration_owners`; a component inherits its message's."""
        if source is not None and source.interaction_metadata is not None:
            return dict(source.interaction_metadata["authorizing_integration_owners"])
        owners: Json = {}
        guild = self._world.guild_of(channel)
        if GUILD_INSTALL in installs and (guild is None or self._world.bot_is_in(guild)):
            owners["0"] = str(guild.id) if guild else "0"
        if USER_INSTALL in installs and user.installed:
            owners["1"] = str(user.id)
        return owners

    def _upload_limit(self, user: User, channel: Channel) -> int:
        guild = self._world.guild_of(channel)
        return max(user.upload_limit_bytes, guild.upload_limit_bytes if guild else 0)

    def _muted(self, user: User, channel: Channel) -> bool:
        """Whether a user-installed app may answer only privately here."""
        if channel.guild_id is None:
            return False
        bits = self._world.permissions(user.id, channel)
        return not (bits & Permission.USE_EXTERNAL_APPS and bits & Permission.SEND_MESSAGES)

    def _payload(self, interaction: Interaction, user: User, data: Json, owners: Json) -> Json:
        channel = interaction.channel
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(self._world.application.id),
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "attachment_size_limit": interaction.attachment_size_limit,
            "data": data,
            "channel_id": str(channel.id),
            "channel": self._show.channel(channel)
            | {"permissions": str(self._world.permissions(user.id, channel))},
            "locale": user.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners,
            "context": IN_BOT_DM if channel.guild_id is None else IN_GUILD,
            "app_permissions": str(self._app_permissions(channel)),
        }
        if interaction.source is not None:
            body["message"] = self._show.message(interaction.source)
        return body | self._actor(user, channel)

    def _app_permissions(self, channel: Channel) -> int:
        guild = self._world.guild_of(channel)
        if guild is not None and self._world.bot_is_in(guild):
            return self._world.permissions(self._world.bot.id, channel)
        return int(_DM_APP_PERMISSIONS)

    def _actor(self, user: User, channel: Channel) -> Json:
        guild = self._world.guild_of(channel)
        if guild is None:
            return {"user": objects.user(user)}
        member = self._show.member(guild, guild.members[user.id])
        member["permissions"] = str(self._world.permissions(user.id, channel))
        return {
            "member": member,
            "guild_id": str(guild.id),
            "guild_locale": "en-US",
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
        }
