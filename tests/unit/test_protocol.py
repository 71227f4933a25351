import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import (
    BadKey,
    BadRequest,
    ContentRefused,
    NoCredits,
    NotCreated,
    OutcomeUnknown,
    ProviderBusy,
    ProviderError,
    ProviderFault,
    ProviderTimeout,
    ProviderUnavailable,
    SourceUnreachable,
    TaskNotFound,
)
from bot.images.answers import Answer, read_answer, retry_after_s
from bot.images.protocol import (
    create_body,
    created_task,
    find_task_id,
    read_balance,
    read_models,
    read_task,
)
from bot.models import Balance, Failure, JobRequest, Kind, Place, Reply, Source, Task, TaskPhase

SAMPLES = Path(__file__).parents[1] / "samples"
ID = "clxxx0001"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def sample(case: str) -> bytes:
    return (SAMPLES / case / "body.json").read_bytes()


def answer(status: int, body: object) -> Answer:
    return read_answer(status, json.dumps(body).encode())


def request(kind: Kind, sources: int) -> JobRequest:
    return JobRequest(
        id=1,
        kind=kind,
        prompt="a mug",
        aspect_ratio="4:3",
        model="gpt-image-2-beta",
        person_id=2,
        person_name="Ana",
        place=Place(3),
        reply=Reply(4, "token", datetime(2026, 11, 23, tzinfo=UTC)),
        asked_at=NOW,
        upload_limit_bytes=1,
        sources=tuple(
            Source(f"https://cdn.example/{number}.png", f"{number}.png", "image/png", 1)
            for number in range(1, sources + 1)
        ),
    )


COMMON = {
    "model": "gpt-image-2-beta",
    "prompt": "a mug",
    "aspect_ratio": "4:3",
    "nsfw_checker": True,
}


def test_a_generation_names_no_image_and_always_the_filter() -> None:
    assert create_body(request(Kind.IMAGINE, 0)) == COMMON


def test_an_edit_names_one_image_and_the_callback() -> None:
    body = create_body(request(Kind.EDIT, 1), "https://bot.example/callbacks/token")
    assert body == COMMON | {
        "image_url": "https://cdn.example/1.png",
        "callback_url": "https://bot.example/callbacks/token",
    }


def test_a_fusion_names_its_images_in_order() -> None:
    urls = [f"https://cdn.example/{number}.png" for number in range(1, 17)]
    assert create_body(request(Kind.FUSE, 16)) == COMMON | {"image_urls": urls}


@pytest.mark.parametrize(
    ("kind", "sources"),
    [(Kind.IMAGINE, 1), (Kind.EDIT, 0), (Kind.EDIT, 2), (Kind.FUSE, 0), (Kind.FUSE, 1)],
)
def test_sources_that_do_not_fit_the_kind_are_not_sent(kind: Kind, sources: int) -> None:
    with pytest.raises(BadRequest):
        create_body(request(kind, sources))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("created", Task(ID, TaskPhase.PENDING)),
        (
            "created_synchronously",
            Task(ID, TaskPhase.COMPLETED, ("https://r2.apimodels.app/images/xxx.jpeg",)),
        ),
    ],
)
def test_a_creation_gives_its_task(case: str, expected: Task) -> None:
    assert created_task(read_answer(200, sample(case))) == expected


@pytest.mark.parametrize("state", [None, 7, [], "someday", "x" * 9999])
def test_an_answer_that_names_a_task_made_one_whatever_its_state(state: object) -> None:
    made = answer(500, {"code": 500, "data": {"taskId": ID, "state": state}})
    assert created_task(made) == Task(ID, TaskPhase.PENDING)


