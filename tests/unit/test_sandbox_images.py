"""The stand-in of the image API answers as its pages say, and fails as it is told to."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiohttp import web
from PIL import Image, ImageChops, ImageStat

from bot.sandbox import images_files, images_sources
from bot.sandbox.images_api import ImageSandbox
from bot.sandbox.images_callbacks import CallbackTimes
from bot.sandbox.images_faults import (
    Answered,
    Delayed,
    Dripped,
    Edited,
    Endless,
    Fault,
    Passed,
    Point,
    Reset,
    Truncated,
)
from bot.sandbox.images_tasks import CallbackPlan, TaskPlan
from bot.sandbox.painter import Format, Look, Unpaintable, paint

Json = dict[str, Any]
MODEL = "gpt-image-2-beta"
SMALL = Look(long_edge=200)
QUICK = TaskPlan(pending_s=0, processing_s=0, look=SMALL)
FAST = CallbackTimes(5, (0.01, 0.01, 0.01), 0.02, 1)
HELD = TaskPlan(pending_s=None, processing_s=None, look=SMALL)


class Client:
    """What a careful client of the API does, over real sockets."""

    def __init__(self, api: ImageSandbox) -> None:
        self.api = api
        headers = {"Authorization": f"Bearer {api.key}"}
        self.http = httpx.AsyncClient(base_url=api.base_url, headers=headers, timeout=5)

    async def post(self, **body: object) -> httpx.Response:
        sound: Json = {"model": MODEL, "prompt": "a red fox"}
        return await self.http.post("/images/generations", json=sound | body)

    async def create(self, **body: object) -> str:
        answer = await self.post(**body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["taskId"])

    async def get(self, task_id: str) -> httpx.Response:
        return await self.http.get("/images/generations", params={"task_id": task_id})

    async def data(self, task_id: str) -> Json:
        data: Json = (await self.get(task_id)).json()["data"]
        return data

    async def ended(self, task_id: str) -> Json:
        await asyncio.wait_for(self.api.register.tasks[task_id].finished.wait(), 10)
        return await self.data(task_id)

    async def picture(self, **body: object) -> bytes:
        data = await self.ended(await self.create(**body))
        return (await self.http.get(data["resultUrls"][0])).content

    async def happened(self, what: str, times: int = 1) -> None:
        """Wait until something happened to any task so many times."""

        async def watch() -> None:
            seen = 0
            async for event in self.api.register.follow():
                seen += event.what == what
                if seen == times:
                    return

        await asyncio.wait_for(watch(), 10)


@pytest.fixture
async def api() -> AsyncIterator[ImageSandbox]:
    async with ImageSandbox(plan=QUICK, callback_times=FAST) as sandbox:
        yield sandbox


@pytest.fixture
async def client(api: ImageSandbox) -> AsyncIterator[Client]:
    it = Client(api)
    async with it.http:
        yield it


class Listener:
    """A web server that notes callbacks and answers with the next of `statuses`, then 204."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.paths: list[str] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.bodies.append(await request.json())
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@contextlib.asynccontextmanager
async def serve(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    it = Listener()
    app = web.Application()
    app.router.add_post("/callbacks/{token}", it.take)
    async with serve(app) as host:
        it.url = f"http://{host}/callbacks/right-token"
        yield it


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def likeness(left: Image.Image, right: Image.Image) -> float:
    """Mean difference per channel (0 = the same) of two pictures, compared at one small size."""
    small = (left.resize((32, 32)), right.resize((32, 32)))
    return sum(ImageStat.Stat(ImageChops.difference(*small)).mean) / 3


# Requests and their answers


async def test_a_created_task_is_pending_then_processing_then_completed(client: Client) -> None:
    client.api.plan_next(HELD)
    created = (await client.post()).json()
    task_id = created["data"]["taskId"]
    assert created == {
        "code": 200,
        "msg": "success",
        "data": {"taskId": task_id, "state": "pending"},
    }
    assert await client.data(task_id) == {"taskId": task_id, "state": "pending"}
    client.api.release(task_id)
    await client.happened("processing")
    assert await client.data(task_id) == {"taskId": task_id, "state": "processing"}
    client.api.release(task_id)
    done = await client.ended(task_id)
    assert done["state"] == "completed"
    assert len(done["resultUrls"]) == 1
    assert done["completeTime"] >= done["createTime"] > 1_600_000_000_000


@pytest.mark.parametrize(
    ("change", "msg"),
    [
        ({"model": None}, "model is required"),
        ({"prompt": "  "}, "prompt is required"),
        ({"prompt": 7}, "prompt is required"),
        ({"prompt": "x" * 20_001}, "prompt must be at most"),
        ({"aspect_ratio": "7:1"}, "Invalid aspect_ratio"),
        ({"nsfw_checker": "yes"}, "nsfw_checker must be a boolean"),
        ({"callback_url": "ftp://a.example"}, "callback_url must be a valid URL"),
        ({"image_url": "http://["}, "image_url must be a valid URL"),
        ({"image_url": "https://a.example", "image_urls": ["https://a.example"]}, "not both"),
        ({"image_urls": []}, "image_urls must be an array"),
        ({"image_urls": [7]}, "image_urls must be an array"),
        ({"image_urls": ["https://a.example"] * 17}, "at most 16 images"),
    ],
)
async def test_a_wrong_parameter_is_refused_with_400_and_creates_nothing(
    client: Client, change: Json, msg: str
) -> None:
    answer = await client.post(**change)
    assert answer.status_code == answer.json()["code"] == 400
    assert msg in answer.json()["msg"]
    assert not client.api.register.tasks
    assert client.api.ledger[0].outcome == f"400 {answer.json()['msg']}"


async def test_a_body_that_is_no_object_is_refused(client: Client) -> None:
    for content in ("[]", "{broken"):
        answer = await client.http.post("/images/generations", content=content)
        assert answer.status_code == 400
    assert client.api.ledger[1].body == "{broken"


async def test_the_free_probe_lists_the_models(client: Client) -> None:
    answer = await client.post(model="__catalog_probe__", prompt="probe")
    assert answer.status_code == 400
    assert answer.json()["msg"].endswith(
        "Supported models: gpt-image-2, gpt-image-2-beta, gpt-image-2-lite"
    )


async def test_a_retired_model_is_refused_and_listed_no_more(client: Client) -> None:
    del client.api.models[MODEL]
    answer = await client.post()
    assert answer.status_code == 400
    assert MODEL not in answer.json()["msg"].split("Supported models:")[1]


async def test_every_call_needs_the_key(client: Client) -> None:
    client.http.headers["Authorization"] = "Bearer wrong"
    for answer in (await client.post(), await client.get("x"), await client.http.get("/balance")):
        assert answer.status_code == answer.json()["code"] == 401


async def test_a_status_needs_task_id_in_snake_case_and_a_known_one(client: Client) -> None:
    answer = await client.http.get("/images/generations", params={"taskId": "x"})
    assert (answer.status_code, answer.json()["msg"]) == (400, "task_id is required")
    unknown = await client.get("clnothing")
    assert unknown.status_code == unknown.json()["code"] == 404


async def test_a_synchronous_model_answers_with_the_result(client: Client) -> None:
    data = (await client.post(model="gpt-image-2-lite")).json()["data"]
    assert data["state"] == "completed"
    assert len(data["resultUrls"]) == 1


async def test_results_come_as_a_json_string_or_several_or_none(client: Client) -> None:
    shapes = [
        TaskPlan(0, 0, result_shape="json", look=SMALL),
        TaskPlan(0, 0, pictures=3, look=SMALL),
        TaskPlan(0, 0, pictures=0, look=SMALL),
    ]
    for plan in shapes:
        client.api.plan_next(plan)
    as_json, several, none = [await client.ended(await client.create()) for _ in shapes]
    assert "resultUrls" not in as_json
    assert len(json.loads(as_json["resultJson"])["resultUrls"]) == 1
    assert len(set(several["resultUrls"])) == 3
    assert none["resultUrls"] == []


# Money and the ledger


async def test_money_is_frozen_while_a_task_runs_and_taken_when_it_completes(
    client: Client,
) -> None:
    async def balance() -> Json:
        data: Json = (await client.http.get("/balance")).json()["data"]
        return data

    client.api.plan_next(HELD)
    task_id = await client.create()
    held = {"balance": 99.94, "total": 100.0, "frozen": 0.06, "currency": "USD"}
    assert await balance() == held
    assert client.api.ledger[0].charged is False
    client.api.release(task_id)
    await client.happened("processing")
    client.api.release(task_id)
    await client.ended(task_id)
    assert await balance() == held | {"total": 99.94, "frozen": 0.0}
    assert client.api.ledger[0].charged is True


async def test_a_failed_task_costs_nothing(client: Client) -> None:
    data = await client.ended(await client.create(prompt="something FORBIDDEN"))
    assert data["state"] == "failed"
    assert data["failMsg"] == "Content policy violation"
    assert data["failCode"] == "CONTENT_MODERATION"
    assert client.api.register.balance_data()["balance"] == 100
    assert client.api.ledger[0].charged is False


async def test_a_planned_failure_has_its_own_words(client: Client) -> None:
    client.api.plan_next(TaskPlan(0, 0, failure=("Upstream is busy", "UPSTREAM_BUSY")))
    data = await client.ended(await client.create())
    assert (data["failMsg"], data["failCode"]) == ("Upstream is busy", "UPSTREAM_BUSY")


async def test_an_empty_account_is_refused_with_402() -> None:
    async with ImageSandbox(balance_usd=0.05) as api:
        client = Client(api)
        async with client.http:
            answer = await client.post()
    assert answer.status_code == answer.json()["code"] == 402


async def test_the_ledger_notes_each_post_and_counts_its_gets(client: Client) -> None:
    task_id = await client.create(prompt="once")
    await client.ended(task_id)
    await client.get(task_id)
    (entry,) = client.api.ledger
    assert entry.body == {"model": MODEL, "prompt": "once"}
    assert (entry.task_id, entry.price_micro_usd) == (task_id, 60_000)
    assert (entry.outcome, entry.gets) == ("200 pending", 2)
    assert [e.what for e in client.api.events] == ["pending", "processing", "completed", "charged"]


async def test_the_ledger_says_when_the_client_had_gone(client: Client) -> None:
    client.api.faults.add(Point.CREATE, Delayed(0.2, processed_first=True))
    client.http.timeout = httpx.Timeout(0.05)
    with pytest.raises(httpx.ReadTimeout):
        await client.post()
    await client.happened("client gone")
    entry = client.api.ledger[0]
    assert (entry.outcome, entry.task_id in client.api.register.tasks) == ("client gone", True)


# Pictures


async def test_a_generation_is_drawn_from_its_prompt_in_its_ratio(client: Client) -> None:
    fox = opened(await client.picture(prompt="a red fox", aspect_ratio="16:9"))
    again = opened(await client.picture(prompt="a red fox", aspect_ratio="16:9"))
    city = opened(await client.picture(prompt="a blue city", aspect_ratio="16:9"))
    tall = opened(await client.picture(prompt="a red fox", aspect_ratio="2:3"))
    assert fox.size == (200, 112)
    assert tall.size == (133, 200)
    assert likeness(fox, again) > 5, "no model draws the same twice"
    assert likeness(fox, city) > 20


def test_every_kind_of_scene_looks_different() -> None:
    prompts = ["a mountain", "a city", "a boat", "a bubble", "a mascot", "something else entirely"]
    shown = [opened(paint(prompt, "1:1", [], SMALL)) for prompt in prompts]
    for number, picture in enumerate(shown):
        assert all(likeness(picture, other) > 5 for other in shown[number + 1 :])


def test_several_pictures_of_one_prompt_differ() -> None:
    first, second = (opened(paint("a red fox", "1:1", [], SMALL, number)) for number in (1, 2))
    assert likeness(first, second) > 5


def test_a_prompt_of_any_length_leaves_room_for_the_picture() -> None:
    short, long = (opened(paint(text, "1:1", [], SMALL)) for text in ("sea", "sea " * 2000))
    upper = (0, 0, 200, 120)
    assert likeness(short.crop(upper), long.crop(upper)) > 0
    assert len(set(long.crop(upper).resize((10, 10)).tobytes())) > 10


async def test_an_edit_shows_its_source(client: Client) -> None:
    source = (await client.ended(await client.create(prompt="a blue city")))["resultUrls"][0]
    other = opened(await client.picture(prompt="a green sea"))
    edit = opened(await client.picture(prompt="make it gold", image_url=source))
    original = opened((await client.http.get(source)).content)
    middle = edit.crop((20, 16, 180, 176))
    assert likeness(middle, original) < likeness(middle, other)
    assert likeness(edit, original) > 5


async def test_a_fusion_shows_all_its_sources_in_order() -> None:
    colours = [(220, 20, 20), (20, 200, 20), (20, 20, 220)]
    sources = [_plain(colour) for colour in colours]
    fusion = opened(paint("all in one", "21:9", sources, Look(long_edge=420)))
    row = fusion.height // 3
    seen = [fusion.getpixel((round(fusion.width * part), row)) for part in (0.2, 0.5, 0.85)]
    assert seen == colours


def test_fusions_of_the_same_sources_differ() -> None:
    sources = [_plain((220, 20, 20)), _plain((20, 20, 220))]
    first, second = (opened(paint("both", "1:1", sources, SMALL, number)) for number in (1, 2))
    assert likeness(first, second) > 1


async def test_a_source_that_is_no_picture_fails_the_task(client: Client) -> None:
    files = {"file": ("notes.png", b"not a picture", "image/png")}
    url = (await client.http.post("/files", files=files)).json()["data"]["publicUrl"]
    data = await client.ended(await client.create(image_urls=[url]))
    assert data["failMsg"] == "Failed to process image: image 1 is not a valid image"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_can_be_made_as_large_as_wanted(kind: Format) -> None:
    data = paint("grain", "1:1", [], Look(kind, 64, min_bytes=300_000))
    assert 300_000 <= len(data) < 600_000
    assert opened(data).width > 64
    assert Image.open(io.BytesIO(data)).format == kind.upper()


def test_a_source_with_too_many_pixels_is_refused() -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG")
    with pytest.raises(Unpaintable, match="image 1 has too many pixels"):
        paint("x", "auto", [out.getvalue()], SMALL)


def test_the_documented_waits_can_be_scaled() -> None:
    assert CallbackTimes().scaled(0.1) == CallbackTimes(1.0, (0.1, 0.2, 0.4), 6.0, 180.0)


def _plain(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 60), colour).save(out, "PNG")
    return out.getvalue()


