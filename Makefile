# The words to learn: demo, test, check, bench, soak. Each sets itself up from nothing but Python 3.11+, make and the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAY ?=
# A role is a process, and each would compile every module anew at its start.
unexport PYTHONDONTWRITEBYTECODE
JSON ?= demo.json
UNSETTLED := tests/faults/test_soak.py::test_random_work_under_faults_loses_doubles_and_turns_nothing_round
CHANGES ?= 1000000
SEED ?=
FAULTS ?= all

.PHONY: demo test test-rooms test-whole check bench search soak unsettled sbom audit clean format
.DEFAULT_GOAL := help

help:
	@echo "make demo    start everything on this machine and watch two systems come into accord (STAY=1 keeps it running)"
	@echo "make test    all tests"
	@echo "make check   lint, types, import rules, docs"
	@echo "make bench   measurements, beside those of others: bench.json"
	@echo "make search  the long search for schedules that break the laws"
	@echo "make soak    random work and faults on the whole, then an independent checker: soak.json (CHANGES= SEED= FAULTS= JSON=)"
	@echo "make sbom    what is shipped, as a CycloneDX bill of materials: sbom.json"
	@echo "make audit   known vulnerabilities of what constraints.txt pins (asks the package index)"

$(VENV)/pip: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch $@

$(VENV)/run: $(VENV)/pip pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable .
	@touch $@

$(VENV)/test: $(VENV)/run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[test,postgres]'
	@touch $@

demo: $(VENV)/run
	$(BIN)/accord demo --json $(JSON) $(if $(STAY),--stay)

# Two at once: the rooms by themselves, the pure ones first; and the whole on a broker and both sandboxes, which mostly waits.
test: $(VENV)/test
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-rooms test-whole

test-rooms: $(VENV)/test
	$(BIN)/pytest -q tests/house tests/docs tests/schemas tests/accord tests/streams tests/laws tests/sinks tests/producers tests/ops tests/conformance tests/bench

test-whole: $(VENV)/test
	$(BIN)/pytest -q tests/flows $(UNSETTLED:%=--deselect=%)
	$(BIN)/pytest -q tests/faults $(UNSETTLED:%=--deselect=%)

check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house tests/docs

format: $(VENV)/test
	$(BIN)/ruff format .

bench: $(VENV)/test
	$(BIN)/python -m tests.bench

# Fail now and then for a defect of ours that is not mended yet; docs/unsettled.md says which. Not in `make test`, for there each would hide what else is wrong.
unsettled: $(VENV)/test
	$(BIN)/pytest -q $(UNSETTLED)

search: $(VENV)/test
	$(BIN)/python -m tests.laws.search --count 50000

soak: JSON = soak.json
soak: $(VENV)/run
	$(BIN)/accord soak --changes $(CHANGES) $(if $(SEED),--seed $(SEED)) --faults $(FAULTS) --json $(JSON)

# Of an environment that holds what users get, and nothing of the tests.
sbom: $(VENV)/pip pyproject.toml
	rm -rf .accord/shipped
	$(BIN)/uv venv --quiet --python $(BIN)/python .accord/shipped
	$(BIN)/uv pip install --quiet --python .accord/shipped/bin/python --constraint constraints.txt '.[postgres]'
	$(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --output-file sbom.json .accord/shipped/bin/python

# Strict: a package that could not be looked up fails it, for "no known vulnerabilities" of nothing is no answer.
audit: $(VENV)/pip
	$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement constraints.txt

clean:
	rm -rf $(VENV) .accord
