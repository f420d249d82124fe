# make bench   set up, render, train, score, table and page
# make test    set up, all tests
# make lint    ruff and mypy
# make speed   the speed comparisons, as ratios
# make clean   remove what the others made (bench/, caches; not .venv)

PYTHON ?= python3
VENV ?= .venv
BENCH ?= bench
BIN := $(VENV)/bin
TOYSOUND := $(BIN)/toysound
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
RESULTS := $(BENCH)/results

.PHONY: bench test lint speed clean

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ToySound needs Python 3.11 or newer, this is %d.%d; try: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# torch first: its pinned build, before anything else can ask for a newer one.
$(VENV)/.all: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing (a few minutes the first time) ..."
	@$(PIP) torch
	@$(PIP) --editable '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.all
	@echo "Installing the test tools ..."
	@$(PIP) --editable '.[dev]'
	@touch $@

bench: $(VENV)/.all
	@echo "1/4  render the dataset"
	@$(TOYSOUND) generate tones --out $(BENCH)/data
	@echo "2/4  train two baselines"
	@$(TOYSOUND) train pca --dataset $(BENCH)/data/tones --out $(BENCH)/models/pca
	@$(TOYSOUND) train vae --dataset $(BENCH)/data/tones --out $(BENCH)/models/vae
	@echo "3/4  score them, and what to compare them with"
	@set -e; \
	for model in oracle nearest-neighbour random-sound; do \
	  $(TOYSOUND) score $$model --dataset $(BENCH)/data/tones --out $(RESULTS)/tones/$$model/0.json; \
	done; \
	for model in pca vae; do \
	  $(TOYSOUND) score $(BENCH)/models/$$model/model.safetensors --dataset $(BENCH)/data/tones \
	    --out $(RESULTS)/tones/$$model/0.json; \
	done
	@echo "4/4  the table and the page"
	@$(TOYSOUND) leaderboard show --results $(RESULTS)
	@$(TOYSOUND) leaderboard build --results $(RESULTS) --out $(BENCH)/page
	@echo
	@echo "The page is $(BENCH)/page/index.html: open it in a browser, listen, sort by a column."
	@echo "Next: score your own model (README, 'Your model'):"
	@echo "  $(TOYSOUND) score my_model.py:MyModel --dataset $(BENCH)/data/tones --out $(RESULTS)/tones/my-model/0.json"

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

speed: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/speed --benchmark-enable -s

clean:
	rm -rf $(BENCH) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
