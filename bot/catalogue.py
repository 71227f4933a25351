"""The models that Darkroom offers: prices, aspect ratios, reference counts.

Prices and limits are the provider's published ones; an operator chooses by APIMODELS_MODEL.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

AUTO = "auto"

SOURCE_PIXELS = 4096 * 4096
"""Of an input image. No page names a limit; the upstream makes at most 3840 x 2160, so that more
shows in no result, takes longer to fetch and is what an unnamed limit would refuse. A phone's
usual 12 megapixels pass."""

SOURCE_BYTES = 64 * 1024 * 1024
"""Hard cap of what people may send; above 20 MB it is made smaller before the API sees it."""

SOURCE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Of input images. The provider names none; these are its upstream's and its neighbours'."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the image API.

    Attributes:
        price_micro_usd: of one picture, whatever its ratio and references.
        aspect_ratios: accepted values, the default first.
        max_references: most input images of one fusion.
        max_source_pixels: larger input images are made smaller; see `SOURCE_PIXELS`.
        usual_wait_s: typical seconds from submission to picture, until own figures are known.
        max_prompt_chars: longest prompt that we accept; a Discord text input takes no more.
    """

    name: str
    price_micro_usd: int
    aspect_ratios: tuple[str, ...]
    max_references: int
    max_source_pixels: int = SOURCE_PIXELS
    usual_wait_s: int = 50
    max_prompt_chars: int = 4000


MODELS: Mapping[str, Model] = MappingProxyType(
    {
        model.name: model
        for model in (
            Model(
                name="gpt-image-2-beta",
                price_micro_usd=60_000,
                aspect_ratios=(
                    *(AUTO, "1:1", "2:3", "3:2", "3:4", "4:3"),
                    *("4:5", "5:4", "9:16", "16:9", "21:9"),
                ),
                max_references=16,
            ),
            Model(
                name="gpt-image-2",
                price_micro_usd=25_000,
                aspect_ratios=(AUTO, "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9"),
                max_references=10,
            ),
        )
    }
)
