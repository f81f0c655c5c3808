# Everything works from a fresh clone with Python 3.11 or newer and nothing else.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PACKAGES := config collector detection groups incidents sandbox tracker
# `make test ARGS="tests/collector -k identity"`, `make run ARGS="--bind 127.0.0.1:8600"`
ARGS ?=
# Test processes: for two cores, and one more, since a test now and then waits for a browser, a disk or a clock.
PROCESSES ?= 3
# What runs says so at once, into a pipe or a file as well.
export PYTHONUNBUFFERED := 1
# What is compiled once is kept, whatever the shell says: the suite starts the product over a hundred times.
export PYTHONDONTWRITEBYTECODE :=

# What `check --deploy` is shown: the settings that README.md names for production, with made-up values.
PRODUCTION := SECRET_KEY=made-up-only-for-the-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	DEBUG=false DASHBOARD_URL=https://costs.example.com AUTH_TRUST_HOST=true STATIC_MANIFEST=true \
	AUTH_SECRET=made-up-only-for-the-check-0123456789 AUTH_GOOGLE_ID=made-up AUTH_GOOGLE_SECRET=made-up \
	AUTH_ALLOWED_DOMAIN=example.com AUTH_ADMIN_EMAILS=ann@example.com

.PHONY: run test check audit bench install install-dev lock format

run: install
	@exec $(MANAGE) serve $(ARGS)

test: install-dev
	@$(BIN)/pytest --numprocesses $(PROCESSES) --dist worksteal $(ARGS)

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	git ls-files -z 'templates/*.html' | xargs -0r $(BIN)/djade --target-version 5.2 --check
	$(MANAGE) makemigrations --check --dry-run
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive --severity-level medium $(PACKAGES)
	$(BIN)/python .ci/audit.py

bench: install-dev
	$(BIN)/python -m tests.bench $(ARGS)
	$(BIN)/python -m tests.bench.collect

# Installs only when the lock differs from the one last installed.
install:
	@cmp -s requirements.lock $(VENV)/requirements.lock || $(MAKE) --no-print-directory install-lock LOCK=requirements.lock

install-dev: install
	@cmp -s requirements-dev.lock $(VENV)/requirements-dev.lock || $(MAKE) --no-print-directory install-lock LOCK=requirements-dev.lock

.PHONY: install-lock
install-lock:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or run make PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing $(LOCK) into $(VENV): about a minute"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@cp $(LOCK) $(VENV)/$(LOCK)

# Versions stay as they are unless asked: `make lock ARGS=--upgrade`.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
lock: install-dev
	$(COMPILE) $(ARGS) --output-file requirements.lock
	$(COMPILE) $(ARGS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

format: install-dev
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	git ls-files -z 'templates/*.html' | xargs -0r $(BIN)/djade --target-version 5.2
