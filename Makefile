# Every target is one line: the work is in cmd/parity and in the tests. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help parity conformance envoy envoy-matrix envoy-fuzz try worst soak bench bench-full bench-envoy bench-flags bench-selftest manifests mutants fuzz redteam test update build push lint doctor reproducible release clean

PARITY := .cache/bin/parity
READER := --manifest-path=conformance/mutants/rustreader/Cargo.toml
RUST := $(PARITY) exec rust
REGISTRY ?=
EXAMPLE ?=
FUZZTIME ?= 60s
REDTEAMTIME ?= 60s
SHORT ?=
FULL ?=
SEED ?= 0
SHARD ?=
RELEASE ?=
RECORD ?=

GOFUZZ := go test -count=1 -run=^$$ -fuzztime="$(FUZZTIME)" -fuzzminimizetime=0s
# Go before 1.27 may call its own deadline a failure when the machine is busy (https://go.dev/issue/75804): that alone is none.
ENDED := ! grep -q 'Failing input' .cache/fuzz.log && grep -qx ' *context deadline exceeded' .cache/fuzz.log

# Not ./... from here: Go takes Dockerfile.go for a Go file.
PACKAGES := $(patsubst %/,./%/...,$(filter-out dist/ rust-plugin/ target/,$(wildcard */)))

# Packages whose tests have golden files: all of them know -update.
GOLDEN := $(patsubst %/,%,$(sort $(dir $(filter-out ./cmd/%,$(shell grep -rl --include=*_test.go 'flag.Bool."update"' .)))))

# The shell's LANG is its locale: only a LANG that is given to make itself chooses a plugin, and the commands don't see it as a locale.
PLUGIN := $(if $(filter command line,$(origin LANG)),$(LANG),go)
ifeq ($(origin LANG),command line)
unexport LANG
endif

# The caller's target is that of something else: parity and the tests run here.
unexport GOOS GOARCH GOAMD64 GOARM GOARM64 GO386 GOWASM GOEXPERIMENT GOWORK

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

parity: ## the command behind these targets, .cache/bin/parity
	@command -v go >/dev/null || { echo "no go on PATH: install it from https://go.dev/dl/" >&2; exit 3; }
	@go build -buildvcs=false -o $(PARITY) ./cmd/parity

conformance: parity ## obtain compilers, build every plugin, run the table on each and compare them
	@$(PARITY) check

envoy: parity ## the table on a real Envoy, which is obtained if there is none (five minutes; SHORT=1: two builds)
	@$(PARITY) check --engine envoy $(if $(SHORT),--build rust --build tinygo-successor)

try: parity ## an example behind a real Envoy, until Ctrl-C: make try EXAMPLE=header-check [LANG=go|rust]
	@$(PARITY) try $(EXAMPLE) --lang "$(PLUGIN)"

envoy-matrix: parity ## the same on Envoy 1.40, 1.39, 1.37 and 1.36 (twenty minutes; SHORT=1: two builds, eight minutes)
	@worst=0; for release in 1.40 1.39 1.37 1.36; do \
		$(PARITY) check --engine envoy@$$release $(if $(SHORT),--build rust --build tinygo-successor) || worst=$$?; done; exit $$worst

envoy-fuzz: ## package host against a real Envoy, on host calls at random: make envoy-fuzz FUZZTIME=60s [SEED=7] [RELEASE=1.37]
	@go build -buildvcs=false -o .cache/bin/envoy-fuzz ./cmd/envoy-fuzz
	@.cache/bin/envoy-fuzz -time "$(FUZZTIME)" $(if $(filter-out 0,$(SEED)),-seed $(SEED)) -release "$(RELEASE)" $(if $(RECORD),-record envoy/probe/testdata)

worst: parity ## the heaviest legal requests: how long can one client keep a worker busy? (a minute)
	@$(PARITY) worst

soak: parity ## every path a hundred thousand times in every build: wrong answers, leaks, pauses (three minutes; SHORT=1: a fifth)
	@$(PARITY) soak $(if $(SHORT),--short)

bench: parity ## speed, latency, start-up, memory and size of every build (two minutes; dist/bench/report.html)
	@$(PARITY) bench

bench-full: parity ## the same with more of everything, and what building costs (twenty minutes)
	@$(PARITY) bench --full

bench-envoy: parity ## what a plugin costs on a real Envoy, beside RBAC, Lua and ext_authz (seven minutes; FULL=1: half an hour)
	@$(PARITY) bench --engine envoy $(if $(FULL),--full)

bench-flags: parity ## would other compiler flags be better? size, time, pauses, memory (bench/FLAGS.md)
	@$(PARITY) flags

