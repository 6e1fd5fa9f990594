# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# make check while you work, make test before you hand over. What each runs is in tests/gates.py.

PYTHON ?= python3
PY := .venv/bin/python
COLLECTION := .cache/collections/ansible_collections/zonefleet/cloudflare
# Nothing outside the clone is written, pip's downloads included.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip

.PHONY: venv check test format demo clean

venv: .venv/.stamp

# Rebuilt when the pinned versions change. Imports and playbooks find the clone as a collection through the link.
.venv/.stamp: requirements-dev.txt
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --requirement requirements-dev.txt
	mkdir -p $(dir $(COLLECTION)) && ln -sfn ../../../.. $(COLLECTION)
	touch $@

check test format: venv
	$(PY) tests/gates.py $@

demo: venv
	$(PY) examples/demo.py

clean:
	rm -rf .venv .nox .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