# Input images over the network


async def test_loopback_sources_need_to_be_allowed(client: Client) -> None:
    async def image(_: web.Request) -> web.Response:
        return web.Response(body=_plain((1, 2, 3)), content_type="image/png")

    app = web.Application()
    app.router.add_get("/a.png", image)
    async with serve(app) as host:
        url = f"http://{host}/a.png"
        refused = await client.ended(await client.create(image_url=url))
        client.api.allowed_source_hosts.add(host)
        taken = await client.ended(await client.create(image_url=url))
        missing = await client.ended(await client.create(image_url=f"http://{host}/b.png"))
    gone = await client.ended(await client.create(image_url=url))
    assert refused["failMsg"] == "private/reserved IP addresses not allowed"
    assert taken["state"] == "completed"
    assert missing["failMsg"] == "Failed to download image: HTTP 404"
    assert gone["failMsg"] == "Failed to download image: unreachable"


async def test_a_source_at_an_unknown_host_or_of_any_size_fails_the_task(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = await client.ended(await client.create(image_url="http://nowhere.invalid/a.png"))
    monkeypatch.setattr(images_sources, "MAX_SOURCE_BYTES", 10)
    files = {"file": ("a.png", _plain((1, 2, 3)), "image/png")}
    url = (await client.http.post("/files", files=files)).json()["data"]["publicUrl"]
    large = await client.ended(await client.create(image_url=url))
    assert lost["failMsg"] == "Failed to download image: unreachable"
    assert large["failMsg"] == "Image is too large"


async def test_a_host_that_refuses_the_api_fails_its_tasks_or_their_creation(
    client: Client,
) -> None:
    files = {"file": ("a.png", _plain((1, 2, 3)), "image/png")}
    url = (await client.http.post("/files", files=files)).json()["data"]["publicUrl"]
    client.api.reach.refusing.add(client.api.results_host)
    late = await client.ended(await client.create(image_url=url))
    client.api.reach.tries_first = True
    early = await client.post(image_urls=[url])
    other = await client.create()
    assert late["failMsg"] == "Failed to download image: HTTP 403"
    assert early.status_code == 400
    assert early.json() == {
        "code": 400,
        "msg": "Failed to download image: HTTP 403",
        "data": None,
    }
    assert (await client.ended(other))["state"] == "completed"
    assert [entry.charged for entry in client.api.ledger] == [False, False, True]


async def test_the_results_can_be_read_without_the_network(client: Client) -> None:
    task_id = await client.create()
    url = (await client.ended(task_id))["resultUrls"][0]
    assert await client.api.results(task_id) == [(await client.http.get(url)).content]


async def test_both_ways_to_upload_give_a_public_address(client: Client) -> None:
    body = {"filename": "a.png", "contentType": "image/png"}
    ticket = (await client.http.post("/files", json=body)).json()["data"]
    assert (await client.http.get(ticket["publicUrl"])).status_code == 404
    wrong = await client.http.put(ticket["uploadUrl"], content=b"x")
    right = await client.http.put(
        ticket["uploadUrl"], content=b"png", headers={"Content-Type": "image/png"}
    )
    used_up = await client.http.put(
        ticket["uploadUrl"], content=b"other", headers={"Content-Type": "image/png"}
    )
    served = await client.http.get(ticket["publicUrl"])
    assert (wrong.status_code, right.status_code, used_up.status_code) == (403, 200, 403)
    assert (served.content, served.headers["Content-Type"]) == (b"png", "image/png")
    files = {"file": ("b.webp", b"webp", "image/webp")}
    parted = (await client.http.post("/files", files=files)).json()["data"]["publicUrl"]
    assert (await client.http.get(parted)).content == b"webp"


async def test_leave_to_upload_ends_after_ten_minutes(client: Client) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    client.api._uploads.now = lambda: now
    body = {"filename": "a.png", "contentType": "image/png", "fileSize": 3}
    ticket = (await client.http.post("/files", json=body)).json()["data"]
    assert ticket["expiresAt"] == "2026-11-30T00:00:00+00:00"
    now += timedelta(minutes=10)
    late = await client.http.put(
        ticket["uploadUrl"], content=b"png", headers={"Content-Type": "image/png"}
    )
    assert late.status_code == 403


async def test_a_file_that_is_too_large_is_refused_either_way(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images_files, "MAX_UPLOAD_BYTES", 10)
    body = {"filename": "a.png", "contentType": "image/png", "fileSize": 11}
    said = await client.http.post("/files", json=body)
    sent = await client.http.post("/files", files={"file": ("a.png", bytes(11), "image/png")})
    assert (said.status_code, sent.status_code) == (413, 413)
    for size in (-1, "3", 1.5, True, None):
        odd = await client.http.post("/files", json=body | {"fileSize": size})
        assert odd.status_code == 400


async def test_an_incomplete_upload_is_refused(client: Client) -> None:
    answers = [
        await client.http.post("/files", json={"filename": "a.png"}),
        await client.http.post("/files", content="{"),
        await client.http.post("/files", files={"other": b"x"}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]


# Callbacks


async def test_a_callback_tells_the_end_with_json_in_strings(
    client: Client, listener: Listener
) -> None:
    task_id = await client.create(callback_url=listener.url, prompt="tell me")
    await client.happened("callback 204")
    (body,) = listener.bodies
    data = body["data"]
    assert (body["code"], body["msg"]) == (200, "success")
    assert (data["taskId"], data["state"], data["model"]) == (task_id, "completed", f"kie/{MODEL}")
    assert json.loads(data["param"])["prompt"] == "tell me"
    assert len(json.loads(data["resultJson"])["resultUrls"]) == 1
    assert data["costTime"] == data["completeTime"] - data["createTime"]
    assert data["failCode"] is data["failMsg"] is None


async def test_a_failure_is_told_without_results(client: Client, listener: Listener) -> None:
    await client.create(callback_url=listener.url, prompt="forbidden")
    await client.happened("callback 204")
    data = listener.bodies[0]["data"]
    assert (data["state"], data["resultJson"]) == ("failed", None)
    assert data["failMsg"] == "Content policy violation"


async def test_a_refused_callback_is_retried_into_the_background(
    client: Client, listener: Listener
) -> None:
    listener.statuses = [500, 404, 302, 503, 500]
    await client.create(callback_url=listener.url)
    await client.happened("callback 204")
    assert len(listener.bodies) == 6


async def test_callbacks_to_nobody_are_given_up_at_last() -> None:
    times = CallbackTimes(1, (0.01,), 0.01, 0.03)
    async with ImageSandbox(plan=QUICK, callback_times=times) as api:
        client = Client(api)
        async with client.http:
            await client.create(callback_url="http://127.0.0.1:1/nobody")
            await client.happened("callback given up")
    assert [e.what for e in api.events].count("callback unreachable") == 5


async def test_a_callback_that_is_not_answered_times_out() -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", never)
    async with (
        serve(app) as host,
        ImageSandbox(plan=QUICK, callback_times=CallbackTimes(0.05)) as api,
    ):
        client = Client(api)
        async with client.http:
            await client.create(callback_url=f"http://{host}/")
            await client.happened("callback timed out")


async def test_callbacks_can_be_off_doubled_or_sent_to_a_wrong_token(
    client: Client, listener: Listener
) -> None:
    plans = [CallbackPlan(times=0), CallbackPlan(times=2), CallbackPlan(wrong_token=True)]
    for plan in plans:
        client.api.plan_next(TaskPlan(0, 0, callback=plan, look=SMALL))
        await client.ended(await client.create(callback_url=listener.url))
    await client.happened("callback 204", 3)
    assert len({body["data"]["taskId"] for body in listener.bodies}) == 2
    assert sum(path.endswith("/right-token") for path in listener.paths) == 2


async def test_a_callback_can_come_before_the_create_answer(
    client: Client, listener: Listener
) -> None:
    plan = TaskPlan(0, 0, callback=CallbackPlan(before_answer=True), look=SMALL)
    client.api.plan_next(plan)
    task_id = await client.create(callback_url=listener.url)
    assert listener.bodies[0]["data"]["taskId"] == task_id


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "code", "outcome"),
    [
        (Answered.with_code(500, "Internal"), 500, 500, "500 (code 500) Internal"),
        (Answered.with_code(402, "No money", status=200), 200, 402, "200 (code 402) No money"),
        (Answered.slow_down(7), 429, 429, "429 Too Many Requests"),
        (Answered.html(502), 502, None, "502 Bad Gateway"),
    ],
)
async def test_a_prepared_answer_creates_nothing(
    client: Client, fault: Fault, status: int, code: int | None, outcome: str
) -> None:
    client.api.faults.add(Point.CREATE, fault)
    answer = await client.post()
    assert answer.status_code == status
    assert (answer.json()["code"] if code else None) == code
    assert (answer.headers.get("Retry-After") == "7") == (status == 429)
    assert client.api.ledger[0].outcome == outcome
    assert not client.api.register.tasks


