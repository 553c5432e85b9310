# A fresh machine needs git, make and Python 3.11 or newer with venv; everything else is installed into .venv.

# Files are compiled once even where the environment forbids to keep that: else each process that starts compiles ours anew.
export PYTHONDONTWRITEBYTECODE =

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MINUTES ?= 10
DATABASE ?= both
SEED ?= 1
FUZZ_RUNS ?= 1
.DEFAULT_GOAL := help

.PHONY: help demo test install lint format docs understand learn bench growth chaos fuzz lock browser clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: install ## the whole system with a sample clinic and a chat page
	@$(BIN)/zhenyue demo

install: .venv/.runtime ## .venv/bin/zhenyue and what it needs

test: .venv/.dev browser ## the whole test suite on real servers
	$(BIN)/pytest -n 3 --dist loadfile

lint: .venv/.dev ## formatting, linting, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## rewrites what the formatter and linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

chaos: .venv/.dev ## everything fails while patients book: MINUTES=30 DATABASE=postgres SEED=1 (sqlite, both)
	ZHENYUE_CHAOS_SEED=$(SEED) ZHENYUE_CHAOS_MINUTES=$(MINUTES) ZHENYUE_CHAOS_DATABASE=$(DATABASE) ZHENYUE_CLUSTER_ROUNDS=5 $(BIN)/pytest -q -s tests/chaos
	ZHENYUE_MODEL_EXAMPLES=500 $(BIN)/pytest -q -s tests/model

fuzz: .venv/.fuzz ## a coverage-guided fuzzer on webhook, codec, sentences and catalogue: FUZZ_RUNS times the full number of inputs
	$(BIN)/python -m tests.fuzz --runs $(FUZZ_RUNS)

docs: .venv/.dev browser ## takes the pictures and transcripts of the documents again
	ZHENYUE_WRITE_DOCS=1 $(BIN)/pytest -q tests/e2e/test_demo_page.py tests/integration/test_conversation_document.py tests/integration/test_staff_document.py tests/integration/test_moves.py

understand: .venv/.dev ## how well sentences are read: accuracy by field, wrong in silence, red flags
	$(BIN)/python -m tests.understanding

learn: .venv/.learn ## what sentences want, learned anew from tests/understanding; writes bot/language/wishes.json
	$(BIN)/python -m tests.understanding.learn

bench: .venv/.bench ## benchmarks beside peers; writes bench/results.json
	$(BIN)/python -m bench

growth: .venv/.bench ## how costs grow with chats, seats, sessions, the past and what waits; writes bench/growth.json
	$(BIN)/python -m bench.growth

.venv/bin/uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "zhenyue needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

.venv/.runtime: .venv/bin/uv requirements.txt pyproject.toml
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.txt
	@touch $@

# Peers that cannot be installed are left out of the benchmark, which says so.
.venv/.bench: .venv/.dev requirements-bench.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-bench.txt && touch $@ || echo "peers and plots cannot be installed: the benchmark goes on without them"

.venv/.fuzz: .venv/.dev requirements-fuzz.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-fuzz.txt
	@touch $@

.venv/.learn: .venv/.dev requirements-learn.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements-learn.txt
	@touch $@

# Chromium for the page tests: installed where we may, else those tests are skipped and say so.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	 { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	   DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; } || \
	 echo "no Chromium and no right to install it: the page tests will be skipped (install chromium to run them)"

lock: .venv/bin/uv ## pins the newest versions of everything again
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 --group pyproject.toml:bootstrap -o requirements-uv.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 pyproject.toml --group build --group dev -o requirements-dev.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 pyproject.toml --group build -c requirements-dev.txt -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 --group pyproject.toml:fuzz -o requirements-fuzz.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 --group pyproject.toml:bench -c requirements-dev.txt -o requirements-bench.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url -p 3.11 --group pyproject.toml:learn -c requirements-dev.txt -o requirements-learn.txt

clean: ## removes .venv and caches, never data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
