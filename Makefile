# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# make check while you work, make test before you hand over, make test-all before a release. What each runs is in
# tests/gates.py.

PYTHON ?= python3
PY := .venv/bin/python
COLLECTION := .cache/collections/ansible_collections/zonefleet/cloudflare
# Nothing outside the clone is written, pip's downloads included.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip

.PHONY: venv check test test-all format demo bench docs live clean

venv: .venv/.stamp

# Rebuilt when the pinned versions change. Imports and playbooks find the clone as a collection through the link.
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

# Some minutes with 200 zones; make bench BENCH="--zones 20 --rounds 1" shows what it does.
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
