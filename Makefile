# What there is to do: type `make help`. Needs only Python 3.11 or newer with venv, and make.
PYTHON ?= python3
OUT    ?= out/trunks
ARGS   ?=

VENV := .venv
BIN  := $(VENV)/bin
# Every command below runs as `python -m ...`, so that the checkout may lie in a path with spaces.
RUN  := $(BIN)/python -m
PIP  := $(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help plan test lint format docs refresh-docs constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

plan: $(VENV)/.installed ## plan the Beijing-Shanghai and Wuhan-Hefei trunks into out/trunks
	$(RUN) planner plan trunks -o "$(OUT)"
	@echo "Map and report open in any browser, without internet."

# Tests share the processors, but a browser gets the machine to itself: beside other work its clicks time out.
test: $(VENV)/.installed-test ## run all tests (make test ARGS="tests/physics -x" for some of them)
ifeq ($(ARGS),)
	$(RUN) pytest --numprocesses auto --dist loadfile -m "not browser"
	$(RUN) pytest -m browser
else
	$(RUN) pytest $(ARGS)
endif

lint: $(VENV)/.installed-dev ## style, types, and which file may import which
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(BIN)/lint-imports --no-cache --no-logo

format: $(VENV)/.installed-dev ## put the code into its usual form
	$(RUN) ruff check --fix
	$(RUN) ruff format

docs: $(VENV)/.installed-docs ## build the documentation into build/docs
	$(RUN) sphinx --fail-on-warning --keep-going --quiet -b html docs build/docs
	@echo "Documentation: build/docs/index.html"

refresh-docs: $(VENV)/.installed ## run the examples of the documentation and write down what they print
	$(BIN)/python scripts/refresh_docs.py

clean: ## remove .venv and everything that was built or cached
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find planner tests scripts docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# --- the virtual environment: made once, brought up to date when the requirements change -------------

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no '$(PYTHON)' here. Install Python 3.11 or newer, or say: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "'$(PYTHON)' is $$("$(PYTHON)" --version 2>&1), but the planner needs Python 3.11 or newer."; \
	  echo "Say which one to use: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "'$(PYTHON)' could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the planner into $(VENV) (the first time this takes a minute or two) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: EXTRAS := test
$(VENV)/.installed-dev:  EXTRAS := dev
$(VENV)/.installed-docs: EXTRAS := docs
$(VENV)/.installed-test $(VENV)/.installed-dev $(VENV)/.installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what '$(EXTRAS)' needs into $(VENV) ..."
	@$(PIP) --editable ".[$(EXTRAS)]"
	@touch $@ $(VENV)/.installed

# --- constraints.txt: exact versions of everything, frozen from an empty environment --------------------

constraints: PYTHON = python3.11
constraints: ## freeze today's newest versions into constraints.txt (with Python 3.11, so that all can have them)
	rm -rf build/freeze && "$(PYTHON)" -m venv build/freeze
	build/freeze/bin/python -m pip install --quiet --disable-pip-version-check ".[dev,docs]"
	{ printf '%s\n' \
	    "# Exact versions of everything that the planner and its extras need: what \`make\` and CI install." \
	    "# Valid on Python 3.11 to 3.13. Do not edit: \`make constraints\` freezes it anew from an empty Python 3.11"; \
	  echo "# environment with the newest versions that pyproject.toml admits."; \
	  build/freeze/bin/python -m pip freeze --disable-pip-version-check --exclude qkd-trunk-planner; } > constraints.txt
	rm -rf build/freeze
