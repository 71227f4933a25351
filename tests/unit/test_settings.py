"""The environment becomes one frozen value, or one clear line for each setting that is wrong."""

import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.hosts import HostRule
from bot.models import Limits, Policy
from bot.settings import Settings

SECRETS = ("DISCORD_TOKEN", "APIMODELS_API_KEY", "ALERT_WEBHOOK_URL")
NAMES = tuple(field.upper() for field in Settings.model_fields)


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings.from_env(None)


def refusal(monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(monkeypatch, **values)
    return str(caught.value)


def test_an_empty_environment_gives_the_documented_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch)
    assert found.discord_token is None
    assert found.discord_api_url == "https://discord.com/api/v10"
    assert found.discord_cdn_hosts == HostRule.parse("cdn.discordapp.com,media.discordapp.net")
    assert found.result_hosts == HostRule.parse("*.apimodels.app")
    assert found.apimodels_base_url == "https://apimodels.app/api/v1"
    assert found.apimodels_model == "gpt-image-2-beta"
    assert found.database_url == "sqlite:///data/darkroom.db"
    assert (found.host, found.port, found.public_url) == ("127.0.0.1", 8080, None)
    assert (found.job_timeout_seconds, found.poll_interval_seconds) == (600, None)
    assert (found.max_concurrent_jobs, found.low_balance_usd) == (50, Decimal(5))
    assert (found.log_level, found.log_format) == ("INFO", "auto")
    assert found.relay_sources == "auto"
    assert found.limits == Limits(30, 2, 10, 10_000_000, 25_000_000, 500)
    assert found.policy == Policy()


def test_values_of_the_environment_arrive_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch,
        ALLOWED_GUILD_IDS=" 17, 42 ",
        ALLOW_DMS="true",
        BUDGET_USD_PER_MONTH="0.000001",
        BUDGET_USD_PER_SERVER_MONTH="1234.56",
        COOLDOWN_SECONDS="0",
        POLL_INTERVAL_SECONDS="0.05",
        LOG_LEVEL="debug",
        LOG_FORMAT="JSON",
        PUBLIC_URL="https://pictures.example.org/",
    )
    assert found.policy == Policy(frozenset({17, 42}), allow_dms=True)
    assert found.limits.total_month_micro_usd == 1
    assert found.limits.server_month_micro_usd == 1_234_560_000
    assert found.limits.cooldown_s == 0
    assert found.poll_interval_seconds == 0.05
    assert (found.log_level, found.log_format) == ("DEBUG", "json")
    assert found.public_url == "https://pictures.example.org"


def test_a_trial_token_and_key_may_be_short(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, DISCORD_TOKEN="t", APIMODELS_API_KEY="sk")
    assert (found.token, found.api_key) == ("t", "sk")


def test_empty_strings_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, **dict.fromkeys(NAMES, "")) == Settings.from_env(None)


def test_the_word_all_allows_every_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, ALLOWED_GUILD_IDS="all").allowed_guild_ids == frozenset()


def test_the_file_is_read_behind_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("# a note\nPORT=1234\nCOOLDOWN_SECONDS='7'\nNOT_OURS=1\n", "utf-8-sig")
    monkeypatch.setenv("PORT", "4321")
    found = Settings.from_env(file)
    assert (found.port, found.cooldown_seconds) == (4321, 7)


def test_a_file_that_is_not_there_is_fine(tmp_path: Path) -> None:
    assert Settings.from_env(tmp_path / ".env").port == 8080


def test_a_file_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    with pytest.raises(ConfigurationError, match="must be a text file"):
        Settings.from_env(file)


