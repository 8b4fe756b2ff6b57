# Everything a developer types. Needed: Go, make, git and, for the race detector, a C compiler.
# The linter and the other tools are pinned in tools/go.mod and built once into .tools/.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

FUZZTIME ?= 30s
COUNT    ?= 6
SEEDS    ?= 5000
MODELS   ?= 1000
FROM     ?= 1
TOOLS    := .tools/$(word 1,$(shell cksum tools/go.sum))
LINT     := $(TOOLS)/golangci-lint
NPM      := .tools/npm-$(word 1,$(shell cksum tests/pictures/package-lock.json))
MERMAID  := $(NPM)/node_modules/mermaid/dist/mermaid.min.js
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))
FUZZERS   = grep -ro --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' charm src tests | sed -E 's|/[^/]*:func | |'

.PHONY: help demo demo-fleet demo-real cast board pictures loki check real real-long lint-real soak-real test everywhere soak scenarios lint fmt charm bench bench-fleet mutants fuzz cover tidy-check fmt-check clean

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: simulator ## migrate a model in a simulated JAAS; twenty seconds
	@dist/jaas-sim demo

demo-fleet: simulator ## plan and migrate forty models in a simulated JAAS, with a kill and an abort in the middle; about a minute
	@dist/jaas-sim demo-fleet

.PHONY: simulator
simulator: need-go
	@echo "Fetching and building the simulator, with a dot for each package. The first time this takes about a minute; then seconds."
	@go build -v -o dist/ ./tests/cmd/jaas-sim 2>&1 | { dots=; while IFS= read -r line; do \
		case $$line in "go: downloading "*) ;; *" "*) echo "$$line"; continue ;; esac; dots=yes; printf .; \
	done; [ -z "$$dots" ] || echo; }

# The steps of "make check", with how long each takes on two cores that have nothing else to do.
CHECKS = "tidy-check:seconds" "fmt-check:seconds" "lint:one to three minutes" "test:sixteen minutes" \
	"everywhere:two to three minutes" "soak:two to three minutes"

check: need-go need-cc ## lint, run every test with the race detector, and migrate in 5000 simulated worlds: about 22 minutes on two cores
	@for step in $(CHECKS); do \
		echo "== make $${step%%:*}: usually $${step#*:}"; began=$$SECONDS; \
		$(MAKE) --no-print-directory "$${step%%:*}"; \
		echo "== make $${step%%:*}: passed after $$((SECONDS - began)) s"; \
	done

REAL = go -C tests/realjuju

real: need-go ## test against the code of Juju itself, in a module of its own: six minutes, and the first time ten minutes of CPU to compile Juju
	@echo "make real: about six minutes. The first time it compiles Juju: ten minutes of CPU, 2 GB of build cache."
	$(REAL) test -c -o /dev/null .
	$(REAL) test -count=1 -parallel=8 -timeout=60m . ./prechecks

real-long: need-go ## run the tests that "make real" leaves out: those that wait for minutes, and 3000 generated models instead of 300
	$(REAL) test -count=1 -parallel=8 -timeout=60m . -long
	$(REAL) test -count=1 -timeout=60m ./prechecks -cases=3000

lint-real: $(LINT) ## lint the module of "make real"; the first time it analyses all of Juju
	cd tests/realjuju && $(abspath $(LINT)) run --config=../../.golangci.yaml ./...

soak-real: need-go ## migrate between real controllers with SEEDS (here 200) faults, from seed FROM (1) on: eight seconds each
	$(REAL) test -count=1 -timeout=0 -v -run='^TestSoak$$' . -seeds=$(if $(filter file,$(origin SEEDS)),200,$(SEEDS)) -from=$(FROM)

demo-real: need-go ## migrate a model between two real Juju controllers, with Juju's own "juju run"
	@echo "make demo-real: half a minute. The first time it compiles Juju: ten minutes of CPU, 2 GB of build cache."
	@$(REAL) run ./demo ../..

test: need-go need-cc ## run every test, shuffled, with the race detector
	go test -race -shuffle=on -timeout=60m ./...

everywhere: need-go ## test every state of the engine and every story in every age, without the race detector
	go test -timeout=60m -run='^(TestEnumeration|TestAges)$$' ./src/migration ./tests/scenario

soak: need-go ## migrate in SEEDS (5000) simulated worlds full of faults, from seed FROM (1) on; prints seeds per second and what was covered
	go test ./tests/soak -run=TestSoak -seeds=$(SEEDS) -from=$(FROM) -timeout=0 -v

scenarios: need-go ## run only the whole-program stories
	go test ./tests/scenario/...

