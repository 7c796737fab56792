# make help lists the targets. All that is needed: Python 3.11 to 3.13, make, a package index.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format proto released-proto lock serve bench bench-peers \
	summaries scale load robustness audit settings-table clean

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := proto models server client
CODE := $(MEMBERS) tests bench examples docs
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# A lock names everything, so pip resolves nothing. Where pip before 24 resolves, a requirement with
# an extra (pytest-cov's coverage[toml]) goes past the pin as soon as a newer version is published.
LOCKED_INSTALL := $(PIP) install --no-deps --require-hashes -r
SETUP := $(VENV)/.ready
SETUP_MODELS := $(VENV)/.ready-models
SETUP_DEV := $(VENV)/.ready-dev
SETUP_SUMMARIES := $(VENV)/.ready-summaries
SETUP_ROBUSTNESS := $(VENV)/.ready-robustness
SETUP_SCALE := $(VENV)/.ready-scale
SETUP_NODE := examples/node/node_modules/.ready

# Counts the packages as pip reaches them, and passes on whether it failed, and why.
COUNTED := 2>&1 || echo "pip has failed"; } | awk '/^Collecting|^Processing|^Obtaining/ { n++; \
	printf "\r  %d packages", n; fflush() } /^pip has failed$$/ { bad = 1; next } \
	/ERROR|Error:/ { told = 1; print "" } told { print } END { print ""; exit bad }'

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP)  ## make .venv with everything that serving and the demo need

demo: $(SETUP) $(if $(MODEL),$(SETUP_MODELS))  ## translate and summarize an article (MODEL=opus-mt-ar-en)
	@$(if $(MODEL),$(BIN)/mujaz-models pull $(MODEL))
	@$(if $(MODEL),MUJAZ_MODEL=$(MODEL)) $(BIN)/python examples/demo.py $(ARTICLE)

serve: $(SETUP)  ## serve on 127.0.0.1:50051 until Ctrl-C
	@$(BIN)/mujaz-server serve

test: $(SETUP_DEV) $(SETUP_NODE)  ## run all tests and print the coverage
	$(BIN)/python -m pytest --cov --cov-report=term $(TESTS)

lint: $(SETUP_DEV)  ## check style, types, imports, the API, and that generated files are fresh
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/bandit --quiet --severity-level medium --recursive $(MEMBERS)
	$(BIN)/lint-imports
	$(PIP) check
	cd proto && ../$(BIN)/buf lint
	cd proto && ../$(BIN)/buf breaking --against released.binpb
	@$(call generate,build/proto)
	diff -r -x '__pycache__' -x '__init__.py' -x '*.proto' build/proto/mujaz proto/mujaz \
		-x py.typed
	$(BIN)/mujaz-server settings --markdown | diff - docs/settings.md

format: $(SETUP_DEV)  ## put the code into its form
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

proto: $(SETUP_DEV)  ## generate the stubs and their types from the .proto
	@$(call generate,proto)

released-proto: $(SETUP_DEV)  ## record the API that buf breaking compares with
	cd proto && ../$(BIN)/buf build --exclude-source-info -o released.binpb

settings-table: $(SETUP)  ## write docs/settings.md from the settings
	$(BIN)/mujaz-server settings --markdown > docs/settings.md

lock: $(SETUP_DEV)  ## resolve the dependencies anew into the locks
	printf -- '-e ./%s\n' $(MEMBERS) | $(BIN)/uv pip compile $(LOCKED) - --group build \
		$(MEMBERS:%=--no-emit-package mujaz-%) -o requirements.lock
	$(BIN)/uv pip compile $(LOCKED) -c requirements.lock --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile $(LOCKED) -c requirements-dev.lock --group robustness \
		-o requirements-robustness.lock
	$(BIN)/uv pip compile $(LOCKED) -c requirements-dev.lock --group scale \
		-o requirements-scale.lock
	$(BIN)/uv pip compile $(LOCKED) -c requirements.lock --group summaries \
		-o requirements-summaries.lock
	echo '-e ./models[pull,convert]' | $(BIN)/uv pip compile $(LOCKED) - -c requirements-dev.lock \
		-c requirements.lock --no-emit-package mujaz-models -o requirements-models.lock

bench: $(SETUP_DEV)  ## measure all, within 20 minutes, and write docs/benchmarks.md (KEEP=1 goes on)
	$(BIN)/python bench/report.py $(if $(KEEP),--keep)

bench-peers: $(SETUP_DEV)  ## install the peers, some minutes and 2 GB, and compare with them
	-$(BIN)/python bench/peer_services/environments.py
	$(BIN)/python bench/report.py peers

