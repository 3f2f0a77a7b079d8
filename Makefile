# Flyball. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install develop demo demo-law test test-slow check format bench bench-gateway docs sbom dist lock clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# The stamp records which locked requirements the environment holds; a changed lock installs again.
$(VENV)/.default: requirements/default.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Flyball needs Python 3.11, 3.12 or 3.13, got " + sys.version.split()[0] + ". Run: make PYTHON=python3.12 ...") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing pinned and hashed dependencies into $(VENV) ..." >&2
	@$(PIP) install --require-hashes -r requirements/build.txt
	@# Byte code is written when a module is first used: most of what libraries bring never is.
	@$(PIP) install --no-compile --require-hashes -r requirements/default.txt
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.develop: requirements/develop.txt $(VENV)/.default
	@echo "Installing the development tools and the optional extras ..." >&2
	@$(PIP) install --require-hashes -r requirements/develop.txt
	@touch $@

install: $(VENV)/.default ## Environment with the default dependencies
develop: $(VENV)/.develop ## Environment with extras and development tools

demo: install ## One whole turn of the loop on the sample contracts
	@$(BIN)/flyball demo --folder demo

demo-law: install ## The three changes of law of 2026, played on two deployments
	@rm -rf demo-law
	@$(BIN)/flyball demo --law --folder demo-law

test: develop ## All tests but the slow ones
	@$(BIN)/pytest -m "not slow" -n auto -q

test-slow: develop ## The slow tests
	@$(BIN)/pytest -m slow -q

check: develop ## Format, lint, types, import layers, lock files
	@$(BIN)/ruff format --check src tests benchmarks tools
	@$(BIN)/ruff check --no-cache src tests benchmarks tools
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/check_locks.py

format: develop ## Format the code
	@$(BIN)/ruff format src tests benchmarks tools
	@$(BIN)/ruff check --fix src tests benchmarks tools

bench: develop ## Measure the figures of docs/benchmarks.md
	@$(BIN)/python benchmarks/run.py

bench-gateway: develop ## Measure the gateway beside the LiteLLM proxy (installs it in a folder of its own)
	@$(BIN)/python benchmarks/gateway.py

docs: develop ## Build the documentation into site/
	@$(BIN)/python tools/make_reference.py
	@$(BIN)/zensical build --clean

sbom: install ## What Flyball is made of, as a CycloneDX bill of materials in build/
	@$(BIN)/python tools/sbom.py build/flyball.cdx.json

dist: develop ## Wheel, source and bill of materials of this commit, signed: make dist KEY=release.pem
	@$(BIN)/python tools/dist.py --key "$(KEY)"

lock: develop ## Resolve again and write the hashed requirement files
	@$(BIN)/python tools/check_locks.py --write

clean: ## Remove what was built
	@rm -rf $(VENV) build dist site demo demo-law .mypy_cache .ruff_cache .pytest_cache .hypothesis
