"""Both documented ways up, what each refusal means, and what the API is never told."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.errors import BadKey, BadRequest, NotCreated, ProviderError
from bot.images.http import TimeLimits
from bot.images.uploads import UPLOAD_ERRORS, ApiUploads
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_faults import Answered, Delayed, Edited, Fault, Passed, Point, Reset
from tests.fakes import png
from tests.faulty import Exchange, serving
from tests.picture_files import written

PICTURE = png()
KEY = "sk_0123456789abcdefKEY"
BRIEF = TimeLimits(connect_s=1, read_s=0.2, write_s=1, pool_s=1, total_s=0.4)


@asynccontextmanager
async def uploads() -> AsyncIterator[tuple[ApiUploads, ImageSandbox, list[str]]]:
    """A client, its API, and what comes to the API as "METHOD path"."""
    async with (
        ImageSandbox() as api,
        ApiUploads(api.base_url, SecretStr(api.key)) as client,
    ):
        calls: list[str] = []
        api.calls.subscribe(lambda call: calls.append(call.what))
        yield client, api, calls


async def served(url: str) -> tuple[bytes, str]:
    async with httpx.AsyncClient() as http:
        answer = await http.get(url)
    return answer.content, answer.headers["Content-Type"]


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/webp"])
async def test_a_file_goes_up_as_a_form(tmp_path: Path, kind: str) -> None:
    async with uploads() as (client, api, calls):
        url = await client.upload(written(tmp_path, PICTURE, "Ana's secret plan.png"), kind)
        assert url.startswith(f"{api.result_base}/files/")
        assert url.endswith(kind.partition("/")[2])
        assert calls == ["POST /api/v1/files"]
        assert await served(url) == (PICTURE, kind)


async def test_a_file_larger_than_a_chunk_arrives_whole(tmp_path: Path) -> None:
    large = PICTURE + bytes(range(256)) * 3000
    async with uploads() as (client, api, _):
        assert (await served(await client.upload(written(tmp_path, large), "image/png")))[
            0
        ] == large
        api.faults.add(Point.FILES, Answered.with_code(413, "File too large"))
        assert (await served(await client.upload(written(tmp_path, large), "image/png")))[
            0
        ] == large


@pytest.mark.parametrize(
    "refusal",
    [
        Answered.with_code(400, "multipart is not supported"),
        Answered.with_code(404, "Not found"),
        Answered.with_code(413, "File too large"),
        Answered.with_code(413, "File too large", status=200),
        Answered.html(413),  # of whatever stands before the API
        Answered.with_code(415, "Unsupported media type"),
    ],
)
async def test_where_the_form_is_refused_a_named_address_takes_the_file(
    tmp_path: Path, refusal: Fault
) -> None:
    async with uploads() as (client, api, calls):
        api.faults.add(Point.FILES, refusal)
        url = await client.upload(written(tmp_path, PICTURE), "image/webp")
        assert [call.partition(" ")[0] for call in calls] == ["POST", "POST", "PUT"]
        assert await served(url) == (PICTURE, "image/webp")


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ((Reset(processed=True),), NotCreated),
        ((Answered.slow_down(5),), NotCreated),
        ((Answered.html(502),), NotCreated),
        ((Answered.with_code(500, "Internal error"),), NotCreated),
        ((Answered.with_code(401, "Invalid API key"),), BadKey),
        ((Edited(drop=("publicUrl",)),), NotCreated),
        ((Edited(put={"publicUrl": "file:///etc/passwd"}),), NotCreated),
        ((Answered.with_code(400, "no"), Answered.with_code(400, "no")), BadRequest),
        ((Answered.with_code(400, "no"), Edited(drop=("uploadUrl",))), NotCreated),
        (
            (Answered.with_code(400, "no"), Edited(put={"uploadUrl": "http://10.0.0.1/"})),
            BadRequest,
        ),
        ((Answered.with_code(400, "no"), Edited(put={"uploadUrl": "http://[/"})), BadRequest),
        ((Answered.with_code(400, "no"), Answered.slow_down(5)), NotCreated),
    ],
)
async def test_an_upload_that_fails_says_whether_later_is_worth_a_try(
    tmp_path: Path, faults: tuple[Fault, ...], error: type[ProviderError]
) -> None:
    async with uploads() as (client, api, _):
        api.faults.add(Point.FILES, *faults)
        with pytest.raises(error):
            await client.upload(written(tmp_path, PICTURE), "image/png")


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, BadRequest), (408, NotCreated), (429, NotCreated), (503, NotCreated)],
)
async def test_the_storages_refusal_is_understood_and_it_never_learns_the_key(
    tmp_path: Path, status: int, error: type[ProviderError]
) -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.method == "PUT":
            await exchange.reply(status, b"<Error><Code>AccessDenied</Code></Error>")
        elif exchange.headers["content-type"].startswith("multipart"):
            await exchange.reply(400, b'{"code":400,"msg":"no form"}')
        else:
            ticket = {"uploadUrl": f"{server.url}/put", "publicUrl": "https://r2.example/a.png"}
            await exchange.reply(200, json.dumps({"code": 200, "data": ticket}).encode())

    async with serving(script) as server, ApiUploads(server.url, SecretStr(KEY)) as client:
        with pytest.raises(error):
            await client.upload(written(tmp_path, PICTURE), "image/png")
    form, ticket, put = server.exchanges
    assert KEY in form.headers["authorization"]
    assert KEY in ticket.headers["authorization"]
    assert "authorization" not in put.headers
    assert put.headers["content-type"] == "image/png"
    assert put.headers["content-length"] == str(len(PICTURE))
    assert KEY not in str(put.headers)


async def test_an_api_that_hangs_is_left_for_later(tmp_path: Path) -> None:
    async with ImageSandbox() as api:
        api.faults.always(Point.FILES, Delayed(5.0, Passed()))
        async with ApiUploads(api.base_url, SecretStr(api.key), limits=BRIEF) as client:
            with pytest.raises(NotCreated):
                await client.upload(written(tmp_path, PICTURE), "image/png")
    assert all(kind is NotCreated for kind in UPLOAD_ERRORS.values())
