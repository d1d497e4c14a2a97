# What a person types, and what CI runs. `make` alone lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An environment for `make newest` alone.
NEWEST := .venv-newest
# Twice quiet: errors only.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check -qq install

# Stamps: pip runs again only when pyproject.toml has changed.
MADE := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
# What /docs shows of a checkout. Whatever installs Parley builds it, too.
SITE := parley/documentation/index.html
# What comes from npm: generators of programs in TypeScript, which a test needs, Rollup and esbuild.
NPM := $(patsubst %,%/node_modules/.package-lock.json,tests/programs tools)

# A program that is started a hundred times must not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run cluster setup system test postgresql browsers torture bench loading lighthouse check newest audit format screenshots bundle docs vendor clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(RUNTIME) $(SITE) ## Start Parley; ARGS="--port 9000" passes flags
	@$(BIN)/parley serve $(ARGS)

cluster: $(DEV) ## Start two Parleys on PostgreSQL and Redis behind a proxy, to try; ARGS="--port 8080 --proxy nginx"
	@$(BIN)/python -m tools.cluster $(ARGS)

setup: $(DEV) $(NPM) system ## Prepare all that tests and checks need

system:
	@tests/system.sh

# Twice as many as there are cores: tests of timeouts and restarts mostly wait.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() * 2)')
# Few files, that wait for nothing but PostgreSQL: what a worker's start takes would be most of it.
CORES ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
# In memory where there is room for it: a disk makes tests wait, and what is about a disk asks for one.
MEMORY ?= $(shell df -Pk /dev/shm 2>/dev/null | awk 'END { if ($$4 > 4000000) print "/dev/shm" }')
# The statements of every noun, who may do what, and what is told: all of it is `make postgresql`.
QUICKLY_ON_POSTGRESQL ?= tests/domain/test_messages.py tests/domain/test_reactions.py tests/domain/test_names.py \
  tests/domain/test_model.py tests/domain/test_reading.py tests/transport/test_talking.py tests/transport/test_told_once_stored.py
test: export PYTEST_DEBUG_TEMPROOT := $(MEMORY)
test: setup ## Run what every change must pass; ARGS="-k name" passes flags to pytest
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
ifeq ($(ARGS),)
	@DATABASE=postgresql $(BIN)/python -m pytest -n $(CORES) --dist loadfile $(QUICKLY_ON_POSTGRESQL)
endif

# Storage and what stands on it; what looks into SQLite's file is left out by its mark.
# Pages in browsers know no database.
ON_POSTGRESQL ?= tests/storage tests/domain tests/transport tests/exports tests/search tests/faults tests/security tests/push tests/files tests/mail tests/fuzz tests/encryption/test_changing_keys.py --ignore tests/security/browser
postgresql: export PYTEST_DEBUG_TEMPROOT := $(MEMORY)
postgresql: setup ## Run the suites of storage, domain, transport, faults and rights on PostgreSQL; ARGS as for test
	@DATABASE=postgresql $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS) $(ON_POSTGRESQL)

# Each browser on its own: one that is missing is said to be, and the others run.
IN_BROWSERS := tests/browser tests/security/browser
browsers: setup ## Run the pages' tests whole, in Chromium, Firefox and WebKit; ARGS as for test
	@FAULTS=full $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS) $(IN_BROWSERS) tests/deploy/test_in_a_browser.py
	@BROWSER=firefox FAULTS=full $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS) $(IN_BROWSERS) --ignore tests/browser/test_webkit.py

KILLS ?= 200
torture: setup ## Kill a server under load KILLS=200 times, then every other fault and all that is long
	@$(BIN)/python -m tests.faults.torture --kills $(KILLS) $(if $(SEED),--seed $(SEED))
	@FAULTS=full $(BIN)/python -m pytest -q tests/faults tests/cluster
	@FAULTS=full $(BIN)/python -m pytest -q -m 'long or longer or hypothesis' --ignore tests/faults --ignore tests/cluster --ignore tests/browser --ignore tests/security/browser
	@FAULTS=full LOOP=asyncio $(BIN)/python -m pytest -q tests/wire tests/transport tests/stream

