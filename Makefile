# `make up` gives this machine a Redis with TLS and a password; `make down` takes it away again.
# Everything that is missing is obtained first: see docs/toolchain.md.

STACK ?= local
CACHE ?=
RUN = ./toolchain/run --stack "$(STACK)"
ON_STACK = --stack "$(STACK)"
ON_CACHE = $(ON_STACK) $(if $(CACHE),--cache "$(CACHE)")
TEST = ./toolchain/run --stack local --dev --
PYTEST = $(TEST) python -m pytest

.PHONY: help up preview down output url ca env doctor evidence rotate shell doctor-machine test test-all unit lint format bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

up: ## make what stacks/Pulumi.$(STACK).yaml says
	@$(RUN) -- secure-redis up $(ON_STACK)

preview: ## show what `make up` would change
	@$(RUN) -- secure-redis preview $(ON_STACK)

down: ## remove it all, but for protected data
	@$(RUN) -- secure-redis down $(ON_STACK)

output: ## the outputs of the stack, without secrets
	@$(RUN) -- secure-redis output $(ON_STACK)

url: ## print the URL of the first cache, or of CACHE=name: a secret
	@$(RUN) -- secure-redis url $(ON_CACHE)

ca: ## print the CA certificates of the first cache, or of CACHE=name
	@$(RUN) -- secure-redis ca $(ON_CACHE)

env: ## write .env and certificates of the first cache, or of CACHE=name, to ./connection
	@$(RUN) -- secure-redis env $(ON_CACHE) --out connection

doctor: ## are the connections safe, do they work, and what to change if not: all caches, or CACHE=name
	@$(RUN) -- secure-redis doctor $(ON_STACK) $(if $(CACHE),--cache "$(CACHE)",--all)

evidence: ## write into ./evidence what speaks for the controls of the stack
	@$(RUN) -- secure-redis evidence $(ON_STACK) --out evidence

rotate: ## make the access key anew that clients of a cache on Azure do not use, of CACHE=name
	@$(RUN) -- secure-redis rotate $(ON_CACHE)

shell: ## a shell where `pulumi` works on the same engine, backend and passphrase
	@PULUMI_STACK="$(STACK)" PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER=true $(RUN) -- "$${SHELL:-/bin/sh}"

doctor-machine: ## what this machine has, what would be obtained, and why
	@./toolchain/run doctor --stack "$(STACK)"

test: ## everything that proves it, real engine and real containers included
	@$(PYTEST) tests

test-all: ## the same, with the exhaustive sweeps and the Go modules' own tests
	@$(PYTEST) tests --sweep
	@cd toolchain/language-python && go test -mod=readonly ./...
	@cd toolchain/docker-provider && go test -mod=readonly ./...

unit: ## the fast tests only
	@$(PYTEST) tests/unit

lint: ## format, lint and types
	@$(TEST) ruff format --check .
	@$(TEST) ruff check .
	@$(TEST) basedpyright

format: ## format the code
	@$(TEST) ruff format .
	@$(TEST) ruff check --fix .

bench: ## ratios to a hand-written compose file and a hand-written Pulumi program
	@$(TEST) python -m bench