summaries: $(SETUP_SUMMARIES)  ## measure summaries on FOLDER=... (and PARALLEL=...), write docs/summaries.md
	@mkdir -p build
	$(BIN)/mujaz-models tune-summaries $(FOLDER) --json build/weights.json
	$(BIN)/mujaz-models evaluate-summaries $(FOLDER) --weights build/weights.json \
		--json build/summaries.json
	$(BIN)/python bench/summary_orders.py $(FOLDER) --parallel $(PARALLEL) \
		--json build/summary_orders.json
	$(BIN)/python bench/summary_examples.py --json build/summary_examples.json
	$(BIN)/python bench/summaries.py build/summaries.json build/summary_orders.json \
		--examples build/summary_examples.json

load: $(SETUP_DEV)  ## seed defects into servers under load, each of which must break its figure
	$(BIN)/python -m pytest -m load tests/robustness

robustness: $(SETUP_ROBUSTNESS)  ## hold the promises of reliability under load and faults (ONLY=overload)
	PYTHONPATH=tests $(BIN)/python -m robustness $(ONLY)

scale: $(SETUP_SCALE)  ## an hour: replicas in Envoy and Ray, mujaz-batch, kills (TEXTS=FILE), the plan
	$(BIN)/python -m pytest tests/deploy tests/rayserve tests/bulk
	-$(BIN)/python bench/scale/replicas.py
	-$(BIN)/python bench/scale/serve.py
	-$(BIN)/python bench/scale/batch.py $(if $(TEXTS),--texts $(TEXTS))
	-$(BIN)/python bench/scale/simulation.py
	$(BIN)/python bench/scale/page.py

audit: $(SETUP_DEV)  ## look the locked packages up among known vulnerabilities (asks PyPI)
	for lock in requirements*.lock; do $(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit \
		--disable-pip --require-hashes -r $$lock || exit 1; done

clean:  ## remove everything that was made
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis examples/node/node_modules

LOCKED := --universal --generate-hashes --python-version 3.11 --no-header --no-annotate

define generate
mkdir -p $(1) && $(BIN)/python -m grpc_tools.protoc -Iproto \
	--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	--plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	--python_out=$(1) --grpc_python_out=$(1) --mypy_out=quiet:$(1) --mypy_grpc_out=quiet:$(1) \
	proto/mujaz/v1/mujaz.proto
endef

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "mujaz needs Python 3.11, 3.12 or 3.13 on the PATH (or \
	PYTHON=... make)"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(SETUP): requirements.lock $(MEMBERS:%=%/pyproject.toml) | $(VENV)/bin/python
	@echo "Installing what the server and the client need, pinned by requirements.lock"
	@{ $(LOCKED_INSTALL) requirements.lock $(COUNTED)
	@$(PIP) install -q --no-build-isolation --no-deps $(MEMBERS:%=-e ./%)
	@touch $@

$(SETUP_MODELS): requirements-models.lock $(SETUP)
	@echo "Installing what fetches models, pinned by requirements-models.lock"
	@{ $(LOCKED_INSTALL) requirements-models.lock $(COUNTED)
	@touch $@

$(SETUP_DEV): requirements-dev.lock $(SETUP)
	@echo "Installing the tools of tests and checks, pinned by requirements-dev.lock"
	@{ $(LOCKED_INSTALL) requirements-dev.lock $(COUNTED)
	@touch $@

$(SETUP_ROBUSTNESS): requirements-robustness.lock $(SETUP_DEV)
	@echo "Installing what guides the fuzzing, and a proxy, pinned by requirements-robustness.lock"
	@{ $(LOCKED_INSTALL) requirements-robustness.lock $(COUNTED)
	@touch $@

$(SETUP_SCALE): requirements-scale.lock $(SETUP_DEV)
	@echo "Installing Ray, a proxy and what checks manifests, pinned by requirements-scale.lock"
	@{ $(LOCKED_INSTALL) requirements-scale.lock $(COUNTED)
	@touch $@

$(SETUP_SUMMARIES): requirements-summaries.lock $(SETUP_DEV)
	@echo "Installing what measures summaries, pinned by requirements-summaries.lock"
	@{ $(LOCKED_INSTALL) requirements-summaries.lock $(COUNTED)
	@touch $@

$(SETUP_NODE): examples/node/package-lock.json
	@echo "Installing what the Node example needs"
	@{ npm ci --prefix examples/node --silent && touch $@; } \
		|| echo "npm is not here or has failed: the Node example will not be tested"
