"""What the stand-in of the image API sells: models with their prices and limits.

Figures and names follow the provider's pages and catalogue (apimodels.app/en/models).
"""

from dataclasses import dataclass

_COMMON = ("auto", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9")


@dataclass(frozen=True, slots=True)
class SandboxModel:
    """One model; a `synchronous` one answers the create request with the finished result."""

    name: str
    provider: str
    price_micro_usd: int
    aspect_ratios: tuple[str, ...]
    max_references: int
    synchronous: bool = False


MODELS = (
    SandboxModel("gpt-image-2-beta", "kie", 60_000, (*_COMMON, "4:5", "5:4"), 16),
    SandboxModel("gpt-image-2", "runninghub", 25_000, _COMMON, 10),
    SandboxModel("gpt-image-2-lite", "yunwu", 40_000, _COMMON, 16, synchronous=True),
)