bench: $(RUNTIME) ## Measure Parley beside other servers; ARGS="--quick" for a look
	@$(BIN)/python -m bench $(ARGS)

check: $(DEV) ## Check format, lint, types and who imports whom
	@$(BIN)/ruff format --check --output-format concise || { echo "Run make format." >&2; exit 1; }
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

loading: setup ## Load a conversation as a slow phone does; ARGS="--before CHECKOUT" compares
	@$(BIN)/python -m tests.browser.loading $(ARGS)

lighthouse: $(DEV) tools/lighthouse/node_modules/.package-lock.json ## Have Lighthouse mark the pages; ARGS="--caddy" measures HTTP/2
	@$(BIN)/python -m tests.browser.lighthouse $(ARGS)

newest: ## Run everything with the newest releases that resolve
	@rm -rf $(NEWEST)
	@$(MAKE) --no-print-directory VENV=$(NEWEST) $(NEWEST)/.newest
	@$(MAKE) --no-print-directory --keep-going VENV=$(NEWEST) test check

audit: $(DEV) ## Ask whether faults are known of the packages, and check the vendored files
	@$(BIN)/python -m tools.audit

format: $(DEV) ## Format the Python code, and mend what ruff can
	@$(BIN)/ruff check --fix --exit-zero --quiet
	@$(BIN)/ruff format --quiet

screenshots: setup ## Take pictures of every page
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

bundle: $(RUNTIME) tools/node_modules/.package-lock.json ## Make what browsers are sent of the scripts and style sheets
	@$(BIN)/python -m tools.bundle

docs: $(DEV) ## Build the documentation, which `parley serve` shows at /docs
	@$(BIN)/python -m tools.documentation

vendor: ## Fetch the vendored browser files from npm again
	@$(PYTHON) -m tools.vendor

clean: ## Remove the virtual environment, caches and builds, but no conversation
	@rm -rf $(VENV) $(NEWEST) tests/programs/node_modules tools/node_modules tools/lighthouse/node_modules parley/documentation build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find parley tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer; name one with make PYTHON=…")'
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): pyproject.toml | $(MADE)
	@echo "Installing Parley …"
	@$(INSTALL) --editable .
	@touch $@

# Two seconds, once its generator is there: what installs Parley has one of its own. Without a network the old one stays.
$(SITE): properdocs.yml $(shell find docs tools/documentation -type f -not -name '*.pyc') | $(RUNTIME)
	@echo "Building the documentation …"
	@{ $(BIN)/python -c 'import properdocs' 2>/dev/null || $(INSTALL) "$$(grep -om1 'properdocs[^"]*' pyproject.toml)"; } && \
	$(BIN)/python -m tools.documentation || echo "Not as it should be: /docs may show what it was."

# Dependency groups need pip 25.1; a fresh environment of an older Python has less.
$(DEV): pyproject.toml $(RUNTIME) | $(MADE)
	@echo "Installing what tests and checks need …"
	@$(INSTALL) 'pip>=25.1'
	@$(INSTALL) --group dev
	@touch $@

# Without Node.js, or without a network, the tests that need these are left out.
%/node_modules/.package-lock.json: %/package-lock.json
	@if command -v npm >/dev/null; then \
	  echo "Installing what $* needs from npm …"; \
	  npm ci --prefix $* --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null && touch $@ || \
	  { [ "$$CI" != true ] && echo "npm could not fetch it: the tests of it are left out."; }; \
	elif [ "$$CI" = true ]; then echo "$* needs Node.js 20 or newer, with npm." >&2; exit 1; \
	else echo "npm was not found: the tests of what $* needs from it are left out."; fi

# What the other stamps stand for is then installed too, in newer releases.
$(VENV)/.newest: | $(MADE)
	@echo "Installing the newest releases …"
	@$(INSTALL) --upgrade pip packaging
	@$(BIN)/python -m tools.newest
	@touch $(RUNTIME) $(DEV) $@
