# Everything runs in .venv, made when it is needed and again when the dependencies change.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
HOME_OPTION := --home "$(or $(PREORDERS_HOME),.local)"
BENCH_ORDERS ?= 7900000
MINUTES ?= 60

.PHONY: setup demo down report-diff docs test test-long soak mutations lint format bench bench-cube pictures

setup: .venv/installed

# One whose making was interrupted, or whose Python is gone or was replaced by another version, is made anew.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
WORKS := $(BIN)/python -c 'import pip; $(NEW_ENOUGH)' 2> /dev/null
ifneq ($(shell $(WORKS) && echo yes),yes)
.PHONY: .venv/installed
endif

.venv/installed: pyproject.toml constraints.txt
	@$(WORKS) || $(PYTHON) -c '$(NEW_ENOUGH)' \
		|| { echo 'Python 3.11 or later is needed: make PYTHON=python3.12 ..' >&2; exit 2; }
	$(WORKS) || $(PYTHON) -m venv --clear .venv
	@# Nothing is installed whose hash does not stand in constraints.txt; pip is for uv alone, by its lines there.
	sed -n '/^uv==/,/[^\\]$$/p' constraints.txt > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement .venv/uv.txt
	@# Compiled here: where Python may not write bytecode, each Dagster run would compile all its imports anew.
	$(INSTALL) --compile-bytecode --require-hashes --requirement constraints.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/preorders up --detach $(HOME_OPTION)

down: setup
	$(BIN)/preorders down $(HOME_OPTION)

# A page for each metric and an exposure for each report, from their one definition
docs: setup
	$(BIN)/python -m local.metric_pages
	$(BIN)/python -m local.report_exposures

# Which numbers of which reports differ between a git revision and the files as they are: make report-diff BASE=main
report-diff: setup
	@test -n "$(BASE)" || { echo 'say what to compare with: make report-diff BASE=main' >&2; exit 2; }
	$(BIN)/preorders report-diff "$(BASE)" $(HOME_OPTION)

# Two processes, since the tests that share a stack wait for its parts most of the time
test: setup
	$(BIN)/pytest --numprocesses 2

test-long: setup
	$(BIN)/pytest -m long

# Reads, exports and builds while parts fail at random; prints what was counted
soak: setup
	SOAK_MINUTES=$(MINUTES) $(BIN)/pytest -m soak tests/soak

# Which test notices that a guard is missing: each is taken out, alone, in a copy
mutations: setup
	$(BIN)/python -m tests.mutations

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar --nocolor dbt_project/models dbt_project/tests
	$(BIN)/lint-imports
	@# Secrets; but for the hashes of packages, and what stands for a password in examples and tests.
	git ls-files -z ':!constraints.txt' ':!tests/browser/requirements.txt' \
		| xargs -0 $(BIN)/detect-secrets-hook -p .ci/preorders_keys.py --exclude-secrets '^(password|PASSWORD|none|wrong|p%40ss|d41d8cd98f00b204e9800998ecf8427e)$$'

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar --nocolor dbt_project/models dbt_project/tests

bench: setup
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.reads
	@# 10 million order lines; with BENCH_ORDERS=1000000 it is a matter of minutes.
	$(BIN)/python -m benchmarks.engine --orders $(BENCH_ORDERS)

bench-cube: setup
	$(BIN)/python -m benchmarks.cube

pictures: setup
	@# Dagster's page in a real browser, which the machine has to have: apt-get install chromium
	$(INSTALL) --require-hashes --requirement tests/browser/requirements.txt
	PYTHONPATH=. $(BIN)/python tests/browser/pictures.py
