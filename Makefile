# Needs Python 3.11 to 3.13 with venv, and make; uses uv instead of pip when it is there.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
# On all cores; tests of one file share what they start, so they stay together. Real processes on
# a full machine are late now and then: what fails is tried once more, and marked R.
PARALLEL := -n auto --dist loadfile --reruns 1

.PHONY: run test check chaos clean

# The real bot when there is a token, in the environment or in .env; else the sandbox.
run: .venv/run.stamp
	@if [ -n "$$DISCORD_TOKEN" ] || grep -Eqs "^ *(export +)?DISCORD_TOKEN *= *[\"']?[^\"' #]" .env; \
	then exec $(BIN)/darkroom run; else exec $(BIN)/darkroom sandbox; fi

test: .venv/dev.stamp
	$(BIN)/pytest $(PARALLEL)

# Coverage is measured where it is hardest to have: without a single run of the whole process.
check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) tests/unit tests/store
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# The bot is killed at random moments and dies at every named place; takes a quarter of an hour.
chaos: .venv/dev.stamp
	$(BIN)/python -m tests.chaos

# The pictures of README and docs, from the real page; needs Chromium and a font with emoji.
screenshots: .venv/dev.stamp
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

# Everything that was made here, except the database and .env.
clean:
	rm -rf .venv build dist sandbox-pictures htmlcov .coverage .coverage.* *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python.stamp:
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python '>=3.11,<3.14' .venv; \
	elif [ -z "$(PYTHON)" ]; then echo "Darkroom needs Python 3.11, 3.12 or 3.13; none was found." >&2; exit 1; \
	else $(PYTHON) -m venv .venv \
	|| { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; fi
	@touch $@

.venv/run.stamp: .venv/python.stamp pyproject.toml
	$(call install,.)
	@touch $@

.venv/dev.stamp: .venv/python.stamp pyproject.toml
	$(call install,.[dev])
	@touch .venv/run.stamp $@

define install
	@echo "Installing $(1) into .venv"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python -e '$(1)'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '$(1)'; fi
endef
