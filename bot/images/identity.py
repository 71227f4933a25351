"""How we introduce ourselves over HTTP."""

from importlib.metadata import PackageNotFoundError, version


def product() -> str:
    """Name and version for a User-Agent: "Darkroom/0.1.0"; bare when run uninstalled."""
    try:
        return f"Darkroom/{version('darkroom')}"
    except PackageNotFoundError:
        return "Darkroom"
