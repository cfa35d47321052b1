# All that is needed is Python 3.11 or newer. Packages go into .venv, whatever environment is active.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
SLOW := bench or browser or installed or viewer

unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
.DEFAULT_GOAL := help
.PHONY: help run viewer test quick covered clients check format lint types floors fix bench bench-archive bench-soak

help:  ## list these commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: .venv/installed  ## serve DICOMweb at http://127.0.0.1:8080/dicom-web
	$(BIN)/python -m service serve

viewer: .venv/installed  ## fetch OHIF, which is then served under /viewer/
	$(BIN)/python -m service viewer

test: .venv/installed-dev  ## run the tests
	$(PYTEST)

quick: .venv/installed-dev  ## run the tests but for those that take minutes
	$(PYTEST) -m "not ($(SLOW))"

covered: .venv/installed-dev  ## run what quick runs, and say which lines of service that never reaches
	$(PYTEST) -m "not ($(SLOW))" --cov

clients:  ## install the JavaScript client, the OpenID provider and Azurite for the tests; needs Node 20
	npm ci --prefix tests/clients/js --ignore-scripts
	npm ci --prefix tests/clients/openid --ignore-scripts
	npm ci --prefix tests/clients/azurite --ignore-scripts

N ?= 100000
MINUTES ?= 10

bench: .venv/installed-dev  ## measure what requests cost; ARGS="--quick" for a look
	$(BIN)/python -m tests.bench run $(ARGS)

bench-archive: .venv/installed-dev  ## let an archive grow to N=100000 instances, and measure it on the way
	$(BIN)/python -m tests.bench archive --instances $(N) $(ARGS)

bench-soak: .venv/installed-dev  ## mixed load for MINUTES=10: does anything grow?
	$(BIN)/python -m tests.bench soak --minutes $(MINUTES) $(ARGS)

check: format lint types floors test  ## all that a change has to pass

format: .venv/installed-dev  ## is the code formatted?
	$(BIN)/ruff format --check

lint: .venv/installed-dev  ## ruff's rules
	$(BIN)/ruff check

types: .venv/installed-dev  ## mypy, strict
	$(BIN)/mypy

floors: .venv/installed-dev  ## do imports only go down?
	$(BIN)/lint-imports

fix: .venv/installed-dev  ## format, and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Python 3.11 or newer is needed, this is %d.%d: try make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/created pyproject.toml
	@echo "Installing into .venv (a minute or two, once)"
	$(PIP) install --editable .
	@touch $@

.venv/installed-dev: .venv/created pyproject.toml
	@echo "Installing into .venv, with the tools for tests (a minute or two, once)"
	$(PIP) install --editable ".[dev]"
	@touch $@ .venv/installed
