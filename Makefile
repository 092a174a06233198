# The entry points. Each is a few lines of shell in scripts/, and each says what it is doing and how long it took.
#
#   make run      a dev node with a market playing on it      (HTTP_PORT, APP_PORT, DATADIR, PRICES)
#   make build    the release binary: target/release/limpid
#   make test     every test: Rust, then real clients against a running node
#   make vectors  the reference vectors alone, as a table     (LIMPID_VECTORS)
#   make bench    the benches, into target/bench.json
#   make check    formatting, lints, docs, house rules, licences
#   make cluster  validators in the simulator: lints and tests
#   make mutations  every money rule removed once: a named test must fail (about 20 minutes)

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export HTTP_PORT ?= 8545
export APP_PORT ?= 8080
export CARGO_TARGET_DIR ?= $(CURDIR)/target

.PHONY: help build run test vectors bench check cluster mutations

help:
	@sed -n 's/^#   //p' Makefile

build:
	@scripts/build.sh

run:
	@scripts/run.sh

test:
	@scripts/test.sh

vectors:
	@scripts/vectors.sh

bench:
	@scripts/bench.sh

check:
	@scripts/check.sh

cluster:
	@scripts/cluster.sh

mutations:
	@node scripts/mutations.mjs