@pytest.mark.parametrize(
    ("status", "case", "error"),
    [
        (400, "refused_parameter", BadRequest),
        (200, "refused_parameter", BadRequest),
        (500, "refused_parameter", BadRequest),
        (400, "refused_model", BadRequest),
        (400, "refused_content", ContentRefused),
        (401, "refused_key", BadKey),
        (402, "refused_credits", NoCredits),
        (200, "refused_credits", NoCredits),
        (404, "task_not_found", TaskNotFound),
        (500, "fault", ProviderFault),
        (200, "fault", ProviderFault),
    ],
)
def test_a_refusal_is_judged_by_its_code_before_its_status(
    status: int, case: str, error: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        created_task(read_answer(status, sample(case)))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        (400, "内容审核未通过", ContentRefused),
        (422, "The image content in filesUrl violates content policy", ContentRefused),
        (500, "blocked by our moderation system", ContentRefused),
        (400, "private/reserved IP addresses not allowed", SourceUnreachable),
        (400, "Failed to fetch the image. Kindly verify any access limits", SourceUnreachable),
        (503, "upstream is busy", ProviderBusy),
        (504, "the request timed out", ProviderTimeout),
        (401, "moderation", BadKey),
        (403, "forbidden", BadKey),
        (422, "aspect_ratio is wrong", BadRequest),
        (501, "generation failed", ProviderFault),
    ],
)
def test_a_refusal_is_told_by_its_words_where_the_code_is_not_certain(
    code: int, words: str, error: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        created_task(answer(200, {"code": code, "msg": words}))
    assert type(caught.value) is error
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        {"msg": "the words", "error": {"message": "other"}},
        {"error": {"message": "the words"}},
        {"msg": "", "error": "the words"},
        {"msg": {"no": "text"}, "error": {"message": "the\r\nwords\u202e\x00"}},
    ],
)
def test_the_words_of_an_error_are_found_in_three_places(body: object) -> None:
    assert answer(400, body).message == "the words"


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, b"slow down"), (429, b'{"code":500}'), (200, b'{"code":429,"msg":"rate"}')],
)
def test_429_in_either_place_means_surely_not_created(status: int, body: bytes) -> None:
    with pytest.raises(NotCreated) as caught:
        created_task(read_answer(status, body, 12.0))
    assert caught.value.retry_after_s == 12.0


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>fine</html>"),
        (200, b""),
        (200, b'{"code":200,"data":{"taskId":"clx'),
        (200, b'{"code":200,"msg":"success","data":{}}'),
        (200, b'{"code":200,"data":{"taskId":7}}'),
        (200, b'{"code":200,"data":{"taskId":""}}'),
        (200, b'{"code":0,"msg":"?"}'),
        (200, b"[]"),
        (200, b"\xff\xfe\xfa"),
        (302, b""),
        (408, b""),
        (500, b"Internal Server Error"),
        (502, b"<html>Bad gateway</html>"),
        (500, b'{"error":{"message":"no envelope"}}'),
        (520, b"[" * 100_000),
    ],
)
def test_neither_task_nor_refusal_is_an_unknown_outcome(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        created_task(read_answer(status, body))


@pytest.mark.parametrize(
    ("status", "error"), [(400, BadRequest), (401, BadKey), (403, BadRequest), (413, BadRequest)]
)
def test_a_plain_4xx_is_a_refusal(status: int, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        created_task(read_answer(status, b"<html>no</html>"))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("status_processing", Task(ID, TaskPhase.PROCESSING)),
        (
            "status_completed",
            Task(ID, TaskPhase.COMPLETED, ("https://r2.apimodels.app/images/xxx.jpeg",)),
        ),
        (
            "status_completed_packed",
            Task(
                ID,
                TaskPhase.COMPLETED,
                (
                    "https://r2.apimodels.app/images/1.png",
                    "https://r2.apimodels.app/images/2.png",
                ),
            ),
        ),
        (
            "status_completed_without_urls",
            Task(
                ID,
                TaskPhase.FAILED,
                failure=Failure.NO_RESULT,
                detail="completed without a usable URL",
            ),
        ),
        (
            "status_failed",
            Task(
                ID,
                TaskPhase.FAILED,
                failure=Failure.POLICY,
                detail="Content policy violation",
            ),
        ),
        (
            "status_failed_busy",
            Task(
                ID,
                TaskPhase.FAILED,
                failure=Failure.BUSY,
                detail="UPSTREAM_BUSY: The upstream has no capacity at the moment",
            ),
        ),
    ],
)
def test_a_status_gives_the_task(case: str, expected: Task) -> None:
    assert read_task(read_answer(200, sample(case)), ID) == expected


