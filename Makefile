# Needs Go, git and make; everything else is fetched by Go, at the versions pinned in go.mod and here. The race detector
# also needs a C compiler: without one the tests run without it, and say so.
STATICCHECK = v0.7.0
RACE := $(shell test "$$(go env CGO_ENABLED)" = 1 && command -v $$(go env CC) >/dev/null && echo -race)

.PHONY: help demo test generate lint

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## one customer through every operation of the four providers, on the embedded sandbox
	@go run ./cmd/customers demo

test: ## all tests, with the race detector; fails when generated code or tables are not what the specs say
	@test -n "$(RACE)" || echo "no C compiler: testing without the race detector"
	go vet ./...
	go test $(RACE) ./...

generate: ## write gen/, the capability tables and the README's table anew from specs/
	go generate ./...
	go test ./internal/readme -run TestTable -update

lint: ## formatting, go.mod and static analysis
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt"; exit 1; }
	go mod tidy -diff
	go run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...
