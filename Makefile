# Make targets of the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check sweep bench review interop web autobahn disk fuzz mutants advisories

CARGO ?= cargo

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## play all bundled scenarios in memory
	$(CARGO) run -q -- run scenarios

test: ## run all tests
	$(CARGO) test

check: ## check formatting, lints, documentation and the scenarios; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items -q
	$(CARGO) run -q -- fmt --check scenarios
	$(CARGO) run -q -- check --strict scenarios

bench: ## run the benchmarks, with the lower bound of each and the ratios
	$(CARGO) bench --bench bench -- --quiet
	@python3 tests/ratios.py target/criterion

sweep: ## inject faults into every bundled scenario at every event, frame and TLS step, then explore them with seeds
	$(CARGO) run --profile quick -q -- sweep scenarios
	$(CARGO) run --profile quick -q -- explore scenarios --seeds 32

review: ## review changed snapshots one by one (cargo insta review does the same)
	$(CARGO) run -q -- review scenarios

interop: ## test against third-party software: a terminal, brokers, proxies, capture tools (installs what it can)
	bash tests/interop/run

web: ## test the pages in headless Chromium, and the grammar in an editor's engine (installs Chromium and npm packages)
	tests/web/run

autobahn: ## run the Autobahn|Testsuite against the terminal's transport (needs Python 2.7; skipped without it)
	tests/autobahn/run

disk: ## test every writing command on a full disk (mounts small ones in its own namespace; skipped if not permitted)
	tests/disk/run

fuzz: ## fuzz every parser for 20 s (needs a nightly toolchain; skipped without it)
	tests/fuzz/run

mutants: ## mutate link, session and counter code: scenarios and sweep must notice (about an hour)
	tests/mutants/run

advisories: ## check dependencies for known vulnerabilities (needs the network and cargo-deny)
	$(CARGO) deny --config .cargo/deny.toml check advisories
