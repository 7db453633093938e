# make [all]   builds everything into build/, optimised, with symbols
# make demo    builds, serves examples/churn, asks it a few questions, scores a file
# make test    builds and runs every test; ends with "N passed, N failed"   (make test T=codec: some of them)
# make check   formatting, static analysis, sanitizers, fuzzers   (make check T="format tidy": some of them)
# make bench   measures against the peers, interleaved
# make golden  makes the golden cases again with the real libraries   (T=forest: those with that in their name)
# make golden-sweep   compares random models with the real libraries   (SEEDS=500)
# make faults  kills the server at random instants of rollouts, flips versions   (FAULTS=200 deaths, 1,000 flips; SEED=7)
# make fuzz    T=pickle SECONDS=60: one fuzzer
# make format  formats the C++
# make clean   removes what was built; .deps/ (what was fetched) stays
#
# Each installs what it lacks first, and says what (tools/setup). BUILD=folder builds somewhere else than build/.
SHELL := /bin/bash
BUILD ?= build
export BUILD
SECONDS ?= 60
SEEDS ?= 500
FAULTS ?= 200

.PHONY: all demo test check bench faults golden golden-sweep fuzz format clean

all:
	@tools/setup build
	@tools/build

demo:
	@tools/setup build demo
	@tools/build turnout turnout_kafka
	@tools/demo

test:
	@tools/setup build test
	@tools/build
	@tools/test $(T)

check:
	@tools/setup build test check
	@tools/check $(T)

bench:
	@tools/setup build bench
	@tools/bench $(T)

faults:
	@tools/setup build test
	@tools/build turnout
	@FAULTS=$(FAULTS) python3 -B tests/e2e/rollout_test.py -v Rollout.test_killed_at_random_instants Rollout.test_flips

golden:
	@tools/setup golden
	@tools/golden $(T)

golden-sweep:
	@tools/setup build golden
	@tools/build turnout
	@tools/golden-sweep $(SEEDS)

fuzz:
	@tools/setup build check
	@tools/fuzz "$(T)" $(SECONDS)

format:
	@tools/setup check
	@tools/format

clean:
	rm -rf -- build build-*