@pytest.mark.parametrize(
    ("fault", "created", "outcome"),
    [
        (Reset(), False, "reset before processing"),
        (Reset(processed=True), True, "answer lost"),
        (Truncated(broken_off=True), True, "truncated answer"),
    ],
)
async def test_a_broken_connection_hides_whether_a_task_was_made(
    client: Client, fault: Fault, created: bool, outcome: str
) -> None:
    client.api.faults.add(Point.CREATE, fault)
    with pytest.raises(httpx.TransportError):
        await client.post()
    assert bool(client.api.register.tasks) is created
    assert client.api.ledger[0].outcome == outcome


@pytest.mark.parametrize(
    "fault",
    [Truncated(), Answered.html(200, processed=True), Edited(drop=("taskId",))],
)
async def test_an_unreadable_answer_has_made_a_task(client: Client, fault: Fault) -> None:
    client.api.faults.add(Point.CREATE, fault)
    answer = await client.post()
    assert answer.status_code == 200
    assert next(iter(client.api.register.tasks)) not in answer.text


async def test_faults_strike_in_order_then_for_good_until_cleared(client: Client) -> None:
    task_id = await client.create()
    await client.ended(task_id)
    faults = client.api.faults
    faults.add(Point.STATUS, Passed(), Answered.with_code(500, "x"))
    faults.always(Point.STATUS, Answered.with_code(404, "Task not found"))
    seen = [(await client.get(task_id)).status_code for _ in range(4)]
    faults.clear(Point.STATUS)
    assert seen == [200, 500, 404, 404]
    assert (await client.get(task_id)).status_code == 200
    faults.always(Point.BALANCE, Answered.html(503))
    assert (await client.http.get("/balance")).status_code == 503
    faults.clear()
    assert (await client.http.get("/balance")).status_code == 200


