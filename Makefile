# meibod — make demo · make test · make check · make bench
# Everything lives in .venv; nothing is installed elsewhere but Debian packages the tests need (make servers).

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: demo test check bench bench-fax model release-form servers wheel constraints clean

demo: .venv/run.stamp            ## the whole main job on embedded defaults, results in demo-out/
	$(BIN)/meibod demo --out demo-out

test: .venv/dev.stamp servers    ## everything, on real servers
	$(MAKE) --no-print-directory lint
	$(PYTEST) tests

check: .venv/dev.stamp lint      ## lint, types, import contracts, fast tests
	$(PYTEST) tests/unit

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp servers   ## speed and size, side by side; writes tests/bench/results
	$(BIN)/python -m tests.bench

bench-fax: .venv/dev.stamp       ## faxed pages: found, read, wrong; writes tests/bench/results
	$(BIN)/python -m tests.bench.fax.pages
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.fax
	bash .ci/tesseract
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.fax.whole_page

model: .venv-train/stamp         ## make the models anew: glyphs.npz from the face, digits.npz from public data
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-train/bin/python -m tests.training.glyphs
	.venv-train/bin/python -m tests.training.build .cache/model

release-form: .venv/dev.stamp    ## the self-test of the form editions; no edition is printed without it
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.fax.release

servers:                         ## dovecot, postfix, postgresql, systemd-analyze for the tests
	bash .ci/servers

wheel: .venv/dev.stamp
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

.venv/run.stamp: pyproject.toml constraints.txt .ci/venv
	PYTHON=$(PYTHON) bash .ci/venv run

.venv/dev.stamp: .venv/run.stamp
	PYTHON=$(PYTHON) bash .ci/venv dev

.venv-train/stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-train
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable . torch==2.13.0
	touch $@

constraints: .venv/dev.stamp     ## write constraints.txt from what is installed
	bash .ci/constraints

clean:
	rm -rf .venv .venv-train .cache dist build demo-out .mypy_cache .ruff_cache .hypothesis