def test_a_setting_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch)
    with pytest.raises(ValidationError, match="frozen"):
        found.port = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "two words-of-a-token"),
        ("DISCORD_TOKEN", '"quoted-token"'),
        ("APIMODELS_API_KEY", "sk_clé_0123456789"),
        ("DISCORD_CDN_HOSTS", "https://cdn.example.org"),
        ("DISCORD_GUILD_ID", "my server"),
        ("DISCORD_GUILD_ID", "-1"),
        ("ALLOWED_GUILD_IDS", "1,two"),
        ("ALLOWED_GUILD_IDS", "all,1"),
        ("ALLOW_DMS", "perhaps"),
        ("APIMODELS_BASE_URL", "http://apimodels.app/api/v1"),
        ("APIMODELS_BASE_URL", "apimodels.app"),
        ("APIMODELS_MODEL", "gpt-imagine"),
        ("RESULT_HOSTS", "*"),
        ("DATABASE_URL", "postgresql://db/darkroom"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("PUBLIC_URL", "http://pictures.example.org"),
        ("PUBLIC_URL", "https://me:secret@pictures.example.org"),
        ("PUBLIC_URL", "https://pictures.example.org/?a=b"),
        ("PUBLIC_URL", "https://pictures.example.org:99999"),
        ("PUBLIC_URL", "https://pictures.exa\nmple.org"),
        ("HOST", "0.0.0.0 "),
        ("PORT", "65536"),
        ("JOB_TIMEOUT_SECONDS", "0"),
        ("JOB_TIMEOUT_SECONDS", "86401"),
        ("POLL_INTERVAL_SECONDS", "0"),
        ("POLL_INTERVAL_SECONDS", "nan"),
        ("POLL_INTERVAL_SECONDS", "inf"),
        ("MAX_CONCURRENT_JOBS", "-1"),
        ("COOLDOWN_SECONDS", "half a minute"),
        ("COOLDOWN_SECONDS", "1.5"),
        ("BUDGET_USD_PER_MONTH", "0.0000001"),
        ("BUDGET_USD_PER_MONTH", "NaN"),
        ("BUDGET_USD_PER_MONTH", "-5"),
        ("LOW_BALANCE_USD", "$5"),
        ("ALERT_WEBHOOK_URL", "http://discord.com/api/webhooks/1/abc"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    line = refusal(monkeypatch, **{name: value})
    assert "\n" not in line
    assert line.startswith(f"{name} is not usable: it must be ")
    assert f"for example {name}=" in line
    assert value not in line or name not in SECRETS


def test_several_wrong_values_are_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refusal(monkeypatch, PORT="x", ALLOWED_GUILD_IDS="a,b,c", LOG_LEVEL="x").splitlines()
    assert [line.split()[0] for line in lines] == ["ALLOWED_GUILD_IDS", "PORT", "LOG_LEVEL"]


@pytest.mark.parametrize("name", ["DISCORD_API_URL", "APIMODELS_BASE_URL", "PUBLIC_URL"])
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80", "127.8.9.10"])
def test_plain_http_is_allowed_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, name: str, host: str
) -> None:
    gateway = {"DISCORD_GATEWAY_URL": "ws://127.0.0.1:1"} if name == "DISCORD_API_URL" else {}
    found = read(monkeypatch, **{name: f"http://{host}"}, **gateway)
    assert getattr(found, name.lower()) == f"http://{host}"


@pytest.mark.parametrize("host", ["192.168.1.1", "127.0.0.1.example.org", "localhost.evil", "::2"])
def test_plain_http_is_refused_everywhere_else(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert refusal(monkeypatch, PUBLIC_URL=f"http://{host}").startswith("PUBLIC_URL")


@pytest.mark.parametrize(
    ("name", "value"),
    [("DISCORD_API_URL", "https://a.example"), ("DISCORD_GATEWAY_URL", "wss://a.example")],
)
def test_one_end_of_discord_alone_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    line = refusal(monkeypatch, **{name: value})
    assert "DISCORD_API_URL and DISCORD_GATEWAY_URL must be set together" in line
    assert "\n" not in line


def test_secrets_show_in_no_text_of_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(
        monkeypatch,
        DISCORD_TOKEN="token-of-the-bot",
        APIMODELS_API_KEY="sk_0123456789abcdef",
        ALERT_WEBHOOK_URL="https://discord.com/api/webhooks/1/webhook-token",
    )
    for text in (repr(found), str(found), str(found.discord_token)):
        assert not any(secret in text for secret in found.secrets)
    assert (found.token, found.api_key) == ("token-of-the-bot", "sk_0123456789abcdef")
    assert len(found.secrets) == 3


def test_a_missing_token_is_one_line_that_points_to_the_sandbox() -> None:
    with pytest.raises(ConfigurationError, match=r"^DISCORD_TOKEN is missing: .*sandbox") as caught:
        _ = Settings.from_env(None).token
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_one_line_that_says_where_to_get_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^APIMODELS_API_KEY is missing: .*apimodels"):
        _ = Settings.from_env(None).api_key


# What an environment can hold: no NUL, no lone surrogates; sprinkled with what comes close.
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.integers().map(str),
    st.floats().map(str),
    st.decimals().map(str),
    st.sampled_from(["https://", "http://[::1", "sqlite:///\n", "*.", "all,", "sk_" + "x" * 99]),
)


@given(name=st.sampled_from(NAMES), value=VALUES)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_is_either_used_or_refused_in_one_line_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv(name, value)
        outcome = settings_or_refusal()
    if isinstance(outcome, Settings):
        assert outcome.limits.total_month_micro_usd >= 0
        assert not any(len(one) >= 12 and one in repr(outcome) for one in outcome.secrets)
    else:
        assert len(str(outcome).splitlines()) == 1
        assert name in str(outcome)
        trace = "".join(traceback.format_exception(outcome))
        assert name not in SECRETS or len(value) < 12 or value not in trace


def settings_or_refusal() -> Settings | ConfigurationError:
    try:
        return Settings.from_env(None)
    except ConfigurationError as error:
        return error
