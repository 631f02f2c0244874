# Everything runs in a virtual environment that the first command makes: .venv, from requirements.lock;
# what the tests need besides comes from requirements-dev.lock, when it is first needed.
#   make up PYTHON=python3.12      which Python to make it with
#   make up ARGS="--port 0"        flags for the command; `pivotal-sandbox up --help` lists them

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2
comma := ,

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
READY := .venv/.ready
TOOLS := .venv/.tools
PURE := $(subst $() ,$(comma),$(patsubst %,*/pivotal_sandbox/%/*,common domain records explain faults exports))
NODE := $(patsubst %,%/node_modules/.package-lock.json,tests/express tests/check/stacks tests/browser tests/web/asyncapi tests/exports/har)

.DEFAULT_GOAL := help
.PHONY: help up test test-templates check fix build lock bench clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

up: $(READY) ## Start the sandbox: sender, capture receiver, log; ARGS="--port 0 --ephemeral" passes flags on
	@$(BIN)/pivotal-sandbox up $(ARGS)

test: check $(NODE) ## Check the code, run every test and hold the coverage; what CI runs
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --include='$(PURE)' --fail-under=100
	@$(BIN)/coverage report --omit='$(PURE)' --fail-under=95

test-templates: $(TOOLS) ## Generate, install and grade every receiver template; TEMPLATES="flask go-chi" picks some
	@TEMPLATES="$${TEMPLATES:-all}" $(BIN)/pytest tests/templates $(ARGS)

check: $(TOOLS) ## Lint, formatting and types, without changing a file
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: run 'make fix'." >&2; exit 1; }
	@$(BIN)/mypy
	@report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report" >&2; exit 1; }

fix: $(TOOLS) ## Format, and mend what can be mended
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format

build: $(TOOLS) ## Build the wheel and the sdist into dist/
	@$(BIN)/python -m build --no-isolation

lock: $(READY) ## Bring requirements.lock up to pyproject.toml; ARGS=--upgrade takes the newest versions
	@$(PIP) install uv
	@for set in install:requirements.lock dev:requirements-dev.lock; do \
	  $(BIN)/uv pip compile pyproject.toml --group $${set%%:*} --universal --generate-hashes \
	    --no-annotate --no-header --quiet $(ARGS) -o $${set##*:} || exit 1; done

bench: $(TOOLS) ## Measure deliveries per second, beside other ways to do the same
	@$(BIN)/python tests/benchmarks/run.py $(ARGS)

clean: ## Remove what was made here, .venv too
	@rm -rf .venv build dist htmlcov .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache \
	  $(NODE:/.package-lock.json=)
	@find sandbox tests fixtures receiver_templates -name __pycache__ -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The sandbox needs Python 3.11 or newer, and '$(PYTHON)' is not that." >&2; \
	  echo "Name one that is: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Preparing .venv; this is done once and takes a few seconds ..." >&2
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { \
	  echo "Python cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(TOOLS): $(READY) requirements-dev.lock
	@echo "Preparing what the tests need; this is done once and takes about half a minute ..." >&2
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Without npm, or without a network, only the tests that need these packages go without them.
%/node_modules/.package-lock.json: %/package.json
	@npm install --prefix $* --no-package-lock --no-audit --no-fund --silent \
	  || echo "npm could not install what $*/package.json names; the tests that need it will say so." >&2
