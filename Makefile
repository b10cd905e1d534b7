# make run    set everything up and start the portal with demo data; Ctrl-C ends it
# make test   set everything up and run all checks and tests
# make faults, make bench, make audit, make lock, make check, make clean: see the README

SHELL := /bin/bash
PYTHON ?= python3.11 python3.12 python3
# One more than there are processors: a test waits for a browser or another process a third of its time.
TEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
.DEFAULT_GOAL := run
.PHONY: run test faults bench audit lock check clean ahead system test-system

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

run: $(READY) system
	@exec $(BIN)/portal demo

# The browser is fetched while Python's packages are, and while the checks run.
test:
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check ahead
	@$(MAKE) --no-print-directory test-system
	$(BIN)/pytest -n $(TEST_WORKERS) --maxschedchunk=8 --ignore=tests/faults

faults: $(READY) test-system
	$(BIN)/pytest -n $(TEST_WORKERS) tests/faults

bench: $(READY) test-system
	$(BIN)/python -m tests.bench

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates

# Apart from the tests: it asks the network, and turns red with each new advisory.
audit: $(READY)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

lock:
	@command -v uv >/dev/null || { echo 'Writing the lock needs uv: pip install uv' >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov

# The packages, each with the hash in the lock. An interpreter is tried before it is believed: a name
# on the PATH may be a stub. The stamp is written last, so that a start cut short is begun again.
$(READY): requirements.lock pyproject.toml
	@for name in $(PYTHON); do \
	  $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && python=$$name && break; \
	done; \
	[ -n "$$python" ] || { echo 'Common Ground needs Python 3.11 or 3.12: sudo apt-get install python3 python3-venv' >&2; exit 1; }; \
	$$python -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'Common Ground needs the package python3-venv: sudo apt-get install python3-venv' >&2; exit 1; }; \
	echo "Installing the packages of the lock into $(VENV) (once)" && \
	$$python -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . && \
	$(BIN)/python -m compileall -q portal jobs && \
	touch $@

# $(call fetch,<Debian packages>): by whoever may install them without being asked anything
define fetch
as='sudo -n'; [ "$$(id -u)" != 0 ] || as=; \
	if $$as true 2>/dev/null; then \
	  echo 'Installing $(1)'; \
	  $$as apt-get update; \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-upgrade $(1); \
	fi
endef

# $(call need,<command that succeeds when the part is there>,<Debian packages>,<another way>,<hint>)
define need
	@there() { $(1); }; \
	if ! there >/dev/null 2>&1; then \
	  { { $(call fetch,$(2)); } || $(or $(3),false); } >/dev/null 2>&1 </dev/null; \
	  there >/dev/null 2>&1 || { echo 'Common Ground needs $(2): sudo apt-get install $(2)$(4)' >&2; exit 1; }; \
	fi
endef

has_browser = -c 'from tests.support.chromium import executable; executable()'

# Only begins what `test-system` would do later, and cannot fail: that looks again.
ahead:
	@python3 $(has_browser) >/dev/null 2>&1 || { $(call fetch,chromium); } >/dev/null 2>&1 </dev/null || true

libraries = PATH="$$PATH:/sbin:/usr/sbin" ldconfig -p

system: $(READY)
	$(call need,list=$$($(libraries)) && grep -q libpango-1.0.so.0 <<<"$$list" && grep -q libpangoft2-1.0.so.0 <<<"$$list",libpango-1.0-0 libpangoft2-1.0-0)
	$(call need,$(BIN)/python -c 'from portal.redis_server import executable; executable()',redis-server)

# Ubuntu has no package of Chromium that runs without snap; Playwright brings one.
test-system: system
	@[ -z "$$CHROMIUM" ] || command -v "$$CHROMIUM" >/dev/null || { echo "CHROMIUM names $$CHROMIUM, which is not there." >&2; exit 1; }
	$(call need,$(BIN)/python $(has_browser),chromium,$(BIN)/playwright install --with-deps chromium, (CHROMIUM= names another))