lint: $(LINT) ## run go vet, golangci-lint and actionlint, and find unreachable code in charm/ and src/
	go vet ./...
	$(LINT) run ./...
	$(TOOLS)/actionlint -shellcheck= -pyflakes= .github/workflows/*.yaml
	@dead=$$($(TOOLS)/deadcode -test -filter='^jimm-migrator/(charm|src)\b' ./... && \
		$(TOOLS)/deadcode -filter='^jimm-migrator/(charm(/charmpack)?$$|src\b)' ./...); [ -z "$$dead" ] || { echo "$$dead"; exit 1; }

fmt: $(LINT) ## format the code (gofumpt, gci)
	$(LINT) fmt

# The names that other charms use for these.
.PHONY: format unit integration
format: fmt
unit: test
integration: need-go need-juju ## deploy dist/*.charm on a real Juju and relate every endpoint; see tests/integration
	go test -tags=integration -count=1 -timeout=80m -v ./tests/integration

cast: simulator ## record the demo for the README, in docs/pictures/demo.svg
	go build -o dist/ ./tests/cmd/cast
	dist/jaas-sim demo | dist/cast -command='make demo' > dist/demo.svg
	mv dist/demo.svg docs/pictures/

board: need-go ## draw the dashboard for the documentation, in docs/pictures/dashboard.svg
	@mkdir -p dist
	go run ./tests/cmd/board > dist/dashboard.svg
	mv dist/dashboard.svg docs/pictures/

pictures: need-go need-pictures ## draw the pictures of the documentation in Chromium, into dist/pictures; needs npm and chromium
	@mkdir -p dist/pictures
	go test -tags=pictures -count=1 ./tests/pictures -chromium='$(CHROMIUM)' -mermaid="$$PWD/$(MERMAID)" -out="$$PWD/dist/pictures"

loki: need-go ## evaluate the alert rules and the dashboard with Loki's own engine; the first time it compiles Loki
	@echo "make loki: half a minute. The first time it compiles Loki: five minutes of CPU."
	@mkdir -p dist && rm -f dist/evaluations.jsonl
	go test -count=1 ./src/actions -run='^Test(Alerts|TheDashboard|TheHourlyCheck|ALongCordon|AnInterruptedRun)' -evaluations="$$PWD/dist/evaluations.jsonl"
	go test -count=1 ./tests/cmd/board -evaluations="$$PWD/dist/evaluations.jsonl"
	go -C tests/loki test -count=1 -v . -evaluations="$$PWD/dist/evaluations.jsonl"

charm: need-go ## build dist/jimm-migrator_<arch>.charm for each platform of charmcraft.yaml
	@echo "Building the charm for each platform: half a minute, and two minutes the first time."
	@go run ./charm/charmpack

bench: $(LINT) ## run the benchmarks and print their medians
	go test -run='^$$' -bench=. -benchmem -count=$(COUNT) ./... | tee .tools/bench.txt
	$(TOOLS)/benchstat .tools/bench.txt

bench-fleet: need-go ## move MODELS (1000) models with the real binary, over the wire, plan after plan: about ten minutes for each year of JIMM
	go test -run='^$$' -bench='^BenchmarkMoveMany$$' -benchtime=1x -timeout=0 ./tests/scenario -models=$(MODELS)

mutants: need-go ## break each invariant in a copy; a test must fail (ONLY=i03 for some)
	@go run ./tests/cmd/mutants -only='$(ONLY)'

fuzz: need-go ## fuzz each target for FUZZTIME (30s)
	@$(FUZZERS) | while read -r dir name; do go test -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) "./$$dir"; done

cover: need-go ## measure the coverage of charm/ and src/ by tests in their own process; cover.out has the details
	go test -coverpkg=./charm/...,./src/... -coverprofile=cover.out ./...
	@go tool cover -func=cover.out | tail -n 1

clean: ## remove what the other targets built
	rm -rf .tools .jaas-sim dist cover.out

tidy-check: need-go
	go mod tidy -diff

fmt-check: $(LINT)
	$(LINT) fmt --diff

$(LINT): tools/go.mod tools/go.sum | need-go
	@echo "building the tools pinned in tools/go.mod (once; about two minutes)"
	@mkdir -p $(TOOLS)
	go -C tools build -trimpath -o ../$(TOOLS)/ tool

$(MERMAID): tests/pictures/package.json tests/pictures/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: it installs Mermaid (Debian, Ubuntu: apt install npm)" >&2; exit 1; }
	@mkdir -p $(NPM) && cp $^ $(NPM)
	npm ci --prefix $(NPM) --ignore-scripts --no-audit --no-fund
	@touch $@ # npm keeps the date of the archive

.PHONY: need-go need-cc need-juju need-pictures
need-pictures: $(MERMAID)
	@[ -n '$(CHROMIUM)' ] || { echo "Chromium is missing: it draws the pictures (Debian: apt install chromium; or CHROMIUM=path)" >&2; exit 1; }
# A Go of 1.21 or newer fetches the version that go.mod names, and then says that it is this version.
need-go:
	@want=$$(sed -n 's/^go //p' go.mod); how="install Go $$want or newer: https://go.dev/doc/install"; \
	command -v go >/dev/null || { echo "Go is missing; $$how" >&2; exit 1; }; \
	have=$$(go version | sed -nE 's/.*\bgo([0-9]+(\.[0-9]+)*).*/\1/p'); \
	[ "$$(printf '%s\n' "$$want" "$$have" | sort -V | head -n 1)" = "$$want" ] || { \
		echo "Go $$have is too old; $$how (packages of Linux distributions are often older)" >&2; exit 1; }
need-juju:
	@command -v juju >/dev/null || { echo "juju is missing: install it, and log in to a controller that deploys on Kubernetes; tests/integration/doc.go says more" >&2; exit 1; }
need-cc:
	@command -v "$$(go env CC)" >/dev/null || { echo "a C compiler is missing: the race detector needs one (Debian, Ubuntu: apt install gcc libc6-dev)" >&2; exit 1; }
