# `make up` gives this machine a Redis with TLS and a password; `make down` takes it away again.
# Everything that is missing is obtained first: see docs/toolchain.md.

STACK ?= local
CACHE ?=
OUT ?= ci-out
ONLY ?=
BASE ?=
ENVIRONMENT ?=
TAG ?=
RUN = ./toolchain/run --stack "$(STACK)"
# Standard library only: the jobs that run these have nothing installed.
CI = python3 -I components/secure_redis/ci
ON_STACK = --stack "$(STACK)"
ON_CACHE = $(ON_STACK) $(if $(CACHE),--cache "$(CACHE)")
TEST = ./toolchain/run --stack local --dev --
PYTEST = $(TEST) python -m pytest

.PHONY: help up init explain-config preview down output url ca env doctor evidence rotate shell ci-stacks ci-preview ci-deploy ci-drift ci-comment ci-issues doctor-machine test test-all unit lint format bench dist release-check release-notes release-publish

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

up: ## make what stacks/Pulumi.$(STACK).yaml says
	@$(RUN) -- secure-redis up $(ON_STACK)

init: ## write a new stack file: asks for target and environment
	@$(RUN) -- secure-redis init

explain-config: ## what stacks/Pulumi.$(STACK).yaml comes to, and where each value comes from
	@$(RUN) -- secure-redis explain-config "stacks/Pulumi.$(STACK).yaml"

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

ci-stacks: ## the stacks that the commits since BASE touch, as JSON; all without BASE
	@$(CI)/touched.py $(if $(value ONLY),--stack "$$ONLY",$(if $(value BASE),--base "$$BASE",--all)) $(if $(value ENVIRONMENT),--environment "$$ENVIRONMENT")

ci-preview: ## write into ./ci-out what a pull request is told of STACK
	@$(RUN) --policy -- secure-redis ci-preview $(ON_STACK) --out "$(OUT)"

ci-deploy: ## the same, then `make up` under the policy pack if nothing speaks against it
	@$(RUN) --policy -- secure-redis ci-deploy $(ON_STACK) --out "$(OUT)"

ci-drift: ## write into ./ci-out what of STACK is no longer as the state says
	@$(RUN) -- secure-redis ci-drift $(ON_STACK) --out "$(OUT)"

ci-comment: ## put the previews in OUT on the pull request PULL_REQUEST, a comment a stack
	@$(CI)/github.py comments "$(OUT)" --stacks "$$STACKS"

ci-issues: ## open, edit or close an issue for each stack in OUT that was looked at for drift
	@$(CI)/github.py issues "$(OUT)"

doctor-machine: ## what this machine has, what would be obtained, and why
	@./toolchain/run doctor --stack "$(STACK)"

test: ## everything that proves it, real engine and real containers included
	@$(PYTEST) tests

test-all: ## the same, with the exhaustive sweeps and the Go modules' own tests
	@$(PYTEST) tests --sweep
	@cd toolchain/language-python && go test -mod=readonly ./...
	@cd toolchain/language-nodejs && go test -mod=readonly ./...
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

dist: ## build wheel, source archive and checksums into ./dist
	@python3 -m release build dist

release-check: ## may TAG be released?
	@python3 -m release check "$(TAG)"

release-notes: ## what the changelog says of the declared version
	@python3 -m release notes

release-publish: ## upload ./dist to the package index, from CI only
	@python3 -m release publish dist
