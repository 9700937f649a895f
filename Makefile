# The verbs of the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check sweep bench review interop web autobahn disk fuzz mutants advisories

CARGO ?= cargo

help: ## list the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## play all bundled scenarios in memory
	$(CARGO) run -q -- run scenarios

test: ## pass all tests
	$(CARGO) test

check: ## layout, lints, documentation and the scenarios' own layout; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items -q
	$(CARGO) run -q -- fmt --check scenarios
	$(CARGO) run -q -- check --strict scenarios

bench: ## speed in one run, each figure beside its floor, and the ratios
	$(CARGO) bench --bench bench -- --quiet
	@python3 tests/ratios.py target/criterion

sweep: ## cut every bundled scenario at every event, frame and step of TLS, and explore their worlds
	$(CARGO) run --profile quick -q -- sweep scenarios
	$(CARGO) run --profile quick -q -- explore scenarios --seeds 32

review: ## look at snapshots that differ, one by one (cargo insta review does the same)
	$(CARGO) run -q -- review scenarios

interop: ## peers that are not ours: a foreign terminal, brokers, proxies, tools that catch (installs what it may)
	bash tests/interop/run

web: ## the pages in headless Chromium, the grammar in the engine of an editor (installs Chromium and npm packages)
	tests/web/run

autobahn: ## the Autobahn|Testsuite against the terminal's transport (needs a Python 2.7; not run without one)
	tests/autobahn/run

disk: ## full disks under every command that writes (mounts small ones in a namespace of its own; not run where nobody may)
	tests/disk/run

fuzz: ## hostile bytes at every reader, 20 s each (needs a nightly toolchain; not run without one)
	tests/fuzz/run

mutants: ## change link, session and counter line by line: scenarios and sweep have to notice (about an hour)
	tests/mutants/run

advisories: ## dependencies with known holes (needs the network and cargo-deny)
	$(CARGO) deny --config .cargo/deny.toml check advisories