bench-selftest: ## are the verdicts of bench and soak right? tries them where the truth is known (half an hour)
	@HEADER_AUTH_SELFTEST=1 go test -count=1 -timeout=60m -run='^Test(Self|Power)' -v ./bench ./bench/soak
	@HEADER_AUTH_SELFTEST=1 go test -count=1 -timeout=60m -v ./bench/verdict

mutants: parity ## would the table notice a fault? changes both plugins in small ways and says which changes survive (hours; SHARD=2/4: a quarter)
	@nice $(PARITY) mutants $(if $(SHARD),--shard "$(SHARD)")

test: build ## go vet, the Go tests (those of the builds too), the Rust plugin's tests
	go vet $(PACKAGES) && go test $(PACKAGES) && $(RUST) cargo test --locked --target-dir=.cache/build/test

manifests: ## do Istio, Envoy Gateway and Kubernetes accept the manifests? (a Go module of its own; minutes the first time)
	@cd deploy/validate && go vet . && go test -count=1 .

update: conformance ## write the golden files and the generated parts of the documents anew; read the difference
	go test $(GOLDEN) -update && go test ./cmd/parity -run='Readme|Methodology|Flags|Schemas' -update

fuzz: build ## compare every build with a model of the contract, and try its own words: make fuzz FUZZTIME=60s [SEED=7] [SHARD=2/4] (three times)
	@$(PARITY) fuzz --no-build --time "$(FUZZTIME)" --seed "$(SEED)" $(if $(SHARD),--shard "$(SHARD)") --out conformance/fuzz/found
	@for target in Configuration Requests; do $(GOFUZZ) -fuzz="^Fuzz$$target$$" ./conformance/fuzz 2>&1 | tee .cache/fuzz.log || { $(ENDED); }; done

redteam: ## ill-treat the commands: modules that hang, or take all memory, in each known way; a minute of random ones, in both engines (ten minutes)
	@HEADER_AUTH_REDTEAM="$(REDTEAMTIME)" go test -count=1 -timeout=60m -run='RedTeam|Random|Interrupts|AddressSpace' ./conformance/apart ./cmd/parity

build: parity ## dist/NAME.wasm for every build of builds.yaml
	@$(PARITY) build

push: registry parity ## the plugin as an image: make push REGISTRY=host/path [LANG=go|rust] [TAG=v1] [NAME=…]
	@$(PARITY) image push --registry "$(REGISTRY)" --lang "$(PLUGIN)" $(if $(filter command line,$(origin TAG)),--tag "$(TAG)") $(if $(filter command line,$(origin NAME)),--name "$(NAME)")

.PHONY: registry
registry:
	@[ -n "$(REGISTRY)" ] || { echo "make push REGISTRY=host/path [LANG=go|rust], such as REGISTRY=registry.example.com/team" >&2; exit 2; }

# Without the plugin: errors.Is would make it larger, and jsontext gives io.EOF itself.
lint: parity ## gofmt, vet, staticcheck, errorlint, actionlint, cargo fmt, clippy (the last two where present)
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*/*.go')); [ -z "$$files" ] || { echo "gofmt -w $$files" >&2; exit 1; }
	go vet $(PACKAGES)
	go tool -modfile=toolchain/lint/go.mod staticcheck $(PACKAGES)
	go tool -modfile=toolchain/lint/go.mod actionlint -shellcheck= -pyflakes= .github/workflows/*.yml ci/plugin.github.yml
	go tool -modfile=toolchain/lint/go.mod go-errorlint $(filter-out ./go-plugin/...,$(PACKAGES))
	@if $(RUST) cargo fmt --version >/dev/null 2>&1; then $(RUST) cargo fmt --all --check && $(RUST) cargo fmt --check $(READER); else echo "no cargo fmt here"; fi
	@if $(RUST) cargo clippy --version >/dev/null 2>&1; then $(RUST) cargo clippy --locked --all-targets --target-dir=.cache/build/test -- -D warnings && \
		$(RUST) cargo clippy --locked --target-dir=.cache/build/rustreader $(READER) -- -D warnings; else echo "no cargo clippy here"; fi

doctor: parity ## which compilers are there, and what would be obtained
	@$(PARITY) doctor

reproducible: parity ## build everything in two folders for two users and compare
	@HEADER_AUTH_REPRODUCIBLE=1 go test -count=1 -timeout=20m -run='^TestReproducible$$' -v ./build

release: ## does go install …/cmd/parity@version work outside of this folder, with this commit? (minutes)
	@HEADER_AUTH_RELEASE=1 go test -count=1 -timeout=20m -run='^TestRelease$$' -v ./cmd/parity

clean: ## remove what was built; compilers that were obtained stay
	rm -rf dist target .cache/build .cache/bin .cache/wazero .cache/conformant