@pytest.mark.parametrize(
    ("code", "words", "failure"),
    [
        ("CONTENT_MODERATION", None, Failure.POLICY),
        ("CONTENT_MODERATION", "timeout", Failure.POLICY),
        ("UPSTREAM_BUSY", "moderation queue is full", Failure.BUSY),
        ("TIMEOUT", "", Failure.PROVIDER_TIMEOUT),
        (None, "Your content was flagged by OpenAI as violating content policies", Failure.POLICY),
        (None, "提示词违规", Failure.POLICY),
        (422, "Could not download image 2", Failure.SOURCE_UNREACHABLE),
        (500, "Failed to generate image", Failure.PROVIDER),
        (None, None, Failure.PROVIDER),
        ([], {"a": 1}, Failure.PROVIDER),
    ],
)
def test_a_failed_task_says_why_by_code_then_by_words(
    code: object, words: object, failure: Failure
) -> None:
    data = {"taskId": ID, "state": "failed", "failCode": code, "failMsg": words}
    assert read_task(answer(200, {"code": 200, "data": data}), ID).failure is failure


def test_a_failed_task_counts_even_in_an_envelope_with_an_error_code() -> None:
    failed = answer(200, {"code": 501, "data": {"taskId": ID, "state": "failed"}})
    assert read_task(failed, ID).phase is TaskPhase.FAILED


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, sample("task_not_found"), TaskNotFound),
        (200, sample("task_not_found"), TaskNotFound),
        (404, b"<html>an edge's page</html>", ProviderUnavailable),
        (401, b"Unauthorized", BadKey),
        (402, sample("refused_credits"), NoCredits),
        (400, sample("refused_parameter"), BadRequest),
        (403, b"<html>blocked</html>", ProviderUnavailable),
        (408, b"{}", ProviderUnavailable),
        (429, b"{}", ProviderUnavailable),
        (200, b'{"code":429}', ProviderUnavailable),
        (500, sample("fault"), ProviderUnavailable),
        (502, b"<html>", ProviderUnavailable),
        (200, b"<html>", ProviderUnavailable),
        (200, b'{"code":200,"data":null}', ProviderUnavailable),
        (200, b'{"code":200,"data":{"state":"someday"}}', ProviderUnavailable),
        (200, b'{"code":500,"data":{"state":"completed"}}', ProviderUnavailable),
        (200, b'{"code":200,"data":{"taskId":"other","state":"failed"}}', ProviderUnavailable),
        (200, b'{"code":200,"data":{"taskId":{},"state":"failed"}}', ProviderUnavailable),
    ],
)
def test_a_read_without_a_task_is_an_error_of_its_own(
    status: int, body: bytes, error: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as caught:
        read_task(read_answer(status, body, 3.0), ID)
    assert type(caught.value) is error
    assert caught.value.retry_after_s == 3.0


def test_results_are_texts_with_an_address_each_once_and_at_most_ten() -> None:
    urls = [f"https://r2.apimodels.app/{number}.png" for number in range(30)]
    junk = [None, 7, "", "ftp://x", "https://x y", "https://\ud800", "https://" + "x" * 3000]
    data = {"state": "completed", "resultUrls": [*junk, urls[0], *urls]}
    assert read_task(answer(200, {"code": 200, "data": data}), ID).result_urls == tuple(urls[:10])


@pytest.mark.parametrize("packed", ["", "null", "[]", "{", '{"resultUrls":{}}', "[" * 99_999, 7])
def test_a_packed_result_of_any_shape_is_read_or_is_no_result(packed: object) -> None:
    data = {"state": "completed", "resultUrls": None, "resultJson": packed}
    task = read_task(answer(200, {"code": 200, "data": data}), ID)
    assert task.failure is Failure.NO_RESULT


@pytest.mark.parametrize("case", ["callback_completed", "callback_failed"])
def test_a_callback_only_names_its_task(case: str) -> None:
    assert find_task_id(sample(case)) == ID


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"7", b'{"data":[]}', b'{"data":{"taskId":null}}', b"\xff"),
        *(b'{"data":{"taskId":"a b"}}', b'{"data":{"taskId":"\\u0000"}}', b'{"a":' * 50_000),
        b'{"data":{"taskId":"' + b"x" * 201 + b'"}}',
    ],
)
def test_a_callback_without_a_plausible_task_names_none(body: bytes) -> None:
    assert find_task_id(body) is None


