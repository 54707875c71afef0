# One command each. `make setup` is incremental: a second run with nothing changed takes a second.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
# -n 2: the suite is meant for two cores; override with `make test WORKERS=8`. A file's tests stay with
# one worker (loadfile): what they share is made once.
WORKERS ?= 2
TESTS ?= tests

.PHONY: help setup assets demo dev test browser check bench lock clean

help: ## Lists the targets.
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMPS)/package $(STAMPS)/assets ## Virtual environment, locked dependencies, front-end assets.

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit("Sanderling needs Python 3.11 or later: make setup PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dependencies: requirements-dev.lock $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(STAMPS)/package: pyproject.toml $(STAMPS)/dependencies
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/assets: package.json package-lock.json tools/fetch_assets.py tools/assets.json $(STAMPS)/dependencies
	$(BIN)/python tools/fetch_assets.py
	@touch $@

assets: ## Fetches the front-end assets anew.
	$(BIN)/python tools/fetch_assets.py

demo: setup ## A filled demonstration system at a printed address.
	$(BIN)/sanderling up --demo

dev: setup ## The same with an empty database and reloading on change.
	$(BIN)/sanderling up --reload

test: setup ## Unit, property, integration and security tests.
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --ignore=tests/browser $(TESTS)

browser: setup ## Journeys in a real Chromium (skipped, with the reason, where there is none).
	$(BIN)/python -m pytest tests/browser

check: export SANDERLING_HOME := $(CURDIR)/.cache/check
check: setup ## Lint, format, types, import contracts, migrations, static files, lock files.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/check_locks.py
	$(BIN)/lint-imports --config .importlinter
	$(BIN)/mypy
	$(BIN)/python -m sanderling manage makemigrations --check --dry-run
	$(BIN)/python -m sanderling manage check
	$(BIN)/python -m sanderling manage collectstatic --dry-run --noinput --verbosity 0

bench: setup ## Measures reading, posting, worklists, packets, exchange (bench/); takes more than an hour.
	$(BIN)/python -m bench.parse
	$(BIN)/python -m bench.ledger
	$(BIN)/python -m bench.worklist
	$(BIN)/python -m bench.status_requests
	$(BIN)/python -m bench.packets
	$(BIN)/python -m bench.exchange_kills
	$(BIN)/python -m bench.live_loop --short
	$(BIN)/python -m bench.closed_loop --short

lock: $(STAMPS)/venv ## Compiles the lock files anew from pyproject.toml (needs uv).
	$(BIN)/python tools/compile_locks.py

clean: ## Removes what `make setup` made.
	rm -rf $(VENV) node_modules .cache build dist src/sanderling/web/static/vendor
