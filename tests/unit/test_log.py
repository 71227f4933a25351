"""Every record goes one way, in a form for people or for machines, and without secrets."""

import io
import json
import logging
import os
import warnings
from typing import Any, Literal

import pytest
import structlog

from bot import log

pytestmark = pytest.mark.usefixtures("logging_as_it_was")

SECRET = "sk_very/secret+key=="


def start(
    style: Literal["auto", "console", "json"] = "json",
    level: str = "INFO",
    stream: io.StringIO | None = None,
) -> io.StringIO:
    stream = stream or io.StringIO()
    log.configure(level, style, [SECRET], stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_records_and_those_of_libraries_have_one_form() -> None:
    stream = start()
    structlog.get_logger("bot.jobs").info("admitted", price=60_000)
    logging.getLogger("discord.gateway").warning("shard %s is late", 3, extra={"late_s": 2})
    ours, theirs = lines(stream)
    assert ours["event"] == "admitted"
    assert ours["price"] == 60_000
    assert theirs["event"] == "shard 3 is late"
    assert theirs["late_s"] == 2
    assert (ours["level"], ours["logger"]) == ("info", "bot.jobs")
    assert (theirs["level"], theirs["logger"]) == ("warning", "discord.gateway")
    assert ours["timestamp"].endswith("Z")


def test_auto_is_json_off_a_terminal_and_text_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for_machines, for_people = start("auto"), io.StringIO()
    monkeypatch.setattr(for_people, "isatty", lambda: True)
    logging.getLogger("a").warning("one")
    start("auto", stream=for_people)
    logging.getLogger("a").warning("two")
    assert [line["event"] for line in lines(for_machines)] == ["one"]
    assert "two" in for_people.getvalue()
    assert "{" not in for_people.getvalue()


def test_a_second_configuration_replaces_the_first() -> None:
    first, second = start(), start(level="ERROR")
    logging.getLogger("a").warning("quiet")
    logging.getLogger("a").error("loud")
    assert first.getvalue() == ""
    assert [line["event"] for line in lines(second)] == ["loud"]


def test_a_trial_key_of_few_letters_does_not_blot_out_other_words() -> None:
    stream = io.StringIO()
    log.configure("INFO", "json", ["a", "test", SECRET], stream)
    logging.getLogger("a").warning("the latest picture is at hand, %s", SECRET)
    assert [line["event"] for line in lines(stream)] == ["the latest picture is at hand, ***"]


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_secret_shows_nowhere_in_a_record(style: Literal["console", "json"]) -> None:
    stream = start(style)
    logger = structlog.get_logger("bot.images")
    logger.warning("key %s", SECRET, key=SECRET, nested={"headers": [SECRET]})
    logging.getLogger("discord").error("got %r", SECRET)
    try:
        os.environ[f"refused {SECRET}"]
    except KeyError:
        logger.exception("failed")
        logging.getLogger("asyncio").exception("failed")
    text = stream.getvalue()
    assert "very" not in text
    assert text.count("KeyError: 'refused ***'") == 2


@pytest.mark.parametrize(
    "place",
    [
        "https://pictures.example.org/callbacks/{}",
        "POST /api/v10/webhooks/81384788765712384/{}/messages/@original",
        "/interactions/123/{}/callback?with_response=1",
        "headers {{'Authorization': 'Bot {}'}}",
        "Authorization: Bearer {}",
    ],
)
def test_tokens_that_nobody_announced_are_found_by_their_place(place: str) -> None:
    stream = start()
    logging.getLogger("a").warning("at %s end", place.format("aW50ZXJhY3Rpb24.x_y-Z"))
    (line,) = lines(stream)
    assert line["event"] == f"at {place.format('***')} end"


def test_other_addresses_stay_readable() -> None:
    stream = start()
    text = "GET /api/v10/webhooks/12 and https://example.org/interactions and Bot is ready"
    logging.getLogger("a").warning(text)
    assert lines(stream)[0]["event"] == text


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "aiohttp.access", "aiosqlite"])
def test_lines_of_libraries_that_tell_too_much_stay_off(name: str) -> None:
    stream = start(level="DEBUG")
    logging.getLogger(name).debug("HTTP Request: GET https://example.org/?task_id=secret")
    logging.getLogger("bot.runner").debug("ours")
    assert [line["event"] for line in lines(stream)] == ["ours"]


def test_request_lines_of_httpx_stay_off() -> None:
    stream = start(level="DEBUG")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?task_id=secret")
    assert stream.getvalue() == ""


def test_a_quieter_level_holds_for_libraries_too() -> None:
    stream = start(level="ERROR")
    logging.getLogger("httpx").warning("slow")
    logging.getLogger("discord").warning("slow")
    assert stream.getvalue() == ""


def test_every_record_inside_a_jobs_context_carries_its_code() -> None:
    stream = start()
    with structlog.contextvars.bound_contextvars(job="k3f9"):
        structlog.get_logger().info("inside")
        logging.getLogger("discord.http").warning("inside too")
    logging.getLogger("a").warning("outside")
    assert [line.get("job") for line in lines(stream)] == ["k3f9", "k3f9", None]


def test_a_persons_text_cannot_draw_on_the_terminal() -> None:
    stream = start("console", stream=io.StringIO())
    structlog.get_logger().info("asked\x1b[2J", prompt="a\r\n\x1b]0;owned\x07b")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b]0;owned" in stream.getvalue()


def test_a_warning_becomes_a_record() -> None:
    stream = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old habit", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "old habit" in lines(stream)[0]["event"]


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_local_values(style: Literal["console", "json"]) -> None:
    stream = start(style)
    prompt = "".join(["a fox ", "at dawn"])
    try:
        int(prompt[:0])
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError" in stream.getvalue()
    assert prompt not in stream.getvalue()
