# Everything a newcomer needs: `make run`, `make test`.
#
#   make run LANDING=<folder> OUT=<folder> DEFINITION=<folder> VARS='{"as_of": …}'
#   make run ENGINE=spark
#   make run FULL_REFRESH=1

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Settings reach the program through the environment, so that JSON with quotes,
# braces or blanks arrives exactly as it was typed.
ifdef LANDING
export LEAD_FUNNEL_LANDING := $(value LANDING)
endif
ifdef OUT
export LEAD_FUNNEL_OUT := $(value OUT)
endif
ifdef DEFINITION
export LEAD_FUNNEL_DEFINITION := $(value DEFINITION)
endif
ifdef VARS
export LEAD_FUNNEL_VARS := $(value VARS)
endif
ifdef ENGINE
export LEAD_FUNNEL_ENGINE := $(value ENGINE)
endif
ifdef FULL_REFRESH
export LEAD_FUNNEL_FULL_REFRESH := $(value FULL_REFRESH)
endif
export DO_NOT_TRACK := 1
export UV_NO_CONFIG := 1

BIN := .venv/bin
RUNTIME := .venv/runtime.stamp
DEV := .venv/dev.stamp
# Spark is large, and few need it: it has an environment of its own.
SPARK := .venv-spark/spark.stamp
# What reads the locks needs nothing of what they install.
AUDIT := .venv-audit/audit.stamp

# The first of these that is Python 3.11 makes the environment.
PYTHON ?= $(shell for candidate in python3.11 python3 python; do \
	if $$candidate -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	2>/dev/null; then echo $$candidate; break; fi; done)

# $(call install,<lock file>): exactly the packages of the lock, compiled once
# (programs then start in half the time), and the project itself, editable.
define install
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 is needed and was not found: install it, or name" \
		"it with PYTHON=/path/to/python3.11." >&2; exit 1; fi
	@if [ ! -x $(BIN)/python ]; then \
		echo "Making the environment $(BIN:/bin=) …"; \
		$(PYTHON) -m venv $(BIN:/bin=); fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements-uv.lock
	@echo "Installing $(1) …"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes \
		--compile-bytecode $(1)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
		--no-build-isolation --config-settings editable_mode=compat --editable .
endef

# The development lock holds all of the runtime lock, so it satisfies both
# stamps; once it is installed, a changed runtime lock installs it again.
$(RUNTIME): requirements.lock requirements-uv.lock pyproject.toml
	$(if $(wildcard $(DEV)),$(call install,requirements-dev.lock),$(call install,requirements.lock))
	@$(if $(wildcard $(DEV)),touch $(DEV),true)
	@touch $@

$(DEV): requirements-dev.lock requirements-uv.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(RUNTIME) $@

$(SPARK): BIN := .venv-spark/bin
$(SPARK): requirements-spark.lock requirements-uv.lock pyproject.toml
	$(call install,requirements-spark.lock)
	@touch $@

$(AUDIT): requirements-audit.lock requirements-uv.lock
	@if [ ! -x .venv-audit/bin/python ]; then $(PYTHON) -m venv .venv-audit; fi
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements-audit.lock
	@touch $@

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
		| awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
	@echo
	@echo "  make run takes LANDING=<folder> OUT=<folder> DEFINITION=<folder>"
	@echo "  VARS='{\"reporting_timezone\": \"UTC\"}' ENGINE=spark"
	@echo "  FULL_REFRESH=1 (to build anew what did not change, too)"

.PHONY: setup
setup: $(DEV) ## Make .venv with everything, development tools too

.PHONY: run
run: BIN := $(if $(filter spark,$(ENGINE)),.venv-spark,.venv)/bin
run: $(if $(filter spark,$(ENGINE)),$(SPARK),$(RUNTIME)) ## Load, transform, check, publish and say the rates
	@$(BIN)/lead-funnel run

.PHONY: status
status: $(RUNTIME) ## Say what is published and what the last run left
	@$(BIN)/lead-funnel status

PYTEST = $(BIN)/python -m pytest --numprocesses $(or $(JOBS),2) --dist loadfile \
	--no-loadscope-reorder

.PHONY: test
test: $(DEV) ## Run the tests, but for those that take longest
	@$(PYTEST) -m "not exhaustive" $(TESTS)

.PHONY: test-all
test-all: $(DEV) ## Run every test: random companies, stories and kills, too
	@$(PYTEST) $(TESTS)

.PHONY: test-share
test-share: $(DEV) ## Run the tests, and a SHARE=1/4 of those that take longest
	@$(PYTEST) --share $(or $(SHARE),1/4) $(TESTS)

.PHONY: torture
torture: $(DEV) ## Kill runs, fill the disk and start two at once, with readers polling
	@$(BIN)/python -m tests.torture --kills $(or $(KILLS),10) \
		--readers $(or $(READERS),50) --write docs/torture.md

.PHONY: test-spark
test-spark: BIN := .venv-spark/bin
test-spark: $(SPARK) ## Run the tests that need Spark and Java
	@$(BIN)/python -m pytest tests/spark -rs

# Models are compiled to be linted; that needs a warehouse, but no data in it.
LINT_ENV := LEAD_FUNNEL_WAREHOUSE=:memory: DBT_TARGET=duckdb DBT_TARGET_PATH=out/lint \
	LEAD_FUNNEL_SCHEMA_PREFIX= DBT_LOG_PATH=out/lint PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: lint
lint: $(DEV) ## Check the style of Python, SQL and the dbt project
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(LINT_ENV) $(BIN)/dbt --quiet parse
	@$(LINT_ENV) $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar \
		models tests/data
	@$(BIN)/dbt-bouncer --config-file dbt-bouncer.yml

.PHONY: format
format: $(DEV) ## Mend what ruff and sqlfluff can mend by themselves
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(LINT_ENV) $(BIN)/sqlfluff fix --processes 2 models tests/data

.PHONY: dev
dev: $(RUNTIME) ## Open Dagster's page on http://127.0.0.1:3000
	@DAGSTER_HOME="$$($(BIN)/python -m orchestration.project)" \
		$(BIN)/dg dev --host 127.0.0.1 --port $${PORT:-3000}

.PHONY: sample
sample: $(RUNTIME) ## Make the shipped sample again
	@$(BIN)/python -m sample.generate

.PHONY: bench
bench: $(DEV) ## Measure the main job against SQL and polars
	@$(BIN)/python -m benchmarks $(if $(LEADS),--leads "$(LEADS)") \
		$(if $(ONLY),--only "$(ONLY)") $(if $(ACTIVITIES),--activities $(ACTIVITIES)) \
		$(if $(KEEP),--keep) $(if $(ANEW),--anew)

.PHONY: lock
lock: $(RUNTIME) ## Resolve the requirement files into the lock files
	@for name in -uv "" -dev -spark -audit; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" \
		requirements$$name.in --output-file requirements$$name.lock; done

.PHONY: audit
audit: $(AUDIT) ## Ask for known vulnerabilities of what the locks install
	@.venv-audit/bin/python -m tests.packaging.audit

.PHONY: clean
clean: ## Remove the environment and everything that was built under out/
	@rm -rf .venv .venv-spark .venv-audit out target logs .pytest_cache .ruff_cache .hypothesis \
		lead_funnel.egg-info
