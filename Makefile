# Two commands do all the set-up: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: demo test check format models clean

demo: $(VENV)/.base   ## render farmland, scan it with demo-poppy, print what was found against the truth
	$(BIN)/plotwatch demo --out out/demo

test: $(VENV)/.test   ## everything: style, types, contracts, tests with coverage
	$(MAKE) check
	$(BIN)/pytest --cov --cov-fail-under=$(FLOOR)

FLOOR := 92

check: $(VENV)/.test  ## what must hold on every commit, without running the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

models: $(VENV)/.test ## make both shipped bundles anew (hours on two cores; needs the data of data/*/DATASET.toml)
	for seed in 101 102 103 104 105 106 107 108 109 110 111 112 113 114 201 202 203 204 301 302 303 304; do \
	  test -f data/scenes/$$seed/scene.json || $(BIN)/plotwatch scene --size-px 4000 --seed $$seed --out data/scenes/$$seed || exit 1; done
	for name in demo-poppy potato-weeds; do \
	  $(BIN)/plotwatch train configs/$$name.toml --out runs/$$name || exit 1; \
	  rm -rf models/$$name && cp -r runs/$$name/$$name models/$$name; done

clean:                ## remove what the commands made, but not the data
	rm -rf $(VENV) out runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e '.[train,test]'
	touch $@
