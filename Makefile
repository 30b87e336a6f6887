# Everything a developer runs. Needs Python >= 3.11 and make; `make` alone lists the targets.
# Another Python: make test PYTHON=python3.12

PYTHON ?=
VENV   := .venv
RUN    := $(VENV)/bin/python
# One stamp per asked-for Python, so that asking for another one is noticed.
STAMP  := $(VENV)/.stamp$(subst /,_,$(PYTHON))

# Threads that wait asleep: LightGBM's spin otherwise, and crawl where other processes want the cores.
export OMP_WAIT_POLICY ?= PASSIVE
# Bytecode is kept even where the environment says no: else some hundred processes compile all that they import.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs lock lock-check clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## build .venv from the hashed lock and install the project in it

$(STAMP): requirements/dev.txt requirements/bootstrap.txt pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh "$(PYTHON)"
	@touch $@

demo: $(STAMP)  ## train on made-up applications, score some, and open API and dashboard
	$(RUN) scripts/demo.py

# As many processes as cores; a file's tests stay together, as they share what is slow to make, longest first.
PYTEST := $(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder
test: $(STAMP)  ## run the fast tests, then the slow ones
	$(PYTEST) -m "not slow"
	$(PYTEST) -m slow

check: $(STAMP)  ## lint, format, types, layers
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports

bench: $(STAMP)  ## run every benchmark; each prints ratios against a peer
	@set -e; for file in $(filter-out benchmarks/_%,$(sort $(wildcard benchmarks/*.py))); do \
		echo "== $$file"; $(RUN) $$file; \
	done

docs: $(STAMP)  ## build the documentation site, strictly, into build/site
	$(RUN) scripts/generate_reference.py --check
	$(VENV)/bin/zensical build --strict --clean

lock: $(STAMP)  ## compile the locks from pyproject.toml (UPGRADE=1: newest versions)
	@sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

lock-check: $(STAMP)  ## check that the locks are in step with pyproject.toml
	$(RUN) scripts/check_locks.py

clean:  ## remove .venv, caches and built files; run data stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find src tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
