"""The image API's wire format, without I/O: requests out, tasks and balances in.

Source: https://apimodels.app/en/docs/image?p=openai-beta. `created_task` and `read_task` give a
`Task` or raise a `ProviderError`; nothing that an answer holds can make them raise anything else.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.errors import BadRequest, NotCreated, ProviderError, ProviderUnavailable
from bot.images.answers import (
    MAX_DETAIL_CHARS,
    Answer,
    as_object,
    creation_error,
    failure_in,
    line,
    load,
    read_error,
)
from bot.models import Balance, Failure, JobRequest, Kind, Task, TaskPhase

MAX_RESULTS = 10

# No such model exists: the endpoint refuses it before billing and lists those that do.
PROBE: Mapping[str, object] = MappingProxyType({"model": "__catalog_probe__", "prompt": "probe"})

_MAX_MODELS = 200
_PHASES = frozenset(TaskPhase)

_TASK_ID = re.compile(r"[!-~]{1,200}")
_RESULT_URL = re.compile(r"https?://[!-~]{1,2040}")
_SUPPORTED = re.compile(r"supported models:(.*)", re.IGNORECASE)
_MODEL = re.compile(r"[\w./:-]*\w")


def create_body(request: JobRequest, callback_url: str | None = None) -> dict[str, object]:
    """The body that creates a task.

    `nsfw_checker` is always explicit: the documentation contradicts itself about its default.

    Raises:
        BadRequest: the number of sources does not fit the kind; nothing was sent.
    """
    body: dict[str, object] = {
        "model": request.model,
        "prompt": request.prompt,
        "aspect_ratio": request.aspect_ratio,
        "nsfw_checker": request.nsfw_checker,
        **_references(request),
    }
    if callback_url is not None:
        body["callback_url"] = callback_url
    return body


def _references(request: JobRequest) -> dict[str, object]:
    urls = [source.url for source in request.sources]
    match request.kind, urls:
        case Kind.IMAGINE, []:
            return {}
        case Kind.EDIT, [url]:
            return {"image_url": url}
        case Kind.FUSE, [_, _, *_]:
            return {"image_urls": urls}
        case _:
            raise BadRequest(f"{request.kind} with {len(urls)} source images")


def created_task(answer: Answer) -> Task:
    """The task that a POST made. An answer that names a task made one, whatever else it says.

    Raises:
        NotCreated: 429.
        OutcomeUnknown: neither a task nor a refusal.
        ProviderError: refused; nothing was created.
    """
    task_id = _task_id(answer.data)
    if task_id is not None:
        return _task(task_id, answer.data) or Task(task_id, TaskPhase.PENDING)
    raise creation_error(answer)


def read_task(answer: Answer, task_id: str) -> Task:
    """The state of a task that was asked for by its id.

    Completed without a usable URL comes back as FAILED with `Failure.NO_RESULT`.

    Raises:
        TaskNotFound: 404.
        ProviderUnavailable: no readable answer for now, or one about another task.
        ProviderError: the read itself was refused.
    """
    task = _task(task_id, answer.data)
    told = answer.succeeded or answer.data.get("state") == TaskPhase.FAILED
    if task is None or not told:
        raise read_error(answer)
    if answer.data.get("taskId", task_id) != task_id:
        raise answer.error(ProviderUnavailable)
    return task


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to PUT one file to `upload_url`, after which it is at `public_url`."""

    upload_url: str
    public_url: str


def read_upload(answer: Answer) -> str:
    """The address of a file that was sent up.

    Raises:
        NotCreated: no readable answer for now, or 429.
        ProviderError: refused.
    """
    url = _url(answer.data.get("publicUrl"))
    if not answer.succeeded or url is None:
        raise _upload_error(answer)
    return url


def read_ticket(answer: Answer) -> Ticket:
    """Where a file may be PUT, for ten minutes. Raises as `read_upload`."""
    upload, public = (_url(answer.data.get(name)) for name in ("uploadUrl", "publicUrl"))
    if not answer.succeeded or upload is None or public is None:
        raise _upload_error(answer)
    return Ticket(upload, public)


def read_put(answer: Answer) -> None:
    """What the storage said of a PUT: its answers have no envelope. Raises as `read_upload`."""
    if not 200 <= answer.status < 300:
        for_good = 400 <= answer.status < 500 and answer.status not in {408, 429}
        raise answer.error(BadRequest if for_good else NotCreated)


def _upload_error(answer: Answer) -> ProviderError:
    if answer.status == 413:  # said by whatever stands before the API, in words of its own
        return answer.error(BadRequest)
    error = read_error(answer)
    return answer.error(NotCreated) if isinstance(error, ProviderUnavailable) else error


def find_task_id(body: bytes) -> str | None:
    """The task that a callback names; None when it names none.

    A callback is not signed: nothing else in it is believed, the state comes from a read.
    """
    return _task_id(as_object(as_object(load(body)).get("data")))


def read_balance(answer: Answer) -> Balance:
    """The account's balance. Raises ProviderError."""
    available = _amount(answer.data.get("balance"))
    if not answer.succeeded or available is None:
        raise read_error(answer)
    total, frozen = _amount(answer.data.get("total")), _amount(answer.data.get("frozen"))
    return Balance(
        available_usd=available,
        total_usd=available if total is None else total,
        frozen_usd=frozen or 0.0,
    )


def read_models(answer: Answer) -> tuple[str, ...]:
    """The model names in the answer to `PROBE`. Raises ProviderError."""
    found = _SUPPORTED.search(answer.message)
    names = (_MODEL.match(part.strip()) for part in found[1].split(",")) if found else ()
    models = tuple(name[0] for name in names if name)[:_MAX_MODELS]
    if not models:
        raise read_error(answer)
    return models


def _task(task_id: str, data: Mapping[str, object]) -> Task | None:
    """The task as its state tells it; None when there is no state that we know."""
    state = data.get("state")
    if not isinstance(state, str) or state not in _PHASES:
        return None
    phase = TaskPhase(state)
    if phase is TaskPhase.FAILED:
        code, words = (line(data.get(name)) for name in ("failCode", "failMsg"))
        failure = failure_in(code) or failure_in(words) or Failure.PROVIDER
        detail = ": ".join(filter(None, (code, words)))[:MAX_DETAIL_CHARS]
        return Task(task_id, phase, failure=failure, detail=detail)
    if phase is not TaskPhase.COMPLETED:
        return Task(task_id, phase)
    urls = _result_urls(data)
    if not urls:
        detail = "completed without a usable URL"
        return Task(task_id, TaskPhase.FAILED, failure=Failure.NO_RESULT, detail=detail)
    return Task(task_id, phase, result_urls=urls)


def _result_urls(data: Mapping[str, object]) -> tuple[str, ...]:
    text = data.get("resultJson")
    packed = as_object(load(text)) if isinstance(text, str) else {}
    return _urls(data.get("resultUrls")) or _urls(packed.get("resultUrls"))


def _urls(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    urls = (url for url in items if isinstance(url, str) and _RESULT_URL.fullmatch(url))
    return tuple(dict.fromkeys(urls))[:MAX_RESULTS]


def _url(value: object) -> str | None:
    return value if isinstance(value, str) and _RESULT_URL.fullmatch(value) else None


def _task_id(data: Mapping[str, object]) -> str | None:
    value = data.get("taskId")
    return value if isinstance(value, str) and _TASK_ID.fullmatch(value) else None


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    return amount if math.isfinite(amount) else None
