"""Every test starts from an environment in which no setting of Darkroom is set."""

import pytest

# Before any test module imports them, whichever folder is collected first.
pytest.register_assert_rewrite("tests.e2e.stage", "tests.browser.house", "tests.browser.by_hand")

from bot.settings import Settings  # noqa: E402


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {field.upper() for field in Settings.model_fields}
    for name in names:
        monkeypatch.delenv(name, raising=False)
