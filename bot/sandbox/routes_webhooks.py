"""Routes without the bot's token: interaction responses, their webhooks, plain webhooks."""

from bot.sandbox.calls import Call, Reply, Route
from bot.sandbox.interaction import Interaction
from bot.sandbox.interactions import Interactions
from bot.sandbox.payloads import Payloads
from bot.sandbox.permissions import MEMBER
from bot.sandbox.posting import Posting, Terms
from bot.sandbox.problems import problem
from bot.sandbox.records import MIB, Json, Message, MessageKind
from bot.sandbox.world import Webhook, World

_TRUE = ("1", "true", "True")


class WebhookRoutes:
    """Whoever knows the token may call these."""

    def __init__(
        self, world: World, show: Payloads, posting: Posting, interactions: Interactions
    ) -> None:
        self._world = world
        self._show = show
        self._posting = posting
        self._interactions = interactions

    def routes(self) -> list[Route]:
        """The route table; `@original` stands before the pattern that would swallow it."""
        hook = "/webhooks/{webhook_id}/{webhook_token}"
        original, other = f"{hook}/messages/@original", f"{hook}/messages/{{message_id}}"
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        table = [
            ("POST", callback, self._respond),
            ("GET", hook, self._get_hook),
            ("POST", hook, self._execute),
        ]
        for path in (original, other):
            table += [
                ("GET", path, self._get),
                ("PATCH", path, self._edit),
                ("DELETE", path, self._delete),
            ]
        return [Route(method, path, does, needs_token=False) for method, path, does in table]

    async def _respond(self, call: Call) -> Reply:
        interaction = self._interactions.respond(
            call.number("interaction_id"),
            call.params["interaction_token"],
            call.body,
            call.files,
        )
        if call.query.get("with_response") not in _TRUE:
            return Reply()
        return Reply(self._callback_response(interaction))

    def _callback_response(self, interaction: Interaction) -> Json:
        body: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
        answer = int(interaction.answer or 0)
        if interaction.message is None:
            return {"interaction": body, "resource": {"type": answer}}
        body |= {
            "response_message_id": str(interaction.message.id),
            "response_message_loading": interaction.message.loading,
            "response_message_ephemeral": interaction.message.ephemeral,
        }
        message = self._show.message(interaction.message)
        return {"interaction": body, "resource": {"type": answer, "message": message}}

    def _is_own(self, call: Call) -> bool:
        return call.number("webhook_id") == self._world.application.id

    def _living(self, call: Call) -> Interaction:
        """The interaction behind an application's webhook route."""
        if not self._is_own(call):
            raise problem(10015)
        return self._interactions.living(call.params["webhook_token"])

    def _named(self, call: Call) -> tuple[Interaction, Message]:
        interaction = self._living(call)
        wanted = call.params.get("message_id", "@original")
        return interaction, self._interactions.named(interaction, wanted)

    async def _get(self, call: Call) -> Reply:
        _, message = self._named(call)
        return Reply(self._show.message(message))

    async def _edit(self, call: Call) -> Reply:
        interaction, message = self._named(call)
        edited = self._interactions.edit(interaction, message, call.body, call.files)
        return Reply(self._show.message(edited))

    async def _delete(self, call: Call) -> Reply:
        _, message = self._named(call)
        self._world.delete(message)
        return Reply()

    async def _execute(self, call: Call) -> Reply:
        if not self._is_own(call):
            return self._execute_plain(call)
        interaction = self._living(call)
        message = self._interactions.follow_up(interaction, call.body, call.files)
        return Reply(self._show.message(message))

    # plain webhooks

    def _plain(self, call: Call) -> Webhook:
        webhook = self._world.webhooks.get(call.number("webhook_id"))
        if webhook is None:
            raise problem(10015)
        if webhook.token != call.params["webhook_token"]:
            raise problem(50027)
        return webhook

    async def _get_hook(self, call: Call) -> Reply:
        webhook = self._plain(call)
        channel = self._world.channels[webhook.channel_id]
        return Reply(
            {
                "id": str(webhook.id),
                "type": 1,
                "name": webhook.name,
                "avatar": None,
                "channel_id": str(channel.id),
                "guild_id": str(channel.guild_id),
                "application_id": None,
                "token": webhook.token,
            }
        )

    def _execute_plain(self, call: Call) -> Reply:
        webhook = self._plain(call)
        channel = self._world.channels[webhook.channel_id]
        guild = self._world.guild_of(channel)
        terms = Terms(
            channel=channel,
            author_id=webhook.id,
            permissions=int(MEMBER),
            file_limit_bytes=guild.upload_limit_bytes if guild else 10 * MIB,
            request_limit_bytes=25 * MIB,
        )
        state, named = self._posting.compose(terms, call.body, call.files)
        message = Message(
            id=self._world.snowflakes.new(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author_id=webhook.id,
            author_name=str(call.body.get("username") or webhook.name),
            kind=MessageKind.DEFAULT,
            states=[state],
            webhook_id=webhook.id,
            pings=set(named.pings),
        )
        self._world.post(message)
        wait = call.query.get("wait") in _TRUE
        return Reply(self._show.message(message) if wait else None)
