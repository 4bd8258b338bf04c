# Everything runs in .venv, which a target makes and fills the first time it needs it.

# The first of these that is Python 3.11 or newer and can make a virtual environment; name another with PYTHON=...
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { command -v $$python; break; }; done)

# A folder of files already obtained from the portals, where there is one.
DATA_DIR ?= $(wildcard ../shared/data)

VENV := .venv
BIN := $(VENV)/bin
PINS := pyproject.toml constraints.txt
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Images for containers often forbid the cache of bytecode; each process that a test starts would then compile pamrx anew.
unexport PYTHONDONTWRITEBYTECODE

# Cases of `make fuzz`, and what else to tell it: --kind maf, --seed 123, --quick, --anew (tests/fuzz/__init__.py).
FUZZ_CASES ?= 10000
FUZZ_ARGS ?=

.PHONY: help demo check lint test test-slow fuzz data train compare bench clean

help:
	@echo "make demo    predict for the example cell lines with the released bundle, beside what was measured"
	@echo "make check   lint, and the fast tests: a minute, for while you work"
	@echo "make lint    check format, lint, types and which room imports which"
	@echo "make test    run the tests but the slow ones (PYTEST_ARGS='-k name' to choose); make test-slow runs those"
	@echo "make fuzz    try 10,000 hostile inputs, going on where it was stopped (FUZZ_CASES=500 FUZZ_ARGS='--kind maf')"
	@echo "make train   fetch the data and train the released bundle again (DATA_DIR=folder of local files)"
	@echo "make compare fetch the data, compare six candidates on the same folds, and show them in MLflow"
	@echo "make bench   measure start-up and prediction, as ratios"
	@echo "make clean   remove the environment and what was built"

demo: $(VENV)/.demo
	@$(BIN)/pamrx predict --example --measured

# What is fast and what is slow: tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
FAST := not slow and not medium and not network and not shared

check: lint
	@$(PYTEST) -q -m "$(FAST)" $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: $(VENV)/.dev
	@$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test-slow: $(VENV)/.dev
	@$(PYTEST) -m slow $(PYTEST_ARGS)

fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.fuzz --cases $(FUZZ_CASES) $(FUZZ_ARGS)

# Exit code 2 of a fetch is a source that cannot be had, and only these two sources are optional.
data: $(VENV)/.dev
	$(BIN)/pamrx data fetch gdsc
	$(BIN)/pamrx data fetch ccle-mirna $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") || \
		{ test $$? -eq 2 && echo "CCLE miRNA cannot be had: going on without it"; }
	$(BIN)/pamrx data fetch panel718 $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") || \
		{ test $$? -eq 2 && echo "the calls of panel718 cannot be had: going on without them"; }

train: data
	$(BIN)/pamrx train

# A study that was stopped goes on where it was. At a terminal the UI is opened, and Ctrl-C ends it.
compare: data
	$(BIN)/pamrx study
	@if [ -t 0 ] && [ -t 1 ] && [ -z "$$CI" ]; then $(BIN)/pamrx ui; \
	else echo "to see the candidates side by side: $(BIN)/pamrx ui"; fi

bench: $(VENV)/.demo
	@$(BIN)/python benchmarks/startup.py

clean:
	rm -rf $(VENV) $(VENV)-anndata dist build .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "pamrx needs Python 3.11 or newer with venv, and none was found;" \
		"install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(PINS) | $(BIN)/python
	@echo "installing pamrx in $(VENV)"
	@$(INSTALL) --editable .
	@$(BIN)/python -c "import lightgbm" || { echo "LightGBM does not start; most often the OpenMP runtime is missing" \
		"(Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp; macOS: brew install libomp)" >&2; exit 1; }
	@touch $@

$(VENV)/.dev: $(PINS) $(VENV)/.demo | $(BIN)/python
	@echo "installing what training and tests need in $(VENV) (some minutes the first time)"
	@$(INSTALL) --editable '.[training,scale,spark,dev]'
	@touch $@
