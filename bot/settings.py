"""The one reader of the environment: every setting, checked, in one frozen value.

Each field's `description` says the shape of a right value and its `examples` show one; error
messages are made of these two, so they never repeat the wrong value, which may be a secret.
"""

from decimal import Decimal
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.catalogue import MODELS
from bot.errors import ConfigurationError
from bot.hosts import HostRule
from bot.models import Limits, Policy
from bot.shapes import (
    GatewayAddress,
    Hosts,
    LogFormat,
    LogLevel,
    ModelName,
    RelaySources,
    Secret,
    SecretAddress,
    Snowflake,
    Snowflakes,
    SqliteAddress,
    WebAddress,
    usd,
    whole,
)

_MICRO_USD = 1_000_000
_DAY_S = 86_400
_WEB = "an https:// address (http:// only for this machine, such as http://127.0.0.1:8080)"
_HOSTS = "host names with commas between, such as example.org or *.example.org"


class Settings(BaseSettings):
    """Everything that an operator can set; a field is its environment variable in lower case."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        env_file_encoding="utf-8-sig",  # Windows' editor writes a byte-order mark
        hide_input_in_errors=True,
        validate_default=False,
    )

    discord_token: Secret | None = Field(
        None,
        description="a bot token, one word without spaces and quotes: "
        'discord.com/developers/applications, your application, "Bot", "Reset Token"',
        examples=["<token>"],
    )
    discord_api_url: WebAddress = Field(
        "https://discord.com/api/v10",
        description=_WEB,
        examples=["http://127.0.0.1:9000/api/v10"],
    )
    discord_gateway_url: GatewayAddress = Field(
        "wss://gateway.discord.gg",
        description="a wss:// address (ws:// only for this machine)",
        examples=["ws://127.0.0.1:9000/gateway"],
    )
    discord_cdn_hosts: Hosts = Field(
        HostRule.parse("cdn.discordapp.com,media.discordapp.net"),
        description=_HOSTS,
        examples=["cdn.discordapp.com,media.discordapp.net"],
    )
    discord_guild_id: Snowflake | None = Field(
        None, description="a server's id, digits only", examples=["81384788765712384"]
    )
    allowed_guild_ids: Snowflakes = Field(
        frozenset(),
        description='server ids with commas between, or "all"',
        examples=["81384788765712384,613425648685547541"],
    )
    allow_dms: bool = Field(False, description="true or false", examples=["false"])
    replies: bool = Field(True, description="true or false", examples=["true"])

    apimodels_api_key: Secret | None = Field(
        None,
        description="an API key of apimodels.app, one word without spaces and quotes: "
        "make one in your account there",
        examples=["sk_<key>"],
    )
    apimodels_base_url: WebAddress = Field(
        "https://apimodels.app/api/v1",
        description=_WEB,
        examples=["https://apimodels.app/api/v1"],
    )
    apimodels_model: ModelName = Field(
        "gpt-image-2-beta", description="one of " + ", ".join(MODELS), examples=["gpt-image-2-beta"]
    )
    result_hosts: Hosts = Field(
        HostRule.parse("*.apimodels.app"), description=_HOSTS, examples=["*.apimodels.app"]
    )

    relay_sources: RelaySources = Field("auto", description="auto or always", examples=["auto"])

    database_url: SqliteAddress = Field(
        "sqlite:///data/darkroom.db",
        description="sqlite:/// and the path of a file",
        examples=["sqlite:///data/darkroom.db"],
    )
    public_url: WebAddress | None = Field(
        None, description=_WEB, examples=["https://darkroom.example.org"]
    )
    host: str = Field(
        "127.0.0.1",
        pattern=r"^[0-9A-Za-z.:_-]{1,253}$",
        description="an address or name of this machine to listen on",
        examples=["127.0.0.1"],
    )
    port: int = whole(8080, 0, 65_535, zero="any free one")

    job_timeout_seconds: int = whole(600, 1, _DAY_S, of="seconds")
    poll_interval_seconds: float | None = Field(
        None,
        gt=0,
        le=3600,
        allow_inf_nan=False,
        description="seconds, more than 0 and at most 3600",
        examples=["2.5"],
    )
    max_concurrent_jobs: int = whole(50, 0, 100_000, of="pictures", zero="no limit")
    max_queued_jobs: int = whole(500, 0, 1_000_000, of="pictures", zero="no limit")
    cooldown_seconds: int = whole(30, 0, 31 * _DAY_S, of="seconds", zero="no limit")
    max_jobs_per_person: int = whole(2, 0, 100_000, of="pictures", zero="no limit")
    daily_limit_per_person: int = whole(10, 0, 1_000_000, of="pictures", zero="no limit")
    budget_usd_per_server_month: Decimal = usd("10", zero="no limit")
    budget_usd_per_month: Decimal = usd("25", zero="no limit")
    low_balance_usd: Decimal = usd("5", zero="no warning")
    retention_days: int = whole(90, 0, 3650, of="days", zero="kept for ever")
    alert_webhook_url: SecretAddress | None = Field(
        None,
        description="the https:// address of a Discord webhook: a channel's settings, "
        '"Integrations", "Webhooks"',
        examples=["https://discord.com/api/webhooks/<id>/<token>"],
    )

    log_level: LogLevel = Field(
        "INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL", examples=["INFO"]
    )
    log_format: LogFormat = Field("auto", description="auto, console or json", examples=["auto"])

    @classmethod
    def from_env(cls, env_file: Path | None = Path(".env")) -> Self:
        """Read the environment and, behind it, `env_file`; a file that is not there is fine.

        Raises:
            ConfigurationError: one line for each setting that is wrong, without its value.
        """
        try:
            return cls(_env_file=env_file)  # type: ignore[call-arg] # BaseSettings' own argument
        except ValidationError as error:
            lines = _explain(error)
        except (OSError, UnicodeDecodeError):
            lines = [f"{env_file} cannot be read: it must be a text file in UTF-8."]
        # Raised out here so that no traceback carries pydantic's error, which knows the values.
        raise ConfigurationError("\n".join(lines))

    @model_validator(mode="after")
    def _both_ends_of_discord(self) -> Self:
        if len(self.model_fields_set & {"discord_api_url", "discord_gateway_url"}) == 1:
            raise ValueError(
                "DISCORD_API_URL and DISCORD_GATEWAY_URL must be set together, or neither: "
                "with one of them the token would go to two different places."
            )
        return self

    @property
    def token(self) -> str:
        """The bot token itself. Raises ConfigurationError when there is none."""
        if self.discord_token is None:
            raise ConfigurationError(
                "DISCORD_TOKEN is missing: put a bot token into .env as DISCORD_TOKEN=<token> "
                "(discord.com/developers/applications, your application, Bot, Reset Token); "
                "`darkroom sandbox` shows everything without one."
            )
        return self.discord_token.get_secret_value()

    @property
    def api_key(self) -> str:
        """The image API's key itself. Raises ConfigurationError when there is none."""
        if self.apimodels_api_key is None:
            raise ConfigurationError(
                "APIMODELS_API_KEY is missing: make a key in your account at apimodels.app and "
                "put it into .env as APIMODELS_API_KEY=<key>."
            )
        return self.apimodels_api_key.get_secret_value()

    def with_images(self, base_url: str, key: str, results_host: str) -> Self:
        """The same with another image API, and with a database of its own for its play money."""
        changed = {
            "apimodels_base_url": base_url,
            "apimodels_api_key": SecretStr(key),
            "result_hosts": HostRule.parse(results_host),
            "database_url": f"{self.database_url}.sandbox",
        }
        return self.model_copy(update=changed)

    @property
    def secrets(self) -> frozenset[str]:
        """Texts that no log may show."""
        values = (self.discord_token, self.apimodels_api_key, self.alert_webhook_url)
        return frozenset(value.get_secret_value() for value in values if value is not None)

    @property
    def source_hosts(self) -> HostRule:
        """From where input images are fetched: Discord, and the image API's own results."""
        return HostRule(self.discord_cdn_hosts.patterns | self.result_hosts.patterns)

    @property
    def limits(self) -> Limits:
        """The rules of every server that has none of its own."""
        return Limits(
            cooldown_s=self.cooldown_seconds,
            jobs_per_person=self.max_jobs_per_person,
            daily_pictures=self.daily_limit_per_person,
            server_month_micro_usd=_micro_usd(self.budget_usd_per_server_month),
            total_month_micro_usd=_micro_usd(self.budget_usd_per_month),
            queued_jobs=self.max_queued_jobs,
        )

    @property
    def policy(self) -> Policy:
        """The operator's rules that no server can change."""
        return Policy(
            allowed_guild_ids=self.allowed_guild_ids,
            allow_dms=self.allow_dms,
            replies=self.replies,
        )


def _micro_usd(usd: Decimal) -> int:
    """Exact: a setting has at most six decimals."""
    return int(usd * _MICRO_USD)


def _explain(error: ValidationError) -> list[str]:
    """One line for each wrong setting: its name, the right shape, what to do."""
    lines: dict[str, None] = {}
    for problem in error.errors(include_url=False, include_input=False):
        if problem["loc"]:
            lines[_wrong(str(problem["loc"][0]))] = None
        else:
            lines[str(problem["ctx"]["error"])] = None
    return list(lines)


def _wrong(field: str) -> str:
    name, info = field.upper(), Settings.model_fields[field]
    example = (info.examples or [""])[0]
    return (
        f"{name} is not usable: it must be {info.description}. "
        f"Correct it in the environment or in .env, for example {name}={example}"
    )
