# Needs Go, git and make, npm for lint and docs-test, and Chromium for docs-test; everything else is fetched, at the
# versions pinned in the module files, in internal/lint, in internal/browser and here. The race detector also needs a C
# compiler: without one the tests run without it, and say so.
STATICCHECK = v0.7.0
RACE := $(shell test "$$(go env CGO_ENABLED)" = 1 && command -v $$(go env CC) >/dev/null && echo -race)
# The library, and what is a module of its own so that importers do not get its requirements.
MODULES := $(dir $(wildcard go.mod */go.mod */*/go.mod))
LINT := internal/lint
BROWSER := internal/browser
# How long make soak runs, and where its choices come from (0: anew each time); how long make fuzz runs each target.
SOAK = 20s
SEED = 0
FUZZTIME = 30s
# The commit that bench/RESULTS.md compares with.
BEFORE = 56ef551

.PHONY: help demo test hostile soak fuzz generate lint evidence breaking coverage docs docs-test newprovider-test \
	bench bench-before bench-gate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## one customer through every operation of the four providers, on the embedded sandbox
	@go run ./cmd/customers demo

test: ## all tests, with the race detector; fails when generated code or tables are not what the specs say
	@test -n "$(RACE)" || echo "no C compiler: testing without the race detector"
	set -e; for module in $(MODULES); do (cd $$module; go vet ./...; go test $(RACE) ./...); done

hostile: ## attack every exchange of every provider, and print what the caller is told
	@cd adapters && go test -count 1 -run '^TestHostile' -matrix

generate: ## write gen/, the capability tables, bench/peers, the README's table and the documented session anew
	go generate ./...
	cd bench && go generate
	go test ./internal/readme -run TestTable -update
	go test ./cmd/customers -run TestDocumentedSession -update

lint: $(LINT)/node_modules/.package-lock.json ## formatting, go.mod, static analysis, and Redocly's rules for specs/
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt"; exit 1; }
	set -e; for module in $(MODULES); do \
		(cd $$module; go mod tidy -diff; go run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...); \
	done
	@echo "redocly lint specs/*.yaml"
	@said=$$(REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(LINT)/node_modules/.bin/redocly lint \
		--config $(LINT)/redocly.yaml --lint-config=error specs/*.yaml 2>&1) || { echo "$$said"; exit 1; }

# npm writes this file at the end of an installation.
%/node_modules/.package-lock.json: %/package.json %/package-lock.json
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || { \
		echo "$* needs npm and Node.js 18 or newer (Redocly itself asks for 20.19)"; exit 1; }
	npm ci --prefix $* --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error

docs: ## write the documentation into docs/site; customers docs serves it, with a sandbox to try it on
	@go run ./cmd/customers docs --write docs/site

docs-test: $(BROWSER)/node_modules/.package-lock.json ## the documentation in Chromium: nothing fetched, nothing broken, open to all
	@cd $(BROWSER) && go test -count=1 . -docs

evidence: ## how sure the contracts are of their parts; fails where one does not say, or an answer must have a guess
	@go run ./internal/evidence

breaking: ## changes of API and contracts since BASE (default: the last tag); fails if CHANGELOG.md lacks one
	@go run -C internal/evolution . -base "$(BASE)"

coverage: ## how much of each contract goes between the adapters and the sandbox; fails where a part does not
	@go test ./adapters -count=1 -run '^TestCoverage$$' -v

newprovider-test: ## add a fifth provider to a copy of the tree, as docs/adding-a-provider.md says, and hold it against the gates
	@go run ./internal/newprovider

soak: ## 200 goroutines at each provider for SOAK=20s, with faults: fails where the sandbox shows a broken promise
	@go test ./adapters -count=1 -timeout 0 -run '^TestSoak$$' -v -soak $(SOAK) -soak.seed $(SEED)

fuzz: ## every fuzz target for FUZZTIME=30s; what is found stays in testdata/fuzz, and fails make test from then on
	@listed=$$(go test ./... -list '^Fuzz') || { echo "$$listed"; exit 1; }; \
	echo "$$listed" | awk '/^Fuzz/ {targets = targets " " $$1} /^ok/ {n = split(targets, all); \
		for (i = 1; i <= n; i++) print $$2, all[i]; targets = ""}' | { found=0; while read -r package target; do \
		if said=$$(go test "$$package" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) 2>&1); then \
			echo "$$package $$target: $$(echo "$$said" | sed -n 's/^fuzz: elapsed: [^,]*, //p' | tail -n 1)"; \
		else echo "$$said"; found=1; fi; \
	done; exit $$found; }

bench: ## time, memory and size beside a hand-written client and peers, into bench/RESULTS.md; wants a quiet machine
	cd bench && go run . -results RESULTS.md

bench-before: ## the same of the commit BEFORE, into bench/before.json, for RESULTS.md to compare with
	@set -e; dir=$$(mktemp -d); git worktree add -q --detach $$dir/library $(BEFORE); \
	trap "git worktree remove --force $$dir/library; rm -r $$dir" EXIT; cd bench; cp go.sum $$dir/before.sum; \
	go mod edit -print -replace github.com/contract-first/customers=$$dir/library >$$dir/before.mod; \
	go run -mod=mod -modfile=$$dir/before.mod . -library $$dir/library -save before.json >/dev/null

bench-gate: ## fails where an exchange does not allocate what bench/allocs.json says; times are not judged
	@cd bench && go run . -gate