def test_a_balance_is_read_and_its_lesser_parts_may_be_missing() -> None:
    assert read_balance(read_answer(200, sample("balance"))) == Balance(4.62, 5.22, 0.6)
    alone = answer(200, {"code": 200, "data": {"balance": "1.5", "total": None}})
    assert read_balance(alone) == Balance(1.5, 1.5, 0.0)


@pytest.mark.parametrize("value", [None, True, [], "much", "nan", 1e999, 10**400])
def test_a_balance_that_is_no_amount_is_no_answer(value: object) -> None:
    with pytest.raises(ProviderUnavailable):
        read_balance(answer(200, {"code": 200, "data": {"balance": value}}))


def test_a_balance_with_a_bad_key_says_so() -> None:
    with pytest.raises(BadKey):
        read_balance(read_answer(401, sample("refused_key")))


def test_the_probe_lists_the_models() -> None:
    models = read_models(read_answer(400, sample("refused_model")))
    assert models == ("gpt-image-2", "gpt-image-2-beta", "gpt-image-2.5-flare")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"", BadKey),
        (400, b'{"code":400,"msg":"Supported models: "}', BadRequest),
        (200, b'{"code":200,"data":{"taskId":"x"}}', ProviderUnavailable),
    ],
)
def test_a_probe_without_a_list_is_an_error(
    status: int, body: bytes, error: type[ProviderError]
) -> None:
    with pytest.raises(error):
        read_models(read_answer(status, body))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("86400", 600.0),
        ("999999999", 600.0),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("Fri, 02 Jan 2026 02:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", 600.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("1e3", None),
        ("nan", None),
        ("soon", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_bounded(
    value: str | None, seconds: float | None
) -> None:
    assert retry_after_s(value, NOW) == seconds


@given(st.text())
def test_retry_after_of_any_text_is_bounded_or_none(value: str) -> None:
    seconds = retry_after_s(value, NOW)
    assert seconds is None or 0 <= seconds <= 600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "taskId": st.sampled_from([ID, "other"]) | JSON,
        "state": st.sampled_from([*TaskPhase, "success"]) | JSON,
        "resultUrls": st.lists(st.just("https://r2.apimodels.app/x.png") | JSON) | JSON,
        "resultJson": JSON.map(json.dumps) | JSON,
        "failCode": JSON,
        "failMsg": JSON,
        "balance": JSON,
        "total": JSON,
        "frozen": JSON,
    },
)
ENVELOPE = st.fixed_dictionaries(
    {}, optional={"code": st.integers(0, 600) | JSON, "msg": JSON, "error": JSON, "data": DATA}
)
BODY = (ENVELOPE | JSON).map(lambda value: json.dumps(value).encode()) | st.binary()


@given(status=st.integers(100, 599), body=BODY)
@example(status=200, body=b'{"data":' * 20_000)
@example(status=200, body=b'{"code":' + b"9" * 5000 + b"}")
@example(status=200, body=b'{"data":{"state":' + b"[" * 900 + b"]" * 900 + b"}}")
def test_any_answer_gives_a_sound_value_or_an_error_of_our_tree(status: int, body: bytes) -> None:
    read = read_answer(status, body)
    for parse in (created_task, lambda one: read_task(one, ID)):
        try:
            task = parse(read)
        except ProviderError as error:
            str(error).encode()
        else:
            assert bool(task.result_urls) == (task.phase is TaskPhase.COMPLETED)
            assert (task.failure is not None) == (task.phase is TaskPhase.FAILED)
            f"{task.id} {task.detail} {task.result_urls}".encode()
    for look in (read_balance, read_models):
        try:
            look(read)
        except ProviderError as error:
            str(error).encode()
    assert find_task_id(body) is None or find_task_id(body)
