# Two commands are enough for a newcomer: `make run` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
UV_LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11 --quiet --group engines --group dev

.PHONY: run setup test check bench soak format lock clean

# Everything on this machine. Flags of `bff up`: make run ARGS="--port 9000 --logs"
run: export BFF_ENV ?= development
run: setup
	@exec $(BIN)/bff up $(ARGS)

setup:
	@$(PYTHON) .ci/setup.py

# Set-up, static gate, every test, with a worker more than two cores have, since one of them mostly waits (see
# tests/conftest.py). Some tests only: make test TESTS=tests/unit
test: TESTS ?= tests
test: check
	@$(PYTHON) .ci/browser.py
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not soak" $(TESTS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The performance table. Some figures only: make bench BENCH="status feed"
bench: setup
	$(BIN)/python -m tests.bench $(BENCH)

# The long forms of the fault suites.
soak: setup
	$(BIN)/pytest -m soak --timeout 7200 tests

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pin the newest versions that pyproject.toml allows; addresses of registries stay out of the file.
lock: setup
	$(BIN)/$(UV_LOCK) --upgrade pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist test-artifacts
	find bff sf_sync cache tests -name __pycache__ -type d -prune -exec rm -rf {} +
