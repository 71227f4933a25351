"""The image API: key, balance, model; nothing here costs anything."""

from bot.catalogue import MODELS
from bot.check.findings import Finding, Mark
from bot.errors import BadKey, ProviderError, ProviderUnavailable
from bot.images.client import ApiClient
from bot.settings import Settings

_MICRO_USD = 1_000_000


async def check_images(settings: Settings) -> list[Finding]:
    """Key, balance and model; no more than the first thing that keeps the rest from being asked."""
    if settings.apimodels_api_key is None:
        advice = "make one in your account at apimodels.app; put it into .env as APIMODELS_API_KEY."
        return [Finding(Mark.FAIL, "API key", "APIMODELS_API_KEY is missing", advice)]
    async with ApiClient(settings.apimodels_base_url, settings.apimodels_api_key) as api:
        try:
            balance = await api.get_balance()
        except BadKey:
            advice = "make a new one in your account at apimodels.app."
            return [Finding(Mark.FAIL, "API key", "the image API does not know it", advice)]
        except ProviderError as error:
            return [_no_image_api(settings, error)]
        right = Finding(Mark.OK, "API key", f"right, at {settings.apimodels_base_url}")
        return [right, _balance(settings, balance.available_usd), await _model(settings, api)]


def _no_image_api(settings: Settings, error: ProviderError) -> Finding:
    base = settings.apimodels_base_url
    if isinstance(error, ProviderUnavailable):
        return Finding(Mark.FAIL, "image API", f"no answer from {base}", "try again later.")
    advice = "correct APIMODELS_BASE_URL; the image API is at https://apimodels.app/api/v1."
    return Finding(Mark.FAIL, "image API", f"{base} does not speak like it", advice)


def _balance(settings: Settings, available_usd: float) -> Finding:
    price_usd = MODELS[settings.apimodels_model].price_micro_usd / _MICRO_USD
    says = f"${available_usd:,.2f}, {max(0, int(available_usd / price_usd)):,} pictures"
    advice = "fill it up in your account at apimodels.app."
    if available_usd < price_usd:
        return Finding(Mark.FAIL, "balance", f"{says}: not enough for one", advice)
    if available_usd < settings.low_balance_usd:
        return Finding(Mark.WARN, "balance", f"{says}: below LOW_BALANCE_USD", advice)
    return Finding(Mark.OK, "balance", says)


async def _model(settings: Settings, api: ApiClient) -> Finding:
    name = settings.apimodels_model
    try:
        offered = await api.list_models()
    except ProviderError:
        says = f"{name}: could not be checked, the image API did not list its models"
        return Finding(Mark.WARN, "model", says, "try again later.")
    if name in offered:
        price_usd = MODELS[name].price_micro_usd / _MICRO_USD
        return Finding(Mark.OK, "model", f"{name}, ${price_usd:g} a picture")
    left = [other for other in MODELS if other in offered]
    advice = f"set APIMODELS_MODEL to {' or '.join(left)}." if left else "update Darkroom."
    return Finding(Mark.FAIL, "model", f"{name} is not offered any more", advice)
