# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run make check while you work, make test before you open a pull request, and make test-all before a release. Their parts are
# in tests/gates.py.

PYTHON ?= python3
PY := .venv/bin/python
COLLECTION := .cache/collections/ansible_collections/zonefleet/cloudflare
# So that pip does not write outside the clone either.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip

.PHONY: venv check test test-all format demo bench docs live clean

venv: .venv/.stamp

# Rebuilt when the pinned versions change. Through the link, imports and playbooks find the clone as an installed collection.
.venv/.stamp: requirements-dev.txt tests/unit/requirements.txt tests/integration/requirements.txt
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --requirement requirements-dev.txt
	mkdir -p $(dir $(COLLECTION)) && ln -sfn ../../../.. $(COLLECTION)
	touch $@

check test test-all format: venv
	$(PY) tests/gates.py $@

demo: venv
	$(PY) examples/demo.py

# Takes some minutes with 200 zones. For a short trial: make bench BENCH="--zones 20 --rounds 1".
bench: venv
	PYTHONPATH=tests:.cache/collections $(PY) -m benchmark $(BENCH)

docs: venv
	$(PY) docs/build.py
	PYTHONPATH=.cache/collections $(PY) docs/draw.py

# Needs CLOUDFLARE_API_TOKEN: make live ZONE_ID=... [WRITE=1], or RESTORE=FILE; see tests/live/README.md.
live: venv
	PYTHONPATH=tests:.cache/collections $(PY) -m live $(if $(RESTORE),--restore '$(RESTORE)',$(if $(ZONE_ID),--zone-id '$(ZONE_ID)')) $(if $(WRITE),--write)

clean:
	rm -rf .venv .nox .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
