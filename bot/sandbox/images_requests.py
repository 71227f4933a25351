"""What a create request must look like, judged in the order in which the provider seems to.

The provider's pages name the statuses but show no error bodies; only the list of models at
the end of the answer to an unknown one is known by its wording.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.images_models import SandboxModel
from bot.sandbox.images_tasks import Json

MAX_PROMPT_CHARS = 20_000


class Refused(Exception):
    """A request that creates nothing: the status, which is also the envelope's code, and msg."""

    def __init__(self, status: int, msg: str) -> None:
        super().__init__(msg)
        self.status = status


def check_create(body: Any, models: Mapping[str, SandboxModel]) -> tuple[SandboxModel, Json]:  # noqa: ANN401 - whatever JSON the client sent
    """The model and the parameters of a sound request.

    Raises:
        Refused: with 400.
    """
    if not isinstance(body, dict):
        raise Refused(400, "Request body must be a JSON object")
    model = _model(body.get("model"), models)
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Refused(400, "prompt is required")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise Refused(400, f"prompt must be at most {MAX_PROMPT_CHARS} characters")
    ratio = body.get("aspect_ratio", "auto")
    if ratio not in model.aspect_ratios:
        raise Refused(400, f"Invalid aspect_ratio. Use one of: {', '.join(model.aspect_ratios)}")
    if not isinstance(body.get("nsfw_checker", False), bool):
        raise Refused(400, "nsfw_checker must be a boolean")
    if "callback_url" in body and not _is_http_url(body["callback_url"]):
        raise Refused(400, "callback_url must be a valid URL")
    _check_images(body, model)
    return model, {key: value for key, value in body.items() if key != "model"}


def _model(name: object, models: Mapping[str, SandboxModel]) -> SandboxModel:
    if not isinstance(name, str) or not name:
        raise Refused(400, "model is required")
    if name not in models:
        known = ", ".join(sorted(models))
        raise Refused(400, f"Invalid model '{name}'. Supported models: {known}")
    return models[name]


def _check_images(body: Json, model: SandboxModel) -> None:
    if "image_url" in body and "image_urls" in body:
        raise Refused(400, "Use either image_url or image_urls, not both")
    if "image_url" in body and not _is_http_url(body["image_url"]):
        raise Refused(400, "image_url must be a valid URL")
    if "image_urls" not in body:
        return
    urls = body["image_urls"]
    if not isinstance(urls, list) or not urls or not all(map(_is_http_url, urls)):
        raise Refused(400, "image_urls must be an array of valid URLs")
    if len(urls) > model.max_references:
        raise Refused(400, f"image_urls: at most {model.max_references} images are supported")


def _is_http_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