async def test_states_can_come_out_of_order(client: Client) -> None:
    task_id = await client.create()
    await client.ended(task_id)
    client.api.faults.add(Point.STATUS, Edited(put={"state": "pending"}, drop=("resultUrls",)))
    assert (await client.data(task_id))["state"] == "pending"
    assert (await client.data(task_id))["state"] == "completed"


async def test_a_result_can_be_missing_short_slow_or_lead_elsewhere(client: Client) -> None:
    url = (await client.ended(await client.create()))["resultUrls"][0]
    whole = (await client.http.get(url)).content
    client.api.faults.add(
        Point.RESULT,
        *(Answered.html(404), Truncated(), Dripped(len(whole) * 8), Delayed(0.01)),
        Answered.redirect("http://10.0.0.1/secret"),
    )
    missing, short, slow, late, moved = [await client.http.get(url) for _ in range(5)]
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "text/html")
    assert short.content == whole[: len(whole) // 2]
    assert slow.content == late.content == whole
    assert (moved.status_code, moved.headers["Location"]) == (302, "http://10.0.0.1/secret")


async def test_a_result_can_be_endless(client: Client) -> None:
    url = (await client.ended(await client.create()))["resultUrls"][0]
    client.api.faults.add(Point.RESULT, Endless())
    received = 0
    async with client.http.stream("GET", url) as answer:
        async for piece in answer.aiter_raw():
            received += len(piece)
            if received > 2_000_000:
                break
    assert received > 2_000_000


async def test_a_result_can_claim_another_type_than_it_has(client: Client) -> None:
    look = Look("webp", 64)
    plan = TaskPlan(0, 0, look=look, content_type="image/jpeg", extension="jpeg")
    client.api.plan_next(plan)
    url = (await client.ended(await client.create()))["resultUrls"][0]
    answer = await client.http.get(url)
    assert url.endswith(".jpeg")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content[8:12] == b"WEBP"


async def test_offline_refuses_connections_and_forgets_nothing(client: Client) -> None:
    task_id = await client.create()
    await client.ended(task_id)
    await client.api.go_offline()
    with pytest.raises(httpx.ConnectError):
        await client.get(task_id)
    await client.api.go_online()
    assert (await client.data(task_id))["state"] == "completed"


async def test_waiting_for_an_event_finds_past_ones_too(client: Client) -> None:
    task_id = await client.create()
    await client.ended(task_id)
    event = await client.api.register.wait_for(lambda e: e.what == "completed")
    assert (event.task_id, event.price_micro_usd) == (task_id, 60_000)
